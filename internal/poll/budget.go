package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// The ways in which a wait ends without the task having ended. The error of the last answer is wrapped beside them, where there is one.
var (
	ErrTimeout     = errors.New("still running when the timeout was over")
	ErrRunning     = errors.New("still running")                             // the one look of timeout 0
	ErrNotFound    = errors.New("not found, and the grace for that is over") // not_found_grace
	ErrUnavailable = errors.New("no good answer for too long")               // max_outage
)

// kind is what an answer is worth. There and missing are good answers.
type kind int

const (
	none    kind = iota // no answer yet
	there               // the task, not ended
	missing             // well answered that there is no such task
	failing             // no good answer
)

// budgets account for the time that each kind of answer may take, in time since the start of the wait.
// Each kind spends only its own: an outage does not use up the grace of a task that is missing.
type budgets struct {
	timeout   time.Duration // for all
	grace     time.Duration // for missing, from the first such answer after the last there
	maxOutage time.Duration // for failing, from the first such answer after the last good one, or from the start

	good kind // the last good answer
	seen bool // the task was there once

	now          kind
	missingSince time.Duration
	failingSince time.Duration
	failingFor   time.Duration // the part of the time since missingSince that went by failing
	outage       time.Duration // maxOutage, or less for a failure that is our user's typing error
	err          error         // of the last answer
	missingErr   error         // of the last answer that was missing
}

// take accounts for an answer that came at the time at, err being nil for one with the task. It returns the error that ends the wait, or nil to go on.
func (b *budgets) take(at time.Duration, err error) error {
	before := b.now
	b.err = err
	b.now = b.sort(err)
	if before == failing && b.now != failing {
		b.failingFor += at - b.failingSince
	}
	switch b.now {
	case there:
		b.good, b.seen = there, true
	case missing:
		if b.good != missing {
			b.missingSince, b.failingFor = at, 0
		}
		b.good, b.missingErr = missing, err
	case failing:
		if before != failing && b.good != none {
			b.failingSince = at
		}
		b.outage = b.maxOutage
		if b.good == none && misconfigured(err) {
			b.outage = min(b.maxOutage, b.grace)
		}
	case none:
		return err
	}
	switch {
	case b.now == missing && b.left(at) <= 0:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case b.now == failing && b.left(at) <= 0:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// sort tells the kind of an answer by its error; none is for one that is final.
func (b *budgets) sort(err error) kind {
	var e *client.Error
	switch {
	case err == nil:
		return there
	case !errors.As(err, &e) || e.Denied():
		return none
	case e.Missing():
		return missing
	case e.Failing() || b.good != none: // the same request was right before
		return failing
	}
	return none
}

// left is what is left at the time at of the budget that the last answer draws on.
func (b *budgets) left(at time.Duration) time.Duration {
	switch b.now {
	case missing:
		return b.grace - b.missingFor(at)
	case failing:
		return b.outage - (at - b.failingSince)
	}
	return b.timeout - at
}

// expire tells how the wait ends when its timeout is over and the last answer left it open.
func (b *budgets) expire(at time.Duration) error {
	once := b.timeout == 0
	reason := ErrTimeout
	switch {
	case b.good == none || once && b.now == failing:
		reason = ErrUnavailable
	case b.good == missing && (once || !b.seen || b.missingFor(at) >= b.grace):
		reason = ErrNotFound
	case once:
		reason = ErrRunning
	}
	switch {
	case b.err == nil:
		return reason
	case reason == ErrNotFound && b.now == failing: // the answer that decides comes first
		return fmt.Errorf("%w: %w; since then: %w", reason, b.missingErr, b.err)
	}
	return fmt.Errorf("%w: %w", reason, b.err)
}

// missingFor is how much of the grace is used at the time at, whatever the last answer was: time spent failing does not count.
func (b *budgets) missingFor(at time.Duration) time.Duration {
	used := at - b.missingSince - b.failingFor
	if b.now == failing {
		used -= at - b.failingSince
	}
	return used
}

func misconfigured(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Misconfigured()
}
