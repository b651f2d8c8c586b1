package poll

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

func TestOutcomeThatConcernsAllSaysWhenTheWaitGivesUpForAll(t *testing.T) {
	t.Parallel()
	// The network is gone after the first round: the second target is not polled again.
	unreachable := &client.Error{Op: "get task", Err: errors.New("no route to host")}
	synctest.Test(t, func(t *testing.T) {
		var outcomes []Outcome
		rounds := map[int]int{}
		w := &Waiter{
			Sources: [][]int{{0}, {1}},
			Poll: func(_ context.Context, due []int) []target.Finding {
				rounds[due[0]]++
				if rounds[0] > 1 {
					return []target.Finding{{Target: due[0], Err: unreachable}}
				}
				return []target.Finding{{Target: due[0], State: target.OfTask(&client.Task{Status: client.Executing})}}
			},
			Observe:  func(o *Outcome) { outcomes = append(outcomes, *o) },
			Schedule: NewSchedule(time.Second, 25*time.Second, func() float64 { return 0.5 }),
			Start:    time.Now(), Timeout: time.Hour, MaxOutage: 5 * time.Minute, RequestTimeout: time.Second,
		}
		endings := w.Wait(t.Context())
		assert.Equal(t, 5*time.Minute+time.Second, time.Since(w.Start))
		for _, end := range endings {
			assert.ErrorIs(t, end.Err, ErrUnavailable)
		}
		require.Greater(t, len(outcomes), 3)
		for i, o := range outcomes {
			forAll := i > 1
			assert.Equal(t, forAll, o.ForAll)
			assert.Equal(t, map[bool]time.Duration{false: time.Hour, true: 5*time.Minute + time.Second}[forAll], o.GivesUp)
			assert.Equal(t, map[bool]Limit{false: Timeout, true: MaxOutage}[forAll], o.Limit)
		}
	})
}
