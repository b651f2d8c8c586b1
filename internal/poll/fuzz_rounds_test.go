package poll

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// loginRefused and loginRejected are final, before any valid response or always.
var (
	loginRefused  = response{err: &client.Error{Op: "log in", Class: client.Denied, Response: client.Response{StatusCode: 401}}}
	loginRejected = response{err: &client.Error{Op: "log in", Class: client.Rejected, Response: client.Response{StatusCode: 400}}}
)

// roundAlphabets hold responses that a fuzzed wait for several targets is made of: ones that let it go on for long, those
// that concern their target alone, and all.
var roundAlphabets = [][]response{
	{executing, gone, broken, throttled, executing, unanswered, noSuchHost, loginFails, holds, waits, holds, holds, succeeded},
	{executing, gone, broken, rejected, noSuchAPI, forbidden, status("PAUSED"), succeeded, status(client.Failed), holds, waits},
	{
		executing, gone, broken, throttled, unanswered, noSuchHost, loginFails, holds, waits, holds, succeeded, noInstance,
		rejected, noSuchAPI, forbidden, status("PAUSED"), status(client.Failed), status(client.Cancelled),
		failure(404, "").ofSomethingElse(), foreignRejection, foreignRefusal, unauthentic, lockedOut, loginRefused, loginRejected,
	},
}

// Bits of a fuzzed wait's kind, above those that choose its alphabet.
const (
	failsFast = 1 << (iota + 2)
	isListed
	isInterrupted
)

// FuzzRounds waits for several targets, and has a model wait for the same ones. Each must poll the same targets at the
// same time in the same order, and end them in the same way. Of a script, the first byte of two is which response comes,
// and the second how long it takes and its Retry-After. The responses are dealt to the targets and the lists in turn.
func FuzzRounds(f *testing.F) {
	f.Add(byte(2), byte(1), byte(0), uint16(400), byte(100), byte(200), byte(8), uint16(0), []byte{0, 0, 1, 4, 7, 0, 1, 0, 2, 3})
	f.Add(byte(4), byte(2), byte(1), uint16(40), byte(16), byte(40), byte(8), uint16(0),
		[]byte{3, 0, 3, 1, 0, 0, 5, 0, 4, 2, 10, 0, 9, 0})
	f.Add(byte(3), byte(3), byte(2), uint16(0), byte(0), byte(8), byte(8), uint16(0), []byte{2, 0, 2, 0, 3, 0, 0, 0})
	f.Add(byte(8), byte(1), byte(2), uint16(900), byte(40), byte(60), byte(8), uint16(0),
		[]byte{3, 0, 4, 5, 9, 0, 2, 2, 0, 0, 0, 0, 3, 3})
	f.Add(byte(5), byte(3), byte(isListed), uint16(200), byte(30), byte(50), byte(20), uint16(0),
		[]byte{0, 0, 1, 0, 3, 0x21, 1, 0, 5, 3, 0, 0, 3, 0, 5, 0, 8, 0, 8, 1, 8, 0, 3, 0})
	f.Add(byte(6), byte(2), byte(failsFast|isListed|isInterrupted|2), uint16(200), byte(30), byte(50), byte(20), uint16(60),
		[]byte{0, 0, 7, 0, 8, 3, 8, 0, 11, 3, 12, 0, 3, 0, 0, 0, 16, 0})
	f.Add(byte(40), byte(36), byte(1), uint16(2), byte(2), byte(69), byte(8), uint16(0), []byte("Z0707002"))
	f.Add(byte(88), byte(28), byte(0), uint16(20), byte(34), byte(15), byte(8), uint16(0), []byte("00002080008000800000"))
	random := rand.New(rand.NewPCG(21, 0))
	for kind := range byte(32) {
		script := make([]byte, 40+random.IntN(300))
		for i := range script {
			script[i] = byte(random.Uint32())
			if i%2 == 1 && random.IntN(4) > 0 { // most responses come at once and want no pause
				script[i] = 0
			}
		}
		f.Add(kind*5, kind/3, kind, uint16(40*random.IntN(30)), byte(random.IntN(200)), byte(random.IntN(200)), 8*(kind%4),
			uint16(random.IntN(500)), script)
	}
	f.Fuzz(func(t *testing.T, count, perSource, kind byte, timeout uint16, grace, outage, settle byte, stop uint16, script []byte) {
		const unit = time.Second / 4
		w := &world{scripts: make([][]response, int(count)%9+1)}
		for i := range w.scripts {
			if i%(int(perSource)%4+1) == 0 {
				w.sources = append(w.sources, nil)
			}
			last := len(w.sources) - 1
			w.sources[last] = append(w.sources[last], i)
		}
		if kind&isListed != 0 {
			w.lists = make([][]response, len(w.sources))
		}
		deal(w, roundAlphabets[int(kind&3)%len(roundAlphabets)], script, unit)
		waiter := &Waiter{
			Timeout: time.Duration(timeout%2048) * unit, Settle: time.Duration(settle) * unit,
			NotFoundGrace: time.Duration(grace) * unit, MaxOutage: time.Duration(outage) * unit, RequestTimeout: 10 * unit,
		}
		m := &model{
			world: w, timeout: waiter.Timeout, settle: waiter.Settle, grace: waiter.NotFoundGrace,
			maxOutage: waiter.MaxOutage, requestTimeout: waiter.RequestTimeout, failFast: kind&failsFast != 0,
		}
		if m.failFast {
			waiter.FailFast = hasFailed
		}
		if kind&isInterrupted != 0 {
			m.stop = time.Duration(stop%2048)*unit + 7 // never when something else happens
		}
		h := w.run(t, waiter, m.stop)
		m.wait()
		require.Equal(t, m.polls, h.polls)
		require.Equal(t, m.now, h.ended)
		for i, end := range m.ends {
			requireEnd(t, i, end, &h.endings[i])
			require.Equal(t, m.last[i], h.endings[i].State.Status, "target %d", i)
		}
		requireNoFlood(t, h.outcomes, len(w.scripts))
		if w.lists == nil { // else the list is requested each time that its source is continued
			requireNoneStarves(t, h.outcomes, len(w.scripts))
		}
	})
}

// deal gives the responses of a script to the targets and the lists in turn. In the end, all tasks run.
func deal(w *world, letters []response, script []byte, unit time.Duration) {
	streams := make([]*[]response, 0, len(w.scripts)+len(w.lists))
	for i := range w.scripts {
		streams = append(streams, &w.scripts[i])
	}
	for i := range w.lists {
		streams = append(streams, &w.lists[i])
	}
	for i := 0; i+1 < len(script); i += 2 {
		r := letters[int(script[i])%len(letters)].taking(time.Duration(script[i+1]&15) * unit).retryAfter(
			time.Duration(script[i+1]>>4) * 8 * unit)
		stream := streams[i/2%len(streams)]
		*stream = append(*stream, r)
	}
	for _, stream := range streams {
		*stream = append(*stream, executing)
	}
}

func hasFailed(_ int, end *Ending) bool {
	return end.Err != nil || end.State.Standing != target.Succeeded
}

// requireEnd requires that the wait for a target ended as the model says.
func requireEnd(t *testing.T, i int, want *modelEnd, got *Ending) {
	t.Helper()
	var e *client.Error
	var end *End
	switch {
	case want.reason == nil:
		require.NoError(t, got.Err, "target %d", i)
		require.Equal(t, want.standing, got.State.Standing, "target %d", i)
	case errors.As(want.reason, &e):
		require.Same(t, e, got.Err, "target %d", i)
	case errors.As(got.Err, &end):
		require.Equal(t, want.reason, end.Reason, "target %d", i)
		require.Equal(t, want.limit, end.Limit, "target %d", i)
	default:
		require.Equal(t, want.reason, got.Err, "target %d", i)
	}
}

// requireNoFlood requires that no target is polled after its end or twice in a round, and that few pauses are shorter
// than the first of the schedule: each is there because something may end for one of the targets.
func requireNoFlood(t *testing.T, outcomes []Outcome, targets int) {
	t.Helper()
	over, polledIn := map[int]bool{}, map[int]int{}
	short := 0 // one after another
	for i, o := range outcomes {
		require.False(t, over[o.Target], "target %d is polled after its end", o.Target)
		require.NotEqual(t, o.Round, polledIn[o.Target], "target %d is polled twice in a round", o.Target)
		over[o.Target], polledIn[o.Target] = o.Over, o.Round
		isLast := i+1 == len(outcomes) || outcomes[i+1].Round != o.Round
		switch {
		case o.Next >= time.Second:
			short = 0
		case isLast:
			short++
		}
		require.LessOrEqual(t, short, 2*targets+2, "the API is flooded at %v", o.At)
	}
}

// requireNoneStarves requires that while a target waits for its turn, no other has responses again and again.
func requireNoneStarves(t *testing.T, outcomes []Outcome, targets int) {
	t.Helper()
	over := make([]bool, targets)
	waitsFor := make([][]int, targets) // for each target, the responses that others have had since its last one
	for i := range waitsFor {
		waitsFor[i] = make([]int, targets)
	}
	for _, o := range outcomes {
		over[o.Target], waitsFor[o.Target] = o.Over, make([]int, targets)
		var e *client.Error
		if errors.As(o.Err, &e) && (!e.Answered() || e.Throttled()) {
			continue
		}
		for i := range waitsFor {
			if !over[i] {
				waitsFor[i][o.Target]++
				require.LessOrEqual(t, waitsFor[i][o.Target], 2, "target %d starves behind %d at %v", i, o.Target, o.At)
			}
		}
	}
}
