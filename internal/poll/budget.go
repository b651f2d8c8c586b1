package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// How a wait ends although the task has not. The error of the deciding response is wrapped beside these, where there
// is one.
var (
	ErrTimeout     = errors.New("still running at timeout")
	ErrRunning     = errors.New("still running")                     // the one poll of timeout 0
	ErrNotFound    = errors.New("not found within the grace period") // not_found_grace
	ErrUnavailable = errors.New("no valid response for too long")    // max_outage
)

// Kind is what a poll found. Running, Ended and Missing are valid responses.
type Kind int

const (
	Running Kind = iota + 1 // the task has not ended
	Ended                   // the task has ended
	Missing                 // there is no such task or instance
	Failing                 // no valid response; another poll may bring one
	Final                   // an error that no other poll would change
)

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
	outage       time.Duration // maxOutage, or less for what is mostly a typing error
	err          error         // of the last response
	missingErr   error         // of the last Missing response
}

// classify returns what a poll found.
func (b *budgets) classify(task client.Task, err error) Kind {
	var e *client.Error
	switch {
	case err == nil && task.Status.Ended():
		return Ended
	case err == nil:
		return Running
	case !errors.As(err, &e) || e.Denied():
		return Final
	case e.Missing():
		return Missing
	case e.Failing() || b.valid != 0: // after a valid response: the same request was right before
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
	switch kind {
	case Running:
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
		b.outage = b.maxOutage
		if b.valid == 0 && misconfigured(err) {
			b.outage = min(b.maxOutage, b.grace)
		}
		if b.left(at) <= 0 {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
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

// expire returns how the wait ends at its timeout, when the last response left that open.
func (b *budgets) expire(at time.Duration) error {
	once := b.timeout == 0
	reason := ErrTimeout
	switch {
	case b.valid == 0 || once && b.last == Failing:
		reason = ErrUnavailable
	case b.valid == Missing && (once || !b.seen || b.missingFor(at) >= b.grace):
		reason = ErrNotFound
	case once:
		reason = ErrRunning
	}
	switch {
	case b.err == nil:
		return reason
	case reason == ErrNotFound && b.last == Failing: // the response that decides comes first
		return fmt.Errorf("%w: %w; since then: %w", reason, b.missingErr, b.err)
	}
	return fmt.Errorf("%w: %w", reason, b.err)
}

// missingFor returns how much of the grace is used up at the time at. Time spent Failing does not count.
func (b *budgets) missingFor(at time.Duration) time.Duration {
	used := at - b.missingSince - b.failingFor
	if b.last == Failing {
		used -= at - b.failingSince
	}
	return used
}

func misconfigured(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Misconfigured()
}
