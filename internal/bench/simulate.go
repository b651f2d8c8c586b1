package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	seed      = 20260102
	draws     = 3000 // tasks of all durations
	drawsEach = 1000 // tasks of about a given duration

	// roundTrip is the duration of a poll. The response has the task's status in the middle of it.
	roundTrip = 150 * time.Millisecond

	// Tasks of all durations take from shortest to longest.
	shortest = 3 * time.Second
	longest  = time.Hour
)

// schedule is when a program polls.
type schedule struct {
	name   string
	rule   string        // its pauses in seconds, for people
	first  time.Duration // pause before the first poll
	pauses pauses
	isOurs bool
	label  side // where the plot has its name
}

// wait simulates a wait for a task. It returns the number of polls, and the delay from the end of
// the task to the response that has it.
func (s schedule) wait(task time.Duration, random *rand.Rand) (polls int, delay time.Duration) {
	next := s.pauses(random)
	at := s.first
	for polls = 1; at+roundTrip/2 < task; polls++ {
		at += roundTrip + next()
	}
	return polls, at + roundTrip - task
}

// figures are what a schedule achieves. Delays are in seconds.
type figures struct {
	polls    float64 // mean
	delay    float64 // mean
	delay95  float64 // 95th percentile of the delay
	relative float64 // mean of the delay as a fraction of the task's duration
}

// measure simulates a wait for each task. All schedules get the same random numbers, so that they
// do not differ by chance.
func measure(s schedule, tasks []time.Duration) figures {
	var f figures
	delays := make([]float64, len(tasks))
	source := rand.NewPCG(0, 0)
	random := rand.New(source)
	n := float64(len(tasks))
	for i, task := range tasks {
		source.Seed(seed, uint64(i))
		polls, delay := s.wait(task, random)
		delays[i] = delay.Seconds()
		f.polls += float64(polls) / n
		f.delay += delays[i] / n
		f.relative += delays[i] / task.Seconds() / n
	}
	slices.Sort(delays)
	f.delay95 = delays[len(delays)*95/100]
	return f
}

// allDurations returns durations that are evenly distributed on a logarithmic scale: as many
// between 3 s and 6 s as between 30 s and 60 s.
func allDurations() []time.Duration {
	return sample(draws, func(p float64) float64 {
		return shortest.Seconds() * math.Pow(longest.Seconds()/shortest.Seconds(), p)
	})
}

// durationsAround returns durations within 10 % of one: a single task could end just before or
// after a poll.
func durationsAround(about time.Duration) []time.Duration {
	return sample(drawsEach, func(p float64) float64 { return about.Seconds() * (0.9 + 0.2*p) })
}

// sample draws one duration from each of n equally likely parts of a distribution, which represents
// it better than n draws from the whole. quantile returns seconds.
func sample(n int, quantile func(p float64) float64) []time.Duration {
	random := rand.New(rand.NewPCG(seed, 0))
	durations := make([]time.Duration, n)
	for i := range durations {
		durations[i] = inSeconds(quantile((float64(i) + random.Float64()) / float64(n)))
	}
	return durations
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
