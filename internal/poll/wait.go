// Package poll decides when to ask again, and when to stop: the schedule of pauses, the budgets, and the loop that keeps them.
// It knows nothing of HTTP and prints nothing; what a look is, and who is told of it, are given to it.
package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Waiter waits for one task to end.
type Waiter struct {
	Look     func(context.Context) (client.Task, error)        // asks once; what one answer needs, and no more
	Progress func(ctx context.Context, task client.Task) error // asks for the percentage, now and then; nil: never
	Observe  func(Poll)                                        // is told of every answer, before the pause after it; may be nil
	Schedule *Schedule

	Start          time.Time     // from when the clock and all budgets run
	Timeout        time.Duration // longest wait; 0: look once
	NotFoundGrace  time.Duration // how long the task may be missing
	MaxOutage      time.Duration // how long there may be no good answer
	RequestTimeout time.Duration // longest time for the look at the deadline, all its requests together
}

// Poll is what one look brought.
type Poll struct {
	N    int           // from 1
	At   time.Duration // when the answer came, since the start
	Task client.Task   // valid where Err is nil
	Err  error         // why there is no task
	Next time.Duration // the pause until the next look; 0: there is none
	Left time.Duration // until the timeout; negative once it is over
}

// Wait looks, at once and then by the schedule, until the task has ended; that is no error, however it ended.
// Otherwise the error is the cause of the context's end, or one of this package's, or the *client.Error that no further look would change.
// The last task seen comes back with every error, and is zero if none was.
func (w *Waiter) Wait(ctx context.Context) (client.Task, error) {
	budgets := &budgets{timeout: w.Timeout, grace: w.NotFoundGrace, maxOutage: w.MaxOutage}
	progress := progress{ask: w.Progress}
	var last client.Task
	for n := 1; ; n++ {
		task, err := w.look(ctx)
		if err == nil {
			last = task
		}
		poll := Poll{N: n, At: w.elapsed(), Task: task, Err: err}
		poll.Left = w.Timeout - poll.At
		over, err := w.judge(ctx, budgets, poll)
		if !over {
			poll.Next = w.next(budgets, poll)
		}
		if w.Observe != nil {
			w.Observe(poll)
		}
		if over {
			return last, err
		}
		wake := time.Now().Add(poll.Next)
		progress.after(ctx, poll, wake)
		if err := sleep(ctx, wake); err != nil {
			return last, err
		}
	}
}

// look asks once. The look at the deadline is the last, and no login and no second try may draw it out.
func (w *Waiter) look(ctx context.Context) (client.Task, error) {
	if w.elapsed() >= w.Timeout {
		limited, cancel := context.WithTimeoutCause(ctx, w.RequestTimeout, fmt.Errorf("no answer within %v", w.RequestTimeout))
		defer cancel()
		ctx = limited
	}
	return w.Look(ctx)
}

// judge tells whether the wait is over, and with which error. The end of the task beats everything, a signal the budgets, and those the timeout.
func (w *Waiter) judge(ctx context.Context, budgets *budgets, poll Poll) (over bool, err error) {
	switch {
	case poll.Err == nil && poll.Task.Status.Ended():
		return true, nil
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	}
	if err := budgets.take(poll.At, poll.Err); err != nil {
		return true, err
	}
	if poll.Left <= 0 {
		return true, budgets.expire(poll.At)
	}
	return false, nil
}

// next is the pause after a poll. It ends with the budget that the answer draws on, and with the timeout: a look is made there all the same.
func (w *Waiter) next(budgets *budgets, poll Poll) time.Duration {
	asked := demand{retryAfter: poll.Task.Answer.RetryAfter}
	var e *client.Error
	if errors.As(poll.Err, &e) {
		asked = demand{slower: e.Throttled(), retryAfter: e.Answer.RetryAfter, window: e.Window()}
	}
	pause := w.Schedule.next(budgets.now, asked)
	return min(pause, budgets.left(poll.At), poll.Left)
}

func (w *Waiter) elapsed() time.Duration { return time.Since(w.Start) }

// sleep pauses until wake, or returns the cause of the context's end.
func sleep(ctx context.Context, wake time.Time) error {
	timer := time.NewTimer(time.Until(wake))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
