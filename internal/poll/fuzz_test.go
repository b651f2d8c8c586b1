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

// alphabet holds the responses that a fuzzed script is made of.
var alphabet = []response{
	executing, gone, broken, throttled, noSuchHost, rejected, noSuchAPI,
	failure(404, "DMS.00404022"), status("PAUSED"), unauthentic, succeeded,
	failure(404, "").ofSomethingElse(), foreignRejection, foreignRefusal, lockedOut,
}

// scripted reads two bytes per response: which one it is, and how long it takes and its Retry-After in units
// of the wait.
func scripted(script []byte, unit time.Duration) []response {
	all := []response{}
	for i := 0; i+1 < len(script); i += 2 {
		retry := time.Duration(script[i+1]>>4) * unit
		if retry == 15*unit {
			retry = math.MaxInt64
		}
		next := alphabet[int(script[i])%len(alphabet)]
		all = append(all, next.taking(time.Duration(script[i+1]&15)*unit/4).retryAfter(retry))
	}
	return append(all, executing)
}

// FuzzWait asserts the contract's rules about pauses, budgets and the deadline, whatever the responses are
// and however long they take. The unit is the first pause, in milliseconds; pauses, the timeout and the
// budgets are in quarters of it.
func FuzzWait(f *testing.F) {
	f.Add(uint32(1000), byte(80), uint16(400), byte(100), byte(200), byte(128), []byte{0, 0, 0, 4, 10, 0})
	f.Add(uint32(1000), byte(4), uint16(40), byte(16), byte(40), byte(0),
		[]byte{1, 0, 2, 3, 3, 0x20, 1, 1, 3, 0xf0, 4, 0, 7, 0, 5, 15})
	f.Add(uint32(1), byte(0), uint16(0), byte(0), byte(0), byte(255), []byte{4, 2})
	f.Add(uint32(math.MaxUint32), byte(255), uint16(math.MaxUint16), byte(255), byte(255), byte(255),
		[]byte{3, 0, 3, 0, 3, 0, 3, 0x10, 0, 0x40, 3, 0x11, 6, 0, 2, 0, 9, 0})
	f.Add(uint32(60000), byte(4), uint16(60), byte(30), byte(10), byte(9), []byte{0, 0xf0, 3, 0x10, 2, 0, 2, 0})
	f.Add(uint32(60000), byte(80), uint16(4), byte(100), byte(200), byte(128), []byte{0, 0, 0, 15})
	broken, gone, lost := []byte{2, 0}, []byte{1, 0}, []byte{4, 0}
	f.Add(uint32(1000), byte(80), uint16(400), byte(100), byte(20), byte(128),
		append([]byte{0, 0}, bytes.Repeat(broken, 20)...))
	f.Add(uint32(1000), byte(80), uint16(400), byte(16), byte(100), byte(128),
		append([]byte{1, 0, 2, 0, 2, 0, 1, 0, 0, 0}, bytes.Repeat(gone, 20)...))
	f.Add(uint32(1000), byte(80), uint16(400), byte(8), byte(40), byte(128), bytes.Repeat(lost, 20))
	f.Add(uint32(1000), byte(80), uint16(40), byte(20), byte(200), byte(128),
		append([]byte{0, 0, 1, 0}, bytes.Repeat(broken, 20)...))
	f.Fuzz(func(t *testing.T, unit uint32, longest byte, timeout uint16, grace, outage, random byte, script []byte) {
		interval := max(1, time.Duration(unit)) * time.Millisecond
		quarters := func(n int) time.Duration { return time.Duration(n) * interval / 4 }
		maxInterval := max(interval, quarters(int(longest)))
		tr := newTrial(scripted(script, interval))
		tr.Timeout = quarters(int(timeout) % 2048)
		tr.NotFoundGrace, tr.MaxOutage = quarters(int(grace)), quarters(int(outage))
		var began []time.Duration
		synctest.Test(t, func(t *testing.T) {
			tr.Start = time.Now()
			tr.Schedule = NewSchedule(interval, maxInterval, func() float64 { return float64(random) / 256 })
			tr.Poll = one(func(ctx context.Context) (client.Task, error) {
				began = append(began, time.Since(tr.Start))
				return tr.respond(ctx)
			})
			tr.Progress = func(ctx context.Context, _ int) error { // hangs
				<-ctx.Done()
				return ctx.Err()
			}
			tr.wait(t.Context())
		})
		requirePauses(t, tr, began, maxInterval)
		ledger := ledger{timeout: tr.Timeout, grace: tr.NotFoundGrace, maxOutage: tr.MaxOutage}
		for i, o := range tr.outcomes {
			kind, done, want := ledger.record(&o)
			require.Equal(t, kind, o.Kind, "poll %d at %v: %v", o.Round, o.At, o.Err)
			require.Equal(t, i == len(tr.outcomes)-1, done, "poll %d at %v: %v", o.Round, o.At, o.Err)
			if done {
				require.ErrorIs(t, orNothing(tr.err), orNothing(want))
			} else {
				require.LessOrEqual(t, o.Next, ledger.left, "a pause ends after the end of its budget")
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

// requirePauses asserts that every pause is positive, ends at the deadline at the latest, is no longer than a
// response demands, and is followed by a poll at once.
func requirePauses(t *testing.T, tr *trial, began []time.Duration, maxInterval time.Duration) {
	t.Helper()
	last := len(tr.outcomes) - 1
	require.Len(t, began, last+1)
	for i, o := range tr.outcomes {
		require.Equal(t, i+1, o.Round)
		if i == last {
			require.Zero(t, o.Next)
			break
		}
		retry := o.State.Response.RetryAfter
		var e *client.Error
		if errors.As(o.Err, &e) {
			retry = e.Response.RetryAfter
		}
		longest := max(lengthened(retry, 10), lengthened(maxInterval, 2), 90*time.Second)
		require.Positive(t, o.Next, "poll %d", o.Round)
		if tr.Timeout > 0 {
			require.LessOrEqual(t, o.At+o.Next, tr.Timeout)
		}
		require.LessOrEqual(t, o.Next, longest, "poll %d", o.Round)
		require.Equal(t, o.At+o.Next, began[i+1], "nothing delays the poll after poll %d", o.Round)
		if tr.Timeout > 0 {
			require.Less(t, began[i], tr.Timeout, "the poll at the deadline is the last one")
		}
	}
	if tr.Timeout > 0 {
		require.LessOrEqual(t, began[last], tr.Timeout)
	}
	require.Equal(t, tr.outcomes[last].At, tr.ended, "no pause follows the last response")
	if began[last] == tr.Timeout {
		require.LessOrEqual(t, tr.ended, tr.Timeout+tr.RequestTimeout)
	}
}

// lengthened returns d and an n-th part of it, or the longest duration there is.
func lengthened(d time.Duration, n int64) time.Duration {
	return d + min(d/time.Duration(n), math.MaxInt64-d)
}

// ledger implements the contract a second time, in another way: it adds up the time between responses, and charges it
// to the response that it follows.
type ledger struct {
	timeout, grace, maxOutage time.Duration

	valid, seen     bool // there was a valid response; the task was running once
	missing         bool // in the last valid response
	odd             bool // no valid response ever, and the last one looks like a typing error
	failing         bool // since the last valid response, or since the start
	at              time.Duration
	absence, outage time.Duration // spent of the budgets
	left            time.Duration // of the budget that the last response draws on
}

// record accounts for an outcome. It returns its kind, whether the wait is done, and with which error.
func (l *ledger) record(o *Outcome) (kind Kind, done bool, err error) {
	passed := o.At - l.at
	l.at = o.At
	switch {
	case l.failing || !l.valid:
		l.outage += passed
	case l.missing:
		l.absence += passed
	}
	var e *client.Error
	failed := errors.As(o.Err, &e)
	switch {
	case o.Err == nil && o.State.Status.Ended():
		return Ended, true, nil
	case failed && (e.Denied() && !(e.Foreign && l.valid) || e.ProxyRefusedLogin() || !l.valid && (e.NoSuchAPI() || e.Rejected())):
		return Final, true, e
	case o.Err == nil:
		kind = Running
		l.valid, l.seen, l.missing, l.failing, l.outage, l.absence = true, true, false, false, 0, 0
		l.left = l.timeout - o.At
		if l.timeout == 0 {
			return kind, true, ErrRunning
		}
	case failed && e.Missing():
		kind = Missing
		l.valid, l.missing, l.failing, l.outage = true, true, false, 0
		l.left = l.grace - l.absence
		if l.left <= 0 {
			return kind, true, ErrNotFound
		}
	default:
		kind = Failing
		limit := l.maxOutage
		if !l.valid && e.Misconfigured() && (l.timeout > 0 || l.grace > 0) {
			limit = min(limit, l.grace)
		}
		l.failing = true
		l.left = limit - l.outage
		l.odd = !l.valid && e.Misconfigured()
		if l.left <= 0 {
			return kind, true, l.outageError()
		}
	}
	if o.At < l.timeout || l.timeout == 0 {
		return kind, false, nil
	}
	return kind, true, l.expire()
}

func (l *ledger) outageError() error {
	if l.odd {
		return ErrMisconfigured
	}
	return ErrUnavailable
}

// expire returns how the wait ends at its timeout.
func (l *ledger) expire() error {
	switch {
	case !l.valid:
		return l.outageError()
	case l.missing && (!l.seen || l.absence >= l.grace):
		return ErrNotFound
	}
	return ErrTimeout
}

// FuzzSchedule takes pauses to the limits of a duration. Each byte is a response: its kind, whether it throttles, and
// whether it has the Retry-After.
func FuzzSchedule(f *testing.F) {
	f.Add(int64(time.Second), int64(20*time.Second), int64(0), 0.5, []byte{0, 0, 0, 4, 4, 4, 0, 1, 2, 3})
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), 0.999, []byte{1, 2, 4, 12, 0, 8, 4, 4})
	f.Add(int64(time.Millisecond), int64(time.Millisecond), int64(time.Hour), 0.0, []byte{9, 13, 5, 12, 4, 0})
	f.Fuzz(func(t *testing.T, interval, maxInterval, retryAfter int64, random float64, responses []byte) {
		if random < 0 || random >= 1 || random != random {
			random = 0.5
		}
		first := max(time.Duration(interval), time.Millisecond) // the shortest that config accepts
		longest := max(time.Duration(maxInterval), first)
		slowest := max(time.Minute, longest) / 2 * 2
		s := NewSchedule(first, longest, func() float64 { return random })
		var last, throttled time.Duration
		for _, b := range responses {
			kind := []Kind{Failing, Running, Missing, Failing}[b&3]
			throttles := b&4 != 0 && kind == Failing
			retry := time.Duration(0)
			if b&8 != 0 {
				retry = max(0, time.Duration(retryAfter))
			}
			pause := s.next(demand{valid: kind != Failing, slower: throttles, retryAfter: retry, window: retry})
			require.GreaterOrEqual(t, pause, retry)
			shortest := 0.89 * float64(first) * math.Min(1, float64(math.MaxInt64/2)/float64(first))
			require.GreaterOrEqual(t, float64(pause), shortest)
			most := math.Max(1.1*float64(retry), 1.5*math.Max(float64(time.Minute), float64(longest)))
			require.LessOrEqual(t, float64(pause), most)
			if throttles && retry == 0 {
				require.GreaterOrEqual(t, pause, min(slowest, 2*min(max(last, first), math.MaxInt64/2)))
			}
			if kind == Failing && throttled > 0 {
				require.GreaterOrEqual(t, pause, min(throttled, slowest), "an outage after throttling stays slow")
			}
			last = pause
			switch {
			case kind != Failing:
				throttled = 0
			case throttles && retry == 0:
				throttled = pause
			}
		}
	})
}
