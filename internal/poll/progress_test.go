package poll

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

// asking lets a trial ask for progress, and returns when it did.
func asking(tr *trial, answer func(ctx context.Context, n int) error) *[]string {
	var asked []string
	tr.Progress = func(ctx context.Context, _ client.Task) error {
		asked = append(asked, time.Since(tr.Start).String())
		return answer(ctx, len(asked))
	}
	return &asked
}

func TestProgressIsAskedForAfterEveryThirdPollThatSaidRunning(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(5), broken, executing.times(3), succeeded)
	asked := asking(tr, func(context.Context, int) error { return nil })
	tr.run(t)
	assert.Equal(t, []string{tr.asked[2], tr.asked[8]}, *asked, "polls 3 and 9; 6 failed")
}

func TestProgressDelaysNothingAndIsCutAtTheEndOfThePause(t *testing.T) {
	t.Parallel()
	with, without := newTrial(executing.times(9), succeeded), newTrial(executing.times(9), succeeded)
	asking(with, func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	})
	assert.Equal(t, without.run(t).asked, with.run(t).asked)
	with.endsWith(t, nil)
}

func TestProgressIsGivenUpAfterThreeFailuresOrTheFirst4xx(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{1: failure(404, "").err, 3: broken.err} {
		tr := newTrial(executing.times(30), succeeded)
		asked := asking(tr, func(context.Context, int) error { return err })
		tr.run(t).endsWith(t, nil)
		assert.Len(t, *asked, want)
	}
	tr := newTrial(executing.times(30), succeeded)
	asked := asking(tr, func(_ context.Context, n int) error {
		if n < 3 {
			return errors.New("no connection")
		}
		return nil
	})
	tr.run(t)
	assert.Len(t, *asked, 10, "two failures are borne")
}

func TestASignalEndsAnAskForProgress(t *testing.T) {
	t.Parallel()
	cause := errors.New("signal")
	tr := newTrial(executing)
	asking(tr, func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	})
	tr.runWith(t, func() context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(3*time.Second, func() { cancel(cause) })
		return ctx
	}, time.Second, 20*time.Second)
	assert.Equal(t, cause, tr.err)
	assert.Equal(t, 3*time.Second, tr.ended)
}
