package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// bound is a yardstick that no program can reach: it asks each time that the time elapsed has grown by a factor, as is best where short tasks are as
// likely as long ones; it knows how short the shortest task is, so it does not ask before; and it has neither a cap nor chance.
func bound(factor float64) schedule {
	grow := func(elapsed time.Duration) time.Duration { return inSeconds(factor * elapsed.Seconds()) }
	answered := grow(shortest)
	return schedule{first: answered - roundTrip, pauses: func(*rand.Rand) func() time.Duration {
		elapsed := answered
		return func() time.Duration {
			pause := max(0, grow(elapsed)-elapsed-roundTrip)
			elapsed += pause + roundTrip
			return pause
		}
	}}
}

// curve is what the bound reaches with factors from small to large, thus from many polls to few.
func curve() []figures {
	const points = 40
	tasks := allTimes()
	var all []figures
	for i := range points {
		// In equal steps of the factor's logarithm, which is the reverse of the number of polls, on a logarithmic scale.
		part := float64(i) / (points - 1)
		all = append(all, measure(bound(math.Exp(0.01*math.Pow(150, part))), tasks))
	}
	return all
}
