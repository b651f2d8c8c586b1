package poll

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// withProgress lets a trial request progress, and returns when it did. The function responds to the n-th request.
func withProgress(tr *trial, respond func(ctx context.Context, n int) error) *[]string {
	var requestedAt []string
	tr.Progress = func(ctx context.Context, _ int) error {
		requestedAt = append(requestedAt, time.Since(tr.Start).String())
		return respond(ctx, len(requestedAt))
	}
	return &requestedAt
}

// hang does not respond.
func hang(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestProgressIsRequestedAfterEveryThirdPollIfRunning(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(5), broken, executing.times(3), succeeded)
	requested := withProgress(tr, func(context.Context, int) error { return nil })
	tr.run(t)
	assert.Equal(t, []string{tr.polledAt[2], tr.polledAt[8]}, *requested, "polls 3 and 9; 6 failed")
}

func TestProgressRequestEndsWithThePause(t *testing.T) {
	t.Parallel()
	with, without := newTrial(executing.times(9), succeeded), newTrial(executing.times(9), succeeded)
	var cause error
	withProgress(with, func(ctx context.Context, n int) error {
		err := hang(ctx, n)
		cause = context.Cause(ctx)
		return err
	})
	assert.Equal(t, without.run(t).polledAt, with.run(t).polledAt)
	with.endsWith(t, nil)
	assert.EqualError(t, cause, "no response before the next poll") // which --debug shows
}

func TestProgressIsGivenUpAfterThreeFailuresOrTheFirst4xx(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{1: failure(404, "").err, 3: broken.err} {
		tr := newTrial(executing.times(30), succeeded)
		requested := withProgress(tr, func(context.Context, int) error { return err })
		tr.run(t).endsWith(t, nil)
		assert.Len(t, *requested, want)
	}
	tr := newTrial(executing.times(30), succeeded)
	requested := withProgress(tr, func(_ context.Context, n int) error {
		if n < 3 {
			return errors.New("no connection")
		}
		return nil
	})
	tr.run(t)
	assert.Len(t, *requested, 10, "two failures are tolerated")
}

func TestSignalEndsAProgressRequest(t *testing.T) {
	t.Parallel()
	cause := errors.New("signal")
	tr := newTrial(executing)
	withProgress(tr, hang)
	tr.runWith(t, func() context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(3*time.Second, func() { cancel(cause) })
		return ctx
	}, time.Second, 20*time.Second)
	assert.Equal(t, cause, tr.err)
	assert.Equal(t, 3*time.Second, tr.ended)
}
