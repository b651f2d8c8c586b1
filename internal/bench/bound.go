package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// bound returns a schedule that no program can reach, as a yardstick. It polls whenever the elapsed
// time has grown by a factor, which is optimal if short tasks are as likely as long ones. It knows
// how long the shortest task takes and does not poll earlier; it has no cap and no jitter.
func bound(factor float64) schedule {
	grow := func(elapsed time.Duration) time.Duration { return inSeconds(factor * elapsed.Seconds()) }
	firstResponse := grow(shortest)
	return schedule{first: firstResponse - roundTrip, pauses: func(*rand.Rand) func() time.Duration {
		elapsed := firstResponse
		return func() time.Duration {
			pause := max(0, grow(elapsed)-elapsed-roundTrip)
			elapsed += pause + roundTrip
			return pause
		}
	}}
}

// curve returns the figures of the bound for factors from small to large, and so from many polls to
// few.
func curve() []figures {
	const points = 40
	tasks := allDurations()
	var all []figures
	for i := range points {
		// Equal steps of the logarithm of the factor spread the points evenly over the logarithmic
		// axis of polls.
		part := float64(i) / (points - 1)
		all = append(all, measure(bound(math.Exp(0.01*math.Pow(150, part))), tasks))
	}
	return all
}
