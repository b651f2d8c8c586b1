package main

import (
	"math/rand/v2"
	"time"

	"github.com/dmswait/dmswait/internal/poll"
)

// The defaults of interval and max_interval. A test compares them with the program's.
const (
	defaultInterval    = time.Second
	defaultMaxInterval = 25 * time.Second
)

// ours returns dmswait's schedule, from the code of the program.
func ours() schedule {
	return schedule{
		name: "dmswait", isOurs: true, label: right,
		rule: "1 × 1.1ⁿ, max. 25, ± 10 %",
		pauses: func(random *rand.Rand) func() time.Duration {
			return poll.NewSchedule(defaultInterval, defaultMaxInterval, random.Float64).Next
		},
	}
}

// peers returns the default schedules of other programs, according to their source code or
// documentation; n counts from 0. Programs that are notified of changes are missing, because they
// do not poll. Timeouts are ignored, so that every schedule reaches the end of the task.
func peers() []schedule {
	return []schedule{
		{name: "wait4x", rule: "1", pauses: constant(1), label: left},
		{name: "gh run watch", rule: "3", pauses: constant(3), label: right},
		{name: "wait4x, exponential", rule: "2, 4, then 5", pauses: growing(2, 2, 5), label: above},
		{name: "KooCLI", rule: "5", pauses: constant(5), label: below},
		{name: "AWS CLI, 15 s", rule: "15", pauses: constant(15), label: right},
		{
			name: "Terraform, RocketMQ", rule: "20; first poll after 10",
			first: 10 * time.Second, pauses: constant(20), label: right,
		},
		{name: "Go longrunning", rule: "U(0, 1 × 2ⁿ), max. U(0, 60)", pauses: fromZero(1, 2, 60), label: below},
		{name: "AWS CLI, 30 s; az; azcore", rule: "30", pauses: constant(30), label: right},
		{
			name: "Terraform, Kafka", rule: "30; first poll after 20",
			first: 20 * time.Second, pauses: constant(30), label: right,
		},
		{
			name: "backoff v4", rule: "0.5 × 1.5ⁿ, max. 60, ± 50 %",
			pauses: halfJittered(0.5, 1.5, 60), label: right,
		},
		{name: "smithy", rule: "U(2, 2 × 2ⁿ), max. U(2, 120)", pauses: fromFirst(2, 120), label: left},
		{
			name: "gcloud", rule: "2 × 1.4ⁿ + U(0, 1), max. 180; first poll after 1",
			first: time.Second, pauses: gcloud, label: right,
		},
		{name: "smithy, ECS", rule: "U(15, 15 × 2ⁿ), max. U(15, 600)", pauses: fromFirst(15, 600), label: right},
	}
}

// pauses begins a wait. The function that it returns returns the pause after each response in turn.
type pauses = func(random *rand.Rand) func() time.Duration

func constant(seconds float64) pauses {
	pause := inSeconds(seconds)
	return func(*rand.Rand) func() time.Duration { return func() time.Duration { return pause } }
}

// geometric returns pauses that depend on a step, which grows from first by a factor up to limit,
// and on a random number in [0, 1). Everything is in seconds.
func geometric(first, factor, limit float64, pause func(step, random float64) float64) pauses {
	return func(random *rand.Rand) func() time.Duration {
		next := first
		return func() time.Duration {
			step := min(next, limit)
			next = step * factor
			return inSeconds(pause(step, random.Float64()))
		}
	}
}

// growing returns the steps themselves.
func growing(first, factor, limit float64) pauses {
	return geometric(first, factor, limit, func(step, _ float64) float64 { return step })
}

// fromZero returns random pauses from 0 to the step.
func fromZero(first, factor, limit float64) pauses {
	return geometric(first, factor, limit, func(step, random float64) float64 { return step * random })
}

// fromFirst returns random pauses from first to the step, which doubles.
func fromFirst(first, limit float64) pauses {
	return geometric(first, 2, limit, func(step, random float64) float64 { return first + (step-first)*random })
}

func halfJittered(first, factor, limit float64) pauses {
	return geometric(first, factor, limit, func(step, random float64) float64 { return step * (0.5 + random) })
}

// jittered returns pauses of the same form as dmswait's.
func jittered(first, factor, limit float64) pauses {
	return geometric(first, factor, limit, func(step, random float64) float64 {
		return step * (1 - poll.Jitter + 2*poll.Jitter*random)
	})
}

func gcloud(random *rand.Rand) func() time.Duration {
	const limit = 180
	pause := func(step, random float64) float64 { return min(step+random, limit) }
	return geometric(2, 1.4, limit, pause)(random)
}
