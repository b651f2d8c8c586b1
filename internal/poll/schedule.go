package poll

import (
	"math"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	// Factor is how much longer each pause is than the one before.
	Factor = 1.15
	// Jitter is the part of a pause by which chance may shorten or lengthen it, so that waiters that started together drift apart.
	Jitter = 0.1

	// throttledPause is how long a pause grows to while the API throttles, unless max_interval is longer.
	// Its gateway counts requests by the minute.
	throttledPause = time.Minute
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

// next tells the pause after an answer, retryAfter being the least that the answer asks for. Throttling that asks for nothing doubles the pause;
// the schedule itself stands still from then on until the next good answer.
func (s *Schedule) next(answer kind, throttled bool, retryAfter time.Duration) time.Duration {
	switch {
	case answer != failing:
		s.throttled = 0
	case throttled && retryAfter == 0:
		s.throttled = 2 * min(max(s.last, s.interval), s.slowest/2)
	case throttled && s.throttled == 0:
		s.throttled = max(s.last, s.interval)
	}
	pause := s.throttled
	if pause == 0 {
		pause = s.jittered(s.steps.NextBackOff())
	}
	s.last = max(pause, retryAfter)
	return s.last
}

func (s *Schedule) jittered(pause time.Duration) time.Duration {
	exact := float64(pause) * (1 - Jitter + 2*Jitter*s.random())
	return time.Duration(min(exact, math.MaxInt64/2)) // half, since a float of MaxInt64 is one too many for an int64
}
