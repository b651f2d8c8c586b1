package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	seed      = 20260102
	draws     = 3000 // task times of all sizes
	drawsEach = 1000 // task times about a given one

	// roundTrip is how long an answer takes. It tells how the task stood in the middle of that.
	roundTrip = 150 * time.Millisecond

	shortest = 3 * time.Second // tasks of all sizes take from this
	longest  = time.Hour       // to this
)

// schedule is when a waiter asks.
type schedule struct {
	name   string
	rule   string        // its pauses in seconds, for people
	first  time.Duration // the pause before the first poll
	pauses pauses
	isOurs bool
	label  side // where its name stands in the plot, seen from its point
}

// wait simulates a wait for a task that ends after a time: how many polls it takes, and how long after that end the answer that tells of it is there.
func (s schedule) wait(task time.Duration, chance *rand.Rand) (polls int, delay time.Duration) {
	next := s.pauses(chance)
	at := s.first
	for polls = 1; at+roundTrip/2 < task; polls++ {
		at += roundTrip + next()
	}
	return polls, at + roundTrip - task
}

// figures are what a schedule comes to on average.
type figures struct {
	polls    float64
	delay    float64 // mean, in seconds
	late     float64 // the delay that 95 of 100 waits don't exceed, in seconds
	relative float64 // mean of the delay as part of the task's time
}

// measure simulates a wait for each of the tasks. Chance is the same for each schedule, so that they differ by themselves alone.
func measure(s schedule, tasks []time.Duration) figures {
	var f figures
	delays := make([]float64, len(tasks))
	source := rand.NewPCG(0, 0)
	chance := rand.New(source)
	n := float64(len(tasks))
	for i, task := range tasks {
		source.Seed(seed, uint64(i))
		polls, delay := s.wait(task, chance)
		delays[i] = delay.Seconds()
		f.polls += float64(polls) / n
		f.delay += delays[i] / n
		f.relative += delays[i] / task.Seconds() / n
	}
	slices.Sort(delays)
	f.late = delays[len(delays)*95/100]
	return f
}

// allTimes are task times of all sizes: as many between 3 s and 6 s as between 30 s and 60 s.
func allTimes() []time.Duration {
	return spread(draws, func(part float64) float64 {
		return shortest.Seconds() * math.Pow(longest.Seconds()/shortest.Seconds(), part)
	})
}

// timesAround are task times within a tenth of one, since one alone may be just before a poll, or just after it.
func timesAround(about time.Duration) []time.Duration {
	return spread(drawsEach, func(part float64) float64 { return about.Seconds() * (0.9 + 0.2*part) })
}

// spread draws one time from each of n equal parts of a distribution, which is nearer to it than n times drawn from the whole.
func spread(n int, quantile func(part float64) float64) []time.Duration {
	chance := rand.New(rand.NewPCG(seed, 0))
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = inSeconds(quantile((float64(i) + chance.Float64()) / float64(n)))
	}
	return times
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
