package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// How a wait ends although the task has not. The error of the deciding response is wrapped beside these, where there
// is one.
var (
	ErrTimeout     = errors.New("still running at timeout")
	ErrRunning     = errors.New("still running")                     // at timeout 0
	ErrStopped     = errors.New("the wait stopped early")            // because another target failed
	ErrNotFound    = errors.New("not found within the grace period") // not_found_grace
	ErrUnavailable = errors.New("no valid response for too long")    // max_outage

	// ErrNoResponse is ErrUnavailable where timeout ended a wait that never had a valid response.
	ErrNoResponse = fmt.Errorf("%w before timeout", ErrUnavailable)
	// ErrMisconfigured ends a wait without any valid response, where an input or the environment seems to be wrong.
	ErrMisconfigured = errors.New("no valid response, and the configuration seems to be wrong")
)

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

	last         Kind // of the last response
	missingSince time.Duration
	failingSince time.Duration
	failingFor   time.Duration // the part of the time since missingSince that was spent Failing
	stalled      bool          // the target cannot be polled, because of what concerns all; not while Failing
	stalledSince time.Duration
	outage       time.Duration // maxOutage, or less for what is mostly a typing error
	err          error         // of the last response
	missingErr   error         // of the last Missing response
}

// classify returns what a poll found. The login is shared by all targets: its responses count as valid ones do for
// anyone.
func (b *budgets) classify(found target.Finding, sharedValid Kind) Kind {
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
	if e.Failing() || valid != 0 { // after a valid response: the same request was right before
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
			return fmt.Errorf("%w: %w", ErrNotFound, err)
		}
	case Failing:
		if before != Failing && b.valid != 0 {
			b.failingSince = at
		}
		reason := ErrUnavailable
		b.outage = b.maxOutage
		if b.valid == 0 && misconfigured(err) {
			reason = ErrMisconfigured
			if b.timeout > 0 || b.grace > 0 { // at timeout 0, a grace counts only where it is given
				b.outage = min(b.maxOutage, b.grace)
			}
		}
		if b.left(at) <= 0 {
			return fmt.Errorf("%w: %w", reason, err)
		}
	case Final:
		return err
	}
	return nil
}

// left returns what is left, at the time at, of the budget that the last response draws on.
func (b *budgets) left(at time.Duration) time.Duration {
	switch b.last {
	case Missing:
		return b.grace - b.missingFor(at)
	case Failing:
		return b.outage - (at - b.failingSince)
	}
	return b.timeout - at
}

// stall accounts for the time in which a target is not polled although it is due: it is nobody's grace.
func (b *budgets) stall(at time.Duration) {
	if !b.stalled && b.last != Failing {
		b.stalled, b.stalledSince = true, at
	}
}

// expire returns how the wait ends at its timeout, when the last response left that open. The error shared is the last
// one that concerned all targets, for a target that was never polled.
func (b *budgets) expire(at time.Duration, shared error) error {
	reason, err := ErrTimeout, b.err
	switch {
	case b.last == 0:
		reason, err = ErrNoResponse, shared
	case b.valid == 0:
		reason = ErrNoResponse
	case b.valid == Missing && (!b.seen || b.missingFor(at) >= b.grace):
		reason = ErrNotFound
	}
	switch {
	case err == nil:
		return reason
	case reason == ErrNotFound && b.last == Failing: // the response that decides comes first
		return fmt.Errorf("%w: %w; since then: %w", reason, b.missingErr, err)
	}
	return fmt.Errorf("%w: %w", reason, err)
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

func misconfigured(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Misconfigured()
}
