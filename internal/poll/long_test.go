package poll

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

func TestDayAndWeekLongWaitsFollowTheirPlan(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{day, week} {
		tr := newTrial(executing)
		tr.Timeout = timeout
		tr.run(t).endsWith(t, ErrTimeout)
		polls, count := Plan(time.Second, 20*time.Second, timeout, MaxPlanned)
		require.Len(t, tr.polledAt, count)
		for i, poll := range polls {
			require.Equal(t, poll.String(), tr.polledAt[i])
		}
		assert.Equal(t, timeout, tr.ended)

		// 32 pauses grow to the cap; the last one ends at the timeout.
		for _, p := range tr.outcomes[32 : count-2] {
			require.Equal(t, 20*time.Second, p.Next, "%v", p.At)
		}
	}
}

// spell is a number of equal responses.
type spell struct {
	response response
	times    int
}

func TestDayOfFailuresEndsAtItsTimeoutWithPausesInBounds(t *testing.T) {
	t.Parallel()
	spells := []spell{
		{executing, 40}, {broken, 30}, {executing, 1}, {throttled, 12}, {executing, 3}, {gone, 1}, {executing, 5}, {gone, 1},
		{broken, 10}, {gone, 1}, {executing, 1}, {broken.retryAfter(50 * time.Second), 3}, {throttled, 2}, {broken, 4},
		{noSuchHost, 3}, {rejected, 1}, {executing.taking(9 * time.Second), 7},
	}
	tr := newTrial(executing.times(40))
	for range 200 {
		for _, s := range spells {
			tr.responses = append(tr.responses, s.response.times(s.times)...)
		}
	}
	tr.Timeout, tr.NotFoundGrace = day, time.Minute
	tr.run(t).endsWith(t, ErrTimeout)
	assert.Equal(t, day, tr.ended)
	require.Less(t, len(tr.polledAt), len(tr.responses), "failures until the end")

	slow := false // throttled since the last valid response
	for _, p := range tr.outcomes[40 : len(tr.outcomes)-2] {
		var e *client.Error
		failing := p.Kind == Failing && assert.ErrorAs(t, p.Err, &e)
		slow = failing && (slow || e.Throttled())
		switch {
		case failing && e.Response.RetryAfter > 0:
			require.Equal(t, 50*time.Second, p.Next, "%v", p.At)
		case slow:
			require.LessOrEqual(t, p.Next, 90*time.Second, "%v", p.At)
			require.Greater(t, p.Next, 20*time.Second, "%v", p.At)
		default:
			require.Equal(t, 20*time.Second, p.Next, "%v: back on the schedule", p.At)
		}
	}
}

// stock is what a process holds at one time.
type stock struct {
	heap       uint64 // bytes in use
	allocated  uint64 // objects so far
	goroutines int
}

func takeStock() stock {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return stock{heap: m.HeapAlloc, allocated: m.Mallocs, goroutines: runtime.NumGoroutine()}
}

// Not parallel: the memory of other tests would be counted.
func TestLastOf100000PollsCostsNoMoreThanTheFirst(t *testing.T) {
	at := map[int]stock{}
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := Waiter{
			Sources:        [][]int{{0}},
			Progress:       func(context.Context, int) error { return nil },
			Observe:        func(*Outcome) {},
			Schedule:       NewSchedule(time.Second, 20*time.Second, steady),
			Start:          time.Now(),
			Timeout:        10 * 365 * day,
			NotFoundGrace:  time.Hour,
			MaxOutage:      time.Hour,
			RequestTimeout: 10 * time.Second,
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		w.Poll = one(func(context.Context) (client.Task, error) {
			switch n++; n {
			case 1_000, 2_000, 99_000, 100_000:
				at[n] = takeStock()
			case 100_001:
				cancel(context.Canceled)
			}
			switch n % 50 {
			case 20, 21, 22:
				return client.Task{}, broken.err
			case 30:
				return client.Task{}, throttled.err
			case 40:
				return client.Task{}, gone.err
			}
			return client.Task{ID: "t1", Status: client.Executing}, nil
		})
		require.ErrorIs(t, w.Wait(ctx)[0].Err, context.Canceled)
	})
	assert.Equal(t, at[1_000].goroutines, at[100_000].goroutines)
	assert.InDelta(t, at[1_000].heap, at[100_000].heap, 64<<10, "bytes in use")
	early, late := at[2_000].allocated-at[1_000].allocated, at[100_000].allocated-at[99_000].allocated
	assert.InDelta(t, early, late, 100, "objects for 1,000 polls")
}
