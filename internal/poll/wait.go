// Package poll decides when to poll again and when to stop: the schedule of pauses, the budgets, and the loop that
// keeps them. It knows nothing of HTTP and prints nothing; how to poll, and who observes it, are passed in.
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
	Poll     func(context.Context) (client.Task, error)        // makes the requests that one result needs, and no more
	Progress func(ctx context.Context, task client.Task) error // requests the percentage; nil: never
	Observe  func(Outcome)                                     // called after every poll, before the pause; may be nil
	Schedule *Schedule

	Start          time.Time     // of the clock and all budgets
	Timeout        time.Duration // longest wait; 0: poll once
	NotFoundGrace  time.Duration // how long the task may be missing
	MaxOutage      time.Duration // how long there may be no valid response
	RequestTimeout time.Duration // longest time for the poll at the deadline, all its requests together
}

// Outcome is what one poll found.
type Outcome struct {
	N    int           // counts polls, from 1
	At   time.Duration // when the response came, since the start
	Kind Kind
	Task client.Task   // valid where Err is nil
	Err  error         // why there is no task
	Next time.Duration // the pause until the next poll; 0: there is none
	Left time.Duration // until the timeout; negative once it is over
}

// Wait polls at once and then by the schedule until the task has ended. A task that ended is not an error,
// even if it failed. Otherwise the error is the cause of the context's end, one of this package's errors,
// or a *client.Error that no other poll would change. The last task seen comes back with every error, and
// is zero if none was.
func (w *Waiter) Wait(ctx context.Context) (client.Task, error) {
	budgets := &budgets{timeout: w.Timeout, grace: w.NotFoundGrace, maxOutage: w.MaxOutage}
	progress := progress{request: w.Progress}
	var last client.Task
	for n := 1; ; n++ {
		task, err := w.poll(ctx)
		if err == nil {
			last = task
		}
		outcome := Outcome{N: n, At: w.elapsed(), Kind: budgets.classify(task, err), Task: task, Err: err}
		outcome.Left = w.Timeout - outcome.At
		done, err := w.judge(ctx, budgets, outcome)
		if !done {
			outcome.Next = w.pause(budgets, outcome)
		}
		if w.Observe != nil {
			w.Observe(outcome)
		}
		if done {
			return last, err
		}
		wake := time.Now().Add(outcome.Next)
		progress.after(ctx, outcome, wake)
		if err := sleep(ctx, wake); err != nil {
			return last, err
		}
	}
}

// poll polls once. The poll at the deadline is the last, and gets one RequestTimeout for all its requests.
func (w *Waiter) poll(ctx context.Context) (client.Task, error) {
	if w.elapsed() >= w.Timeout {
		late := fmt.Errorf("no response within %v", w.RequestTimeout)
		limited, cancel := context.WithTimeoutCause(ctx, w.RequestTimeout, late)
		defer cancel()
		ctx = limited
	}
	return w.Poll(ctx)
}

// judge reports whether the wait is done, and with which error. The end of the task comes before a signal,
// that before the budgets, and those before the timeout.
func (w *Waiter) judge(ctx context.Context, budgets *budgets, outcome Outcome) (done bool, err error) {
	switch {
	case outcome.Kind == Ended:
		return true, nil
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	}
	if err := budgets.record(outcome.At, outcome.Kind, outcome.Err); err != nil {
		return true, err
	}
	if outcome.Left <= 0 {
		return true, budgets.expire(outcome.At)
	}
	return false, nil
}

// pause returns the pause after a poll. It ends at the end of the budget that the response draws on, and at
// the timeout: a poll is made there all the same.
func (w *Waiter) pause(budgets *budgets, outcome Outcome) time.Duration {
	wish := demand{retryAfter: outcome.Task.Response.RetryAfter}
	var e *client.Error
	if errors.As(outcome.Err, &e) {
		wish = demand{slower: e.Throttled(), retryAfter: e.Response.RetryAfter, window: e.Window()}
	}
	return min(w.Schedule.next(outcome.Kind, wish), budgets.left(outcome.At), outcome.Left)
}

func (w *Waiter) elapsed() time.Duration { return time.Since(w.Start) }

// sleep pauses until wake. It returns the cause of the context's end, if that comes first.
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
