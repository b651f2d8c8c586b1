package poll

import (
	"errors"
	"math"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

const (
	// Factor is the ratio of each pause to the one before.
	Factor = 1.1
	// Jitter is the part of a pause by which it is shortened or lengthened at random, so that waiters that started
	// together drift apart.
	Jitter = 0.1

	// maxThrottledPause is the longest pause that throttling without Retry-After leads to, before jitter, unless
	// max_interval is longer. The API's gateway counts requests by the minute.
	maxThrottledPause = time.Minute
	// throttledJitter is the part of a throttled pause that is added at random: everyone who waits for the
	// same gateway was refused in the same second.
	throttledJitter = 0.5
)

// Schedule returns the pauses between polls: interval × Factorⁿ, at most max_interval, ± Jitter.
type Schedule struct {
	steps     *backoff.ExponentialBackOff
	interval  time.Duration
	slowest   time.Duration // the longest pause while throttled
	throttled time.Duration // the pause while throttled; 0: not throttled since the last valid response
	step      time.Duration // the last pause that followed the schedule
	last      time.Duration // the last pause
	random    func() float64
}

// NewSchedule returns a schedule that starts with a pause of interval > 0. The random numbers are in [0, 1);
// 0.5 leaves a pause as it is.
func NewSchedule(interval, maxInterval time.Duration, random func() float64) *Schedule {
	return &Schedule{
		// Its own jitter would exceed its cap and come from a source that cannot be set; its own stop would
		// come before the deadline. Both are off.
		steps: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(interval),
			backoff.WithMultiplier(Factor),
			backoff.WithMaxInterval(maxInterval),
			backoff.WithRandomizationFactor(0),
			backoff.WithMaxElapsedTime(0),
		),
		interval: interval,
		slowest:  max(maxThrottledPause, maxInterval),
		random:   random,
	}
}

// Next returns the pause after a poll that found the task running.
func (s *Schedule) Next() time.Duration { return s.next(demand{valid: true}) }

// demand is what the responses of a round demand of the next pause.
type demand struct {
	valid      bool          // one of them was valid
	slower     bool          // the API throttles
	retryAfter time.Duration // a lower bound; 0: none
	window     time.Duration // in which the API counts requests; 0: unknown
}

// add adds what a response demands.
func (d *demand) add(kind Kind, found *target.Finding) {
	d.valid = d.valid || kind != Failing && kind != Final
	d.retryAfter = max(d.retryAfter, found.State.Response.RetryAfter)
	var e *client.Error
	if errors.As(found.Err, &e) {
		d.slower = d.slower || e.Throttled()
		d.retryAfter = max(d.retryAfter, e.Response.RetryAfter)
		d.window = max(d.window, e.Window())
	}
}

// next returns the pause after a round. Throttling without Retry-After doubles the pause, and spreads it over the
// API's window if that is longer. From then until a round without it that has a valid response, the schedule stands
// still.
func (s *Schedule) next(wish demand) time.Duration {
	atLeast := wish.retryAfter
	switch {
	case wish.valid && !wish.slower:
		s.throttled = 0
	case wish.slower && atLeast == 0:
		chance := s.random()
		if wish.valid { // the round was served in part: the schedule is the measure again
			s.last = s.step
		}
		doubled := 2 * min(max(s.last, s.interval), s.slowest/2)
		s.throttled = max(times(doubled, 1+throttledJitter*chance), times(min(wish.window, s.slowest), chance))
	case wish.slower:
		// max, because rounding to a float could fall below Retry-After.
		atLeast = max(atLeast, times(atLeast, 1+Jitter*s.random()))
		if s.throttled == 0 {
			s.throttled = min(max(s.last, s.interval), s.slowest) // the last pause may have been a longer Retry-After
		}
	}
	pause := s.throttled
	if pause == 0 {
		pause = times(s.steps.NextBackOff(), 1-Jitter+2*Jitter*s.random())
		s.step = pause
	}
	s.last = max(pause, atLeast)
	return s.last
}

// times multiplies, and stays within what a duration can hold.
func times(pause time.Duration, factor float64) time.Duration {
	product := float64(pause) * factor
	if product >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(product)
}
