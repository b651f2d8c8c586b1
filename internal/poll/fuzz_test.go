package poll

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// told are the answers that a fuzzed script is made of.
var told = []answer{executing, gone, broken, throttled, noSuchHost, rejected, noSuchAPI, failure(404, "DMS.00404022"), status("PAUSED"), unauthentic, succeeded}

// scripted reads two bytes an answer: which one, and in the units of the wait how long it takes and the Retry-After that it has.
func scripted(script []byte, unit time.Duration) []answer {
	all := []answer{}
	for i := 0; i+1 < len(script); i += 2 {
		retry := time.Duration(script[i+1]>>4) * unit
		if retry == 15*unit {
			retry = math.MaxInt64
		}
		all = append(all, told[int(script[i])%len(told)].taking(time.Duration(script[i+1]&15)*unit/4).retryAfter(retry))
	}
	return append(all, executing)
}

// FuzzWait holds a wait to the contract's rules about pauses, budgets and the deadline, whatever is answered and however long that takes.
// The unit is a first pause in milliseconds; pauses, the timeout and the budgets are in quarters of it.
func FuzzWait(f *testing.F) {
	f.Add(uint32(1000), byte(80), uint16(400), byte(100), byte(200), byte(128), []byte{0, 0, 0, 4, 10, 0})
	f.Add(uint32(1000), byte(4), uint16(40), byte(16), byte(40), byte(0), []byte{1, 0, 2, 3, 3, 0x20, 1, 1, 3, 0xf0, 4, 0, 7, 0, 5, 15})
	f.Add(uint32(1), byte(0), uint16(0), byte(0), byte(0), byte(255), []byte{4, 2})
	f.Add(uint32(math.MaxUint32), byte(255), uint16(math.MaxUint16), byte(255), byte(255), byte(255), []byte{3, 0, 3, 0, 3, 0, 3, 0x10, 0, 0x40, 3, 0x11, 6, 0, 2, 0, 9, 0})
	f.Add(uint32(60000), byte(4), uint16(60), byte(30), byte(10), byte(9), []byte{0, 0xf0, 3, 0x10, 2, 0, 2, 0})
	f.Add(uint32(60000), byte(80), uint16(4), byte(100), byte(200), byte(128), []byte{0, 0, 0, 15})
	broken, gone, lost := []byte{2, 0}, []byte{1, 0}, []byte{4, 0}
	f.Add(uint32(1000), byte(80), uint16(400), byte(100), byte(20), byte(128), append([]byte{0, 0}, bytes.Repeat(broken, 20)...))
	f.Add(uint32(1000), byte(80), uint16(400), byte(16), byte(100), byte(128), append([]byte{1, 0, 2, 0, 2, 0, 1, 0, 0, 0}, bytes.Repeat(gone, 20)...))
	f.Add(uint32(1000), byte(80), uint16(400), byte(8), byte(40), byte(128), bytes.Repeat(lost, 20))
	f.Add(uint32(1000), byte(80), uint16(40), byte(20), byte(200), byte(128), append([]byte{0, 0, 1, 0}, bytes.Repeat(broken, 20)...))
	f.Fuzz(func(t *testing.T, unit uint32, longest byte, timeout uint16, grace, outage, chance byte, script []byte) {
		interval := max(1, time.Duration(unit)) * time.Millisecond
		quarters := func(n int) time.Duration { return time.Duration(n) * interval / 4 }
		tr := newTrial(scripted(script, interval))
		tr.Timeout, tr.NotFoundGrace, tr.MaxOutage = quarters(int(timeout)%2048), quarters(int(grace)), quarters(int(outage))
		var began []time.Duration
		synctest.Test(t, func(t *testing.T) {
			tr.Start = time.Now()
			tr.Schedule = NewSchedule(interval, max(interval, quarters(int(longest))), func() float64 { return float64(chance) / 256 })
			tr.Look = func(ctx context.Context) (client.Task, error) {
				began = append(began, time.Since(tr.Start))
				return tr.look(ctx)
			}
			tr.Observe = func(p Poll) { tr.observed = append(tr.observed, p) }
			tr.Progress = func(ctx context.Context, _ client.Task) error { // hangs
				<-ctx.Done()
				return ctx.Err()
			}
			tr.task, tr.err = tr.Wait(t.Context())
			tr.ended = time.Since(tr.Start)
		})
		requirePauses(t, tr, began, max(interval, quarters(int(longest))))
		ledger := ledger{timeout: tr.Timeout, grace: tr.NotFoundGrace, maxOutage: tr.MaxOutage}
		for i, p := range tr.observed {
			over, want := ledger.note(p)
			require.Equal(t, i == len(tr.observed)-1, over, "look %d at %v: %v", p.N, p.At, p.Err)
			if over {
				require.ErrorIs(t, orNothing(tr.err), orNothing(want))
			} else {
				require.LessOrEqual(t, p.Next, ledger.left, "a pause goes past the end of a budget")
			}
		}
	})
}

var errNothing = errors.New("nothing")

func orNothing(err error) error {
	if err == nil {
		return errNothing
	}
	return err
}

// requirePauses holds pauses to be some, none past the deadline, none longer than anything asks for, and looks to be made when they are over.
func requirePauses(t *testing.T, tr *trial, began []time.Duration, longest time.Duration) {
	t.Helper()
	last := len(tr.observed) - 1
	require.Len(t, began, last+1)
	for i, p := range tr.observed {
		require.Equal(t, i+1, p.N)
		require.Equal(t, tr.Timeout-p.At, p.Left)
		if i == last {
			require.Zero(t, p.Next)
			break
		}
		retry := p.Task.Answer.RetryAfter
		var e *client.Error
		if errors.As(p.Err, &e) {
			retry = e.Answer.RetryAfter
		}
		require.Positive(t, p.Next, "look %d", p.N)
		require.LessOrEqual(t, p.Next, p.Left)
		require.LessOrEqual(t, p.Next, max(retry+min(retry/10, math.MaxInt64-retry), 90*time.Second, longest+min(longest/2, math.MaxInt64-longest)), "look %d", p.N)
		require.Equal(t, p.At+p.Next, began[i+1], "nothing delays the look after look %d", p.N)
		require.Less(t, began[i], tr.Timeout, "the look at the deadline is the last one")
	}
	require.LessOrEqual(t, began[last], tr.Timeout)
	require.Equal(t, tr.observed[last].At, tr.ended, "nothing is paused for after the last answer")
	if began[last] == tr.Timeout {
		require.LessOrEqual(t, tr.ended, tr.Timeout+tr.RequestTimeout)
	}
}

// ledger reads the contract once more, in another way: it adds up the time between answers, each on the account of the one that began it.
type ledger struct {
	timeout, grace, maxOutage time.Duration

	good, seen      bool // there was a good answer; the task was there
	gone            bool // the last good answer was one without the task
	failing         bool // now; since the last good answer or the start
	at              time.Duration
	absence, outage time.Duration // spent of the budgets
	left            time.Duration // of the budget that the last answer draws on
}

// note takes an answer, and tells whether the wait is over and with which error.
func (l *ledger) note(p Poll) (over bool, err error) {
	passed := p.At - l.at
	l.at = p.At
	switch {
	case l.failing || !l.good:
		l.outage += passed
	case l.gone:
		l.absence += passed
	}
	var e *client.Error
	isAnswer := errors.As(p.Err, &e)
	missing := isAnswer && e.Missing()
	limit := l.maxOutage
	switch {
	case p.Err == nil && p.Task.Status.Ended():
		return true, nil
	case isAnswer && (e.Denied() || !l.good && (e.NoSuchAPI() || e.Rejected())):
		return true, e
	case p.Err == nil:
		l.good, l.seen, l.gone, l.failing, l.outage, l.absence = true, true, false, false, 0, 0
		l.left = l.timeout - p.At
	case missing:
		l.good, l.gone, l.failing, l.outage = true, true, false, 0
		l.left = l.grace - l.absence
		if l.left <= 0 {
			return true, ErrNotFound
		}
	default:
		if !l.good && e.Misconfigured() {
			limit = min(limit, l.grace)
		}
		l.failing = true
		l.left = limit - l.outage
		if l.left <= 0 {
			return true, ErrUnavailable
		}
	}
	switch {
	case p.At < l.timeout:
		return false, nil
	case !l.good, l.timeout == 0 && l.failing:
		return true, ErrUnavailable
	case l.gone && (l.timeout == 0 || !l.seen || l.absence >= l.grace):
		return true, ErrNotFound
	case l.timeout == 0:
		return true, ErrRunning
	}
	return true, ErrTimeout
}

// FuzzSchedule takes pauses to the limits of what a duration can be. The bytes are answers: their kind, whether they throttle, and whether they have the Retry-After.
func FuzzSchedule(f *testing.F) {
	f.Add(int64(time.Second), int64(20*time.Second), int64(0), 0.5, []byte{0, 0, 0, 4, 4, 4, 0, 1, 2, 3})
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), 0.999, []byte{1, 2, 4, 12, 0, 8, 4, 4})
	f.Add(int64(time.Millisecond), int64(time.Millisecond), int64(time.Hour), 0.0, []byte{9, 13, 5, 12, 4, 0})
	f.Fuzz(func(t *testing.T, interval, longest, retryAfter int64, chance float64, answers []byte) {
		if chance < 0 || chance >= 1 || chance != chance {
			chance = 0.5
		}
		first := max(time.Duration(interval), time.Millisecond) // as config has it
		cap := max(time.Duration(longest), first)
		s := NewSchedule(first, cap, func() float64 { return chance })
		var last, throttled time.Duration
		for _, b := range answers {
			answer, throttles, retry := []kind{failing, there, missing, failing}[b&3], b&4 != 0 && b&3%3 == 0, time.Duration(0)
			if b&8 != 0 {
				retry = max(0, time.Duration(retryAfter))
			}
			pause := s.next(answer, demand{slower: throttles, retryAfter: retry, window: retry})
			require.GreaterOrEqual(t, pause, retry)
			require.GreaterOrEqual(t, float64(pause), 0.89*float64(first)*math.Min(1, float64(math.MaxInt64/2)/float64(first)))
			most := math.Max(1.1*float64(retry), 1.5*math.Max(float64(time.Minute), float64(cap)))
			require.LessOrEqual(t, float64(pause), most)
			if throttles && retry == 0 {
				require.GreaterOrEqual(t, pause, min(max(time.Minute, cap)/2*2, 2*min(max(last, first), math.MaxInt64/2)))
			}
			if answer == failing && throttled > 0 {
				require.GreaterOrEqual(t, pause, min(throttled, max(time.Minute, cap)/2*2), "an outage after throttling stays slow")
			}
			last = pause
			switch {
			case answer != failing:
				throttled = 0
			case throttles && retry == 0:
				throttled = pause
			}
		}
	})
}
