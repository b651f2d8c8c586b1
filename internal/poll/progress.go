package poll

import (
	"context"
	"errors"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

const (
	progressEvery       = 3 // rounds
	maxProgressFailures = 3
)

// errPauseOver is why a request for the percentage was canceled.
var errPauseOver = errors.New("no response before the next poll")

// requestProgress requests the percentage of the slowest running task after every third round, at the start of the
// pause that ends at wake. Most tasks have none, so it soon gives up on a task. It neither delays the wait nor fails it.
func (w *Waiter) requestProgress(ctx context.Context, round int, wake time.Time) {
	if round%progressEvery != 0 || w.Progress == nil {
		return
	}
	slowest := w.slowest(round)
	if slowest < 0 {
		return
	}
	t := &w.targets[slowest]
	ctx, cancel := context.WithDeadlineCause(ctx, wake, errPauseOver)
	defer cancel()
	err := w.Progress(ctx, slowest)
	var e *client.Error
	switch {
	case errors.As(err, &e) && e.Unsupported():
		t.progressFailures = maxProgressFailures
	case err != nil:
		t.progressFailures++
	}
}

// slowest returns the target whose task was created first, of those that a round found running; −1: there is none. One
// whose percentage is not worth another request is left out.
func (w *Waiter) slowest(round int) int {
	slowest := -1
	var first time.Time
	for i := range w.targets {
		t := &w.targets[i]
		if t.over || t.polled != round || t.last != Running || t.State.Task.ID == "" ||
			t.progressFailures >= maxProgressFailures {
			continue
		}
		created, ok := t.State.Task.Created()
		if slowest < 0 || ok && (first.IsZero() || created.Before(first)) {
			slowest, first = i, created
		}
	}
	return slowest
}
