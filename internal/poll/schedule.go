package poll

import (
	"math"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	// Factor is how much longer each pause is than the one before.
	Factor = 1.1
	// Jitter is the part of a pause by which chance may shorten or lengthen it, so that waiters that started together drift apart.
	Jitter = 0.1

	// throttledPause is how long a pause grows to while the API throttles, unless max_interval is longer.
	// Its gateway counts requests by the minute.
	throttledPause = time.Minute
	// spread is the part of a throttled pause that chance may add: all who wait for the same gateway were refused in the same second.
	spread = 0.5
)

// Schedule says how long to pause before the next look: interval × Factorⁿ, at most max, ± Jitter.
type Schedule struct {
	steps     *backoff.ExponentialBackOff
	interval  time.Duration
	slowest   time.Duration // the longest pause while throttled
	throttled time.Duration // the pause that throttling has grown to; 0 when the last good answer was later
	last      time.Duration // the last pause
	random    func() float64
}

// NewSchedule starts a schedule with a pause of interval > 0. The random numbers are in [0, 1); 0.5 leaves a pause as it is.
func NewSchedule(interval, longest time.Duration, random func() float64) *Schedule {
	return &Schedule{
		// Its own jitter comes after its cap and from a source that can't be given, and its stop comes before a deadline: both are off.
		steps: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(interval),
			backoff.WithMultiplier(Factor),
			backoff.WithMaxInterval(longest),
			backoff.WithRandomizationFactor(0),
			backoff.WithMaxElapsedTime(0),
		),
		interval: interval,
		slowest:  max(throttledPause, longest),
		random:   random,
	}
}

// Next tells the pause after an answer that the task is there, as long as the API asks for nothing else.
func (s *Schedule) Next() time.Duration { return s.next(there, demand{}) }

// demand is what an answer asks of the next pause.
type demand struct {
	slower     bool          // the API throttles
	retryAfter time.Duration // the least that it may be; 0: nothing is asked for
	window     time.Duration // in which the API counts requests; 0: it doesn't tell
}

// next tells the pause after an answer. Throttling that names no time doubles the pause, and spreads it over the API's window if that is longer;
// the schedule itself stands still from then on until the next good answer.
func (s *Schedule) next(answer kind, asked demand) time.Duration {
	least := asked.retryAfter
	switch {
	case answer != failing:
		s.throttled = 0
	case asked.slower && least == 0:
		chance := s.random()
		doubled := 2 * min(max(s.last, s.interval), s.slowest/2)
		s.throttled = max(times(doubled, 1+spread*chance), times(min(asked.window, s.slowest), chance))
	case asked.slower:
		least = max(least, times(least, 1+Jitter*s.random())) // max: a float has fewer digits
		if s.throttled == 0 {
			s.throttled = min(max(s.last, s.interval), s.slowest) // the last pause may have been a longer Retry-After
		}
	}
	pause := s.throttled
	if pause == 0 {
		pause = times(s.steps.NextBackOff(), 1-Jitter+2*Jitter*s.random())
	}
	s.last = max(pause, least)
	return s.last
}

// times stays within what a duration can be.
func times(pause time.Duration, factor float64) time.Duration {
	exact := float64(pause) * factor
	if exact >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(exact)
}
