package poll

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// ownAlphabet holds responses that concern their target alone: then several targets are as many waits, each of which
// the ledger follows.
var ownAlphabet = []response{
	executing, gone, broken, rejected, noSuchAPI, forbidden, status("PAUSED"), succeeded, status(client.Failed),
}

// FuzzRounds waits for several targets whose responses are random. In each script, the first byte of two is which
// response comes, and the second how long it takes.
func FuzzRounds(f *testing.F) {
	f.Add(byte(2), byte(1), uint16(400), byte(100), byte(200), false, []byte{0, 0, 0, 4, 7, 0, 1, 0, 2, 3})
	f.Add(byte(4), byte(2), uint16(40), byte(16), byte(40), true, []byte{3, 0, 3, 1, 0, 0, 5, 0, 4, 2, 10, 0, 9, 0})
	f.Add(byte(3), byte(3), uint16(0), byte(0), byte(8), true, []byte{2, 0, 2, 0, 3, 0, 0, 0})
	f.Add(byte(8), byte(1), uint16(900), byte(40), byte(60), true, []byte{3, 0, 4, 5, 9, 0, 2, 2, 0, 0, 0, 0, 3, 3})
	f.Fuzz(func(t *testing.T, count, perSource byte, timeout uint16, grace, outage byte, shared bool, script []byte) {
		letters := ownAlphabet
		if shared {
			letters = alphabet
		}
		scripts := make([][]response, int(count)%8+1)
		for i := 0; i+1 < len(script); i += 2 {
			next := letters[int(script[i])%len(letters)].taking(time.Duration(script[i+1]&15) * time.Second / 4)
			scripts[i/2%len(scripts)] = append(scripts[i/2%len(scripts)], next)
		}
		for i := range scripts {
			scripts[i] = append(scripts[i], executing)
		}
		w := newFleet(scripts...)
		w.perSource = int(perSource)%3 + 1
		w.Timeout = time.Duration(timeout%2048) * time.Second / 4
		w.NotFoundGrace, w.MaxOutage = time.Duration(grace)*time.Second/4, time.Duration(outage)*time.Second/4
		w.run(t)
		requireEveryTargetEnds(t, w, w.outcomes)
		if !shared {
			requireLedgers(t, w, w.outcomes)
		}
	})
}

// requireEveryTargetEnds requires that no target is polled after its end or twice in a round, that all end in time, and
// that pauses never flood the API.
func requireEveryTargetEnds(t *testing.T, w *fleet, outcomes []Outcome) {
	t.Helper()
	over, polledIn := map[int]bool{}, map[int]int{}
	idle := 0 // rounds without a pause, one after another
	for i, o := range outcomes {
		require.False(t, over[o.Target], "target %d is polled after its end", o.Target)
		require.NotEqual(t, o.Round, polledIn[o.Target], "target %d is polled twice in a round", o.Target)
		over[o.Target], polledIn[o.Target] = o.Over, o.Round
		require.GreaterOrEqual(t, o.Next, time.Duration(0))
		isLast := i+1 == len(outcomes) || outcomes[i+1].Round != o.Round
		switch {
		case o.Next > 0:
			idle = 0
		case isLast:
			idle++
		}
		if testing.Verbose() {
			t.Logf("round %d target %d at %v kind %d next %v over %v", o.Round, o.Target, o.At, o.Kind, o.Next, o.Over)
		}
		require.LessOrEqual(t, idle, len(w.scripts)+1, "the API is flooded at %v", o.At)
	}
	latest := w.Timeout + time.Duration(len(w.scripts)+1)*(w.RequestTimeout+4*time.Second)
	if w.Timeout > 0 {
		require.LessOrEqual(t, w.ended, latest)
	}
	for i, end := range w.endings {
		if end.Err == nil {
			require.True(t, end.State.Standing.Ended(), "target %d", i)
		}
	}
}

// requireLedgers requires that each target ends as if it were the only one, by the polls that it got.
func requireLedgers(t *testing.T, w *fleet, outcomes []Outcome) {
	t.Helper()
	for i := range w.scripts {
		ledger := ledger{timeout: w.Timeout, grace: w.NotFoundGrace, maxOutage: w.MaxOutage}
		var kind Kind
		done, want := false, error(nil)
		for _, o := range outcomes {
			if o.Target != i {
				continue
			}
			require.False(t, done, "target %d at %v", i, o.At)
			kind, done, want = ledger.record(&o)
			require.Equal(t, kind, o.Kind, "target %d at %v: %v", i, o.At, o.Err)
		}
		if !done { // its last poll came before the deadline that the last round reached
			ledger.settle(w.Timeout)
			want = ledger.expire()
		}
		var e *client.Error
		if errors.As(want, &e) {
			require.ErrorIs(t, w.endings[i].Err, e, "target %d", i)
			continue
		}
		require.ErrorIs(t, orNothing(w.endings[i].Err), orNothing(want), "target %d", i)
	}
}

// settle accounts for the time until the end of the wait, after the last response.
func (l *ledger) settle(at time.Duration) {
	if !l.failing && l.missing {
		l.absence += at - l.at
	}
	l.at = at
}
