package main

import (
	"math/rand/v2"
	"time"

	"github.com/dmswait/dmswait/internal/poll"
)

// The defaults of interval and max_interval; a test holds them to those.
const (
	defaultInterval    = time.Second
	defaultMaxInterval = 25 * time.Second
)

// ours is dmswait's own schedule, by the code that the program runs.
func ours() schedule {
	return schedule{
		name: "dmswait", isOurs: true, label: right,
		rule: "1 × 1.1ⁿ, at most 25, ± 10 %",
		pauses: func(chance *rand.Rand) func() time.Duration {
			return poll.NewSchedule(defaultInterval, defaultMaxInterval, chance.Float64).Next
		},
	}
}

// peers are the schedules that other waiters have by default, as their sources or documentation tell them; n counts from 0. Those that let the service
// push what changes are not here, since they don't poll. Timeouts are left out, so that each schedule gets to the end of the task.
func peers() []schedule {
	return []schedule{
		{name: "wait4x", rule: "1", pauses: constant(1), label: left},
		{name: "gh run watch", rule: "3", pauses: constant(3), label: right},
		{name: "wait4x, exponential", rule: "2, 4, then 5", pauses: growing(2, 2, 5), label: above},
		{name: "KooCLI", rule: "5", pauses: constant(5), label: below},
		{name: "AWS CLI, 15 s", rule: "15", pauses: constant(15), label: right},
		{name: "Terraform, RocketMQ", rule: "20; the first poll after 10", first: 10 * time.Second, pauses: constant(20), label: right},
		{name: "Go longrunning", rule: "U(0, 1 × 2ⁿ), the upper end at most 60", pauses: upTo(1, 2, 60), label: below},
		{name: "AWS CLI, 30 s; az; azcore", rule: "30", pauses: constant(30), label: right},
		{name: "Terraform, Kafka", rule: "30; the first poll after 20", first: 20 * time.Second, pauses: constant(30), label: right},
		{name: "backoff v4", rule: "0.5 × 1.5ⁿ, at most 60, ± 50 %", pauses: halfJittered(0.5, 1.5, 60), label: right},
		{name: "smithy", rule: "U(2, 2 × 2ⁿ), the upper end at most 120", pauses: from(2, 120), label: left},
		{name: "gcloud", rule: "2 × 1.4ⁿ + U(0, 1), at most 180; the first poll after 1", first: time.Second, pauses: gcloud, label: right},
		{name: "smithy, ECS", rule: "U(15, 15 × 2ⁿ), the upper end at most 600", pauses: from(15, 600), label: right},
	}
}

// pauses starts a wait. What it returns tells the pause after each answer in turn.
type pauses = func(chance *rand.Rand) func() time.Duration

func constant(seconds float64) pauses {
	pause := inSeconds(seconds)
	return func(*rand.Rand) func() time.Duration { return func() time.Duration { return pause } }
}

// geometric steps from first by a factor to most, and makes a pause of each step and a random number in [0, 1). All of it is in seconds.
func geometric(first, factor, most float64, pause func(step, random float64) float64) pauses {
	return func(chance *rand.Rand) func() time.Duration {
		next := first
		return func() time.Duration {
			step := min(next, most)
			next = step * factor
			return inSeconds(pause(step, chance.Float64()))
		}
	}
}

func growing(first, factor, most float64) pauses {
	return geometric(first, factor, most, func(step, _ float64) float64 { return step })
}

// upTo draws from nothing to the step.
func upTo(first, factor, most float64) pauses {
	return geometric(first, factor, most, func(step, random float64) float64 { return step * random })
}

// from draws from the first step to the step, which doubles.
func from(first, most float64) pauses {
	return geometric(first, 2, most, func(step, random float64) float64 { return first + (step-first)*random })
}

func halfJittered(first, factor, most float64) pauses {
	return geometric(first, factor, most, func(step, random float64) float64 { return step * (0.5 + random) })
}

// jittered has dmswait's form of pauses, with any factor.
func jittered(first, factor, most float64) pauses {
	return geometric(first, factor, most, func(step, random float64) float64 { return step * (1 - poll.Jitter + 2*poll.Jitter*random) })
}

func gcloud(chance *rand.Rand) func() time.Duration {
	const most = 180
	return geometric(2, 1.4, most, func(step, random float64) float64 { return min(step+random, most) })(chance)
}
