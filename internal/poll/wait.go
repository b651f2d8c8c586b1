// Package poll decides when to poll again and when to stop: the schedule of pauses, the budgets, and the rounds in
// which targets are polled. It knows nothing of HTTP and prints nothing; how to poll, and who observes it, are passed
// in.
package poll

import (
	"context"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// Waiter waits for its targets to end. They share one schedule, and each has budgets of its own.
type Waiter struct {
	Sources [][]int // the indices of the targets, from 0; those of one source are polled together
	// Poll polls targets of one source with the requests that they need, and no more. Errors that concern all come
	// last, and it may leave out targets that were not reached because of one.
	Poll     func(ctx context.Context, due []int) []target.Finding
	Progress func(ctx context.Context, target int) error // requests the percentage of a task; nil: never
	Observe  func(*Outcome)                              // called for each target that was polled; may be nil
	// FailFast reports whether that end stops the wait; nil: never. One that still runs at Timeout 0 has not ended.
	FailFast func(target int, end *Ending) bool
	Schedule *Schedule

	Start          time.Time     // of the clock and all budgets
	Timeout        time.Duration // longest wait; 0: the first valid response about each target decides
	Settle         time.Duration // how long an instance must be what it is to become; not at Timeout 0
	NotFoundGrace  time.Duration // how long a target may be missing
	MaxOutage      time.Duration // how long there may be no valid response
	RequestTimeout time.Duration // longest time for a poll at the deadline, all its requests together

	targets []waited
	shared  *budgets // accounts for what concerns all targets
	order   []int    // of the targets, source by source; after the last one, the first one follows
	begin   int      // where in order the next round begins
	failed  bool     // FailFast stopped the wait

	unobserved []Outcome // of the last poll
}

// Outcome is what one poll found of a target.
type Outcome struct {
	Round  int // from 1
	Target int
	At     time.Duration // when the response came, since the start
	Kind   Kind
	State  target.State  // valid where Err is nil
	Err    error         // why there is no state
	Next   time.Duration // the pause that follows; 0: another request does, or nothing

	ForAll bool // the error concerns all targets, and so does GivesUp

	Over bool  // the wait for this target is over
	End  error // why, where the target has not ended

	GivesUp time.Duration // when the wait for this target ends if every response is like this one, since the start
	Limit   Limit         // that ends it then
}

// Ending is how the wait for a target ended.
type Ending struct {
	State target.State // as last seen; zero if it never was
	// Err is why the target's end is not known; nil where it has ended, even if it failed. It is, or wraps, the cause
	// of the context's end, one of this package's errors, or a *client.Error that no other poll would change.
	Err error
}

// Wait polls at once and then by the schedule, in rounds, until no target is left to wait for. It returns how the wait
// for each ended.
func (w *Waiter) Wait(ctx context.Context) []Ending {
	w.prepare()
	for round := 1; ; round++ {
		wish := w.round(ctx, round)
		if w.isOver() || ctx.Err() != nil {
			endings := w.Endings(context.Cause(ctx))
			w.observe(0)
			return endings
		}
		pause := w.pause(round, wish)
		wake := time.Now().Add(pause)
		w.observe(pause)
		if !wish.slower {
			w.requestProgress(ctx, round, wake)
		}
		if err := sleep(ctx, wake); err != nil {
			return w.Endings(err)
		}
	}
}

// Endings returns how the wait for each target ended. It ends the wait for those that are left with the error open.
func (w *Waiter) Endings(open error) []Ending {
	w.endAll(func(*waited) error { return open })
	endings := make([]Ending, len(w.targets))
	for i := range w.targets {
		endings[i] = w.targets[i].Ending
	}
	return endings
}

// round polls each target that is left, beginning where the last round stopped. An error that concerns all targets
// stops it: the grace of the targets that it did not reach stands still. It returns what the responses demand of the
// pause that follows.
func (w *Waiter) round(ctx context.Context, n int) (wish demand) {
	stop := -1 // the target that the round stops at
	for due := w.left(); len(due) > 0 && stop < 0 && !w.failed && ctx.Err() == nil && !w.isOver(); {
		part := w.ofOneSource(due)
		due = due[len(part):]
		w.observe(0)
		for _, found := range w.poll(ctx, part) {
			if w.targets[found.Target].over { // an error that came before ended the wait for all
				continue
			}
			wish.add(w.record(ctx, n, &found), &found)
			if found.ConcernsAll() && (stop < 0 || !wish.slower) {
				stop = found.Target
			}
		}
	}
	w.continueAt(stop, wish.slower)
	if w.failed {
		w.endAll(func(*waited) error { return &End{Reason: ErrStopped} })
	}
	if at := w.elapsed(); w.Timeout > 0 && at >= w.Timeout && ctx.Err() == nil {
		w.endAll(func(t *waited) error { return t.expire(max(t.at, w.Timeout), w.shared.err) })
	}
	at := w.elapsed()
	for i := range w.targets {
		if t := &w.targets[i]; t.polled != n {
			t.stall(at)
		}
	}
	return wish
}

// observe passes on what the last poll found, now that the pause after it is known.
func (w *Waiter) observe(next time.Duration) {
	for _, outcome := range w.unobserved {
		t := &w.targets[outcome.Target]
		outcome.Next, outcome.Over, outcome.End = next, t.over, t.Err
		outcome.ForAll = outcome.ForAll && (!t.over || w.isOver())
		if w.Observe != nil {
			w.Observe(&outcome)
		}
	}
	w.unobserved = w.unobserved[:0]
}

// isOver reports whether no target is left to wait for.
func (w *Waiter) isOver() bool {
	for i := range w.targets {
		if !w.targets[i].over {
			return false
		}
	}
	return true
}

// left returns the targets that are left to wait for, in the order of the next round.
func (w *Waiter) left() []int {
	var left []int
	for i := range w.order {
		if next := w.order[(w.begin+i)%len(w.order)]; !w.targets[next].over {
			left = append(left, next)
		}
	}
	return left
}

// ofOneSource returns those of the targets at the beginning that are of the same source.
func (w *Waiter) ofOneSource(targets []int) []int {
	for i, next := range targets {
		if w.targets[next].source != w.targets[targets[0]].source {
			return targets[:i]
		}
	}
	return targets
}

// continueAt has the next round begin with a target that was refused or, where nothing was received, with the one that
// follows: that request may fail each time. After a round that reached all targets (−1), it begins with a whole source.
func (w *Waiter) continueAt(stop int, refused bool) {
	if stop < 0 {
		for w.begin > 0 && w.targets[w.order[w.begin-1]].source == w.targets[w.order[w.begin]].source {
			w.begin--
		}
		return
	}
	for i, next := range w.order {
		if next == stop {
			w.begin = i
		}
	}
	if !refused {
		w.begin = (w.begin + 1) % len(w.order)
	}
}

// endAll ends the wait for the targets that are left, each with the error that why returns.
func (w *Waiter) endAll(why func(*waited) error) {
	for i := range w.targets {
		if t := &w.targets[i]; !t.over {
			t.over, t.Err = true, why(t)
		}
	}
}

// pause returns the pause after a round. It ends at the timeout and where a budget ends on which a response of the
// round draws: a poll is made there all the same.
func (w *Waiter) pause(round int, wish demand) time.Duration {
	pause := w.Schedule.next(wish)
	at := w.elapsed()
	if w.Timeout > 0 {
		pause = min(pause, w.Timeout-at)
	}
	if left := w.shared.left(at); w.shared.last == Failing && left > 0 { // else only a failure of that kind ends the wait
		pause = min(pause, left)
	}
	for i := range w.targets {
		t := &w.targets[i]
		if t.over || t.polled != round || wish.slower && t.last != Failing { // the others can wait while throttled
			continue
		}
		if t.last == Missing || t.last == Failing {
			pause = min(pause, t.left(at))
		}
		if settled := t.heldSince + w.Settle; t.holding && settled > at { // else a failing response came at its end
			pause = min(pause, settled-at)
		}
	}
	return max(0, pause) // a budget may have ended while others were polled
}

// poll polls targets of one source. From the deadline on, it gets one RequestTimeout for all its requests.
func (w *Waiter) poll(ctx context.Context, due []int) []target.Finding {
	if w.elapsed() >= w.Timeout {
		late := &client.TimeoutError{Limit: w.RequestTimeout}
		limited, cancel := context.WithTimeoutCause(ctx, w.RequestTimeout, late)
		defer cancel()
		ctx = limited
	}
	return w.Poll(ctx, due)
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
