package poll

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

// Not parallel: the memory of others would be counted.
func TestManyPollsKeepNothing(t *testing.T) {
	const first, last = 100, 10_100
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var before, after float64
	looks := 0
	w := Waiter{
		Start: time.Now(), Timeout: time.Hour, MaxOutage: time.Hour, RequestTimeout: time.Second, Schedule: NewSchedule(1, 1, steady),
		Progress: func(context.Context, client.Task) error { return nil },
		Observe:  func(Poll) {},
		Look: func(context.Context) (client.Task, error) {
			switch looks++; looks {
			case first:
				before = held()
			case last:
				after = held()
				cancel(enough)
			}
			return client.Task{ID: "t1", Status: client.Executing}, nil
		},
	}
	_, err := w.Wait(ctx)
	assert.ErrorIs(t, err, enough)
	assert.Less(t, (after-before)/(last-first), 8.0, "bytes of each poll")
}

// held is how much memory is in use, once what nobody needs is gone.
func held() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
