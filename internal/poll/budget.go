package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// Why a wait ends although its target has not. They are wrapped in an *End.
var (
	ErrTimeout       = errors.New("still running at timeout")
	ErrRunning       = errors.New("still running")          // at timeout 0
	ErrStopped       = errors.New("the wait stopped early") // because another target failed
	ErrNotFound      = errors.New("not found within the grace period")
	ErrUnavailable   = errors.New("no valid response for too long")
	ErrMisconfigured = errors.New("the API cannot be reached as configured") // no valid response, ever
)

// Limit is the input that limits a part of a wait.
type Limit string

// The limits.
const (
	Timeout       Limit = "timeout"
	NotFoundGrace Limit = "not_found_grace"
	MaxOutage     Limit = "max_outage"
)

// End is how a wait ends although its target has not.
type End struct {
	Reason error         // one of this package's errors
	Limit  Limit         // that was reached; empty: none
	After  time.Duration // the length of the limit
	Err    error         // the response that decided, if any
}

func (e *End) Error() string {
	if e.Err == nil {
		return e.Reason.Error()
	}
	return e.Reason.Error() + ": " + e.Err.Error()
}

// Unwrap returns the reason and the response.
func (e *End) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// Kind is what a poll found. All but Failing and Final are valid responses.
type Kind int

const (
	Running Kind = iota + 1 // the target has not ended
	Holding                 // the instance is what it is to become, but has not been for long enough
	Ended                   // the target has ended
	Missing                 // there is no such task or instance
	Failing                 // no valid response; another poll may bring one
	Final                   // an error that no other poll would change
)

// isRunning reports whether the target is there, and has not ended.
func (k Kind) isRunning() bool { return k == Running || k == Holding }

// budgets account for the time that each kind of response may take, in time since the start of the wait. Each kind
// spends only its own: an outage does not use up the grace of a missing task.
type budgets struct {
	timeout   time.Duration // for all
	grace     time.Duration // for Missing, from the first such response after the last Running one
	maxOutage time.Duration // for Failing, from the first such response after the last valid one, or from the start

	valid Kind // of the last valid response; 0: there was none
	seen  bool // the task was there once

	reached bool // there was a valid response about another target: it is known how to reach the API

	last         Kind // of the last response
	missingSince time.Duration
	failingSince time.Duration
	failingFor   time.Duration // the part of the time since missingSince that was spent Failing
	stalled      bool          // the last round did not reach the target; not while Failing
	stalledSince time.Duration
	hasty        bool  // the failure is usually a typing error: the outage ends with the grace, if that is shorter
	err          error // of the last response
	missingErr   error // of the last Missing response
}

// classify returns what a poll found. The login is shared by all targets: its responses count as valid ones do for
// anyone.
func (b *budgets) classify(found *target.Finding, sharedValid Kind) Kind {
	var e *client.Error
	switch {
	case found.Err == nil && found.State.Standing.Ended():
		return Ended
	case found.Err == nil && found.State.Standing == target.Holding:
		return Holding
	case found.Err == nil:
		return Running
	case !errors.As(found.Err, &e) || e.Denied() && !e.Foreign || e.ProxyRefusedLogin():
		return Final
	case e.Missing():
		return Missing
	}
	valid := b.valid
	if e.LoggingIn() {
		valid = sharedValid
	}
	if e.Failing() || valid != 0 { // after a valid response: the same request was accepted before
		return Failing
	}
	return Final
}

// record accounts for a response that came at the time at. It returns the error that ends the wait, or nil to go on.
func (b *budgets) record(at time.Duration, kind Kind, err error) error {
	before := b.last
	b.last, b.err = kind, err
	if before == Failing && kind != Failing {
		b.failingFor += at - b.failingSince
	}
	if b.stalled {
		b.failingFor += at - b.stalledSince
		b.stalled = false
		if before == 0 { // there was no request whose failure could count
			b.failingSince = at
		}
	}
	switch kind {
	case Running, Holding:
		b.valid, b.seen = Running, true
	case Missing:
		if b.valid != Missing {
			b.missingSince, b.failingFor = at, 0
		}
		b.valid, b.missingErr = Missing, err
		if b.left(at) <= 0 {
			return &End{ErrNotFound, NotFoundGrace, b.grace, err}
		}
	case Failing:
		if before != Failing && b.valid != 0 {
			b.failingSince = at
		}
		b.hasty = b.valid == 0 && misconfigured(err, b.reached)
		if b.left(at) <= 0 {
			limit, length := b.limit()
			return &End{b.unavailable(), limit, length, err}
		}
	case Final:
		return err
	}
	return nil
}

// limit returns the limit that the last response draws on, and its length.
func (b *budgets) limit() (Limit, time.Duration) {
	switch {
	case b.last == Missing, b.last == Failing && b.hasty && b.grace < b.maxOutage && b.hasGrace():
		return NotFoundGrace, b.grace
	case b.last == Failing:
		return MaxOutage, b.maxOutage
	}
	return Timeout, b.timeout
}

// hasGrace reports whether there is a grace: at timeout 0, it counts only where it is given.
func (b *budgets) hasGrace() bool { return b.timeout > 0 || b.grace > 0 }

// left returns what is left, at the time at, of the limit that the last response draws on.
func (b *budgets) left(at time.Duration) time.Duration {
	_, length := b.limit()
	switch b.last {
	case Missing:
		return length - b.missingFor(at)
	case Failing:
		return length - (at - b.failingSince)
	}
	return length - at
}

// givesUp returns when the wait ends if every response is like the last one, and which limit ends it.
func (b *budgets) givesUp(at time.Duration) (time.Duration, Limit) {
	limit, _ := b.limit()
	end := at + b.left(at)
	if b.timeout > 0 && b.timeout <= end {
		return b.timeout, Timeout
	}
	return end, limit
}

// unavailable returns why the wait ends without a valid response.
func (b *budgets) unavailable() error {
	if b.hasty {
		return ErrMisconfigured
	}
	return ErrUnavailable
}

// stall accounts for the time from a round that did not reach a target to its next response: the grace does not count it.
func (b *budgets) stall(at time.Duration) {
	if !b.stalled && b.last != Failing {
		b.stalled, b.stalledSince = true, at
	}
}

// expire returns how the wait ends at its timeout, where the last response left that open. The error shared is the last
// one that concerned all targets, for a target that was never polled.
func (b *budgets) expire(at time.Duration, shared error) error {
	end := &End{ErrTimeout, Timeout, b.timeout, b.err}
	switch {
	case b.last == 0:
		end.Reason, end.Err = ErrUnavailable, shared
	case b.valid == 0:
		end.Reason = b.unavailable()
	case b.valid == Missing && (!b.seen || b.missingFor(at) >= b.grace):
		end.Reason = ErrNotFound
		if b.last == Failing { // the response that decides comes first
			end.Err = fmt.Errorf("%w; since then: %w", b.missingErr, b.err)
		}
	}
	return end
}

// missingFor returns how much of the grace is used up at the time at. Time spent Failing does not count.
func (b *budgets) missingFor(at time.Duration) time.Duration {
	used := at - b.missingSince - b.failingFor
	switch {
	case b.last == Failing:
		used -= at - b.failingSince
	case b.stalled:
		used -= at - b.stalledSince
	}
	return used
}

// misconfigured reports whether a failure is usually a typing error: where the API was reached before, only a response
// can be.
func misconfigured(err error, reached bool) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Misconfigured() && (e.Answered() || !reached)
}
