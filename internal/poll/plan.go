package poll

import "time"

// MaxPlanned is where Plan stops counting polls: a year of pauses of 1 ms has many more.
const MaxPlanned = 1_000_000

// Plan returns what a schedule without jitter comes to for a task that does not end: the times of the first
// polls, and how many there are until the timeout, the last one at it. Requests are assumed to take no time.
func Plan(interval, maxInterval, timeout time.Duration, first int) (polls []time.Duration, count int) {
	schedule := NewSchedule(interval, maxInterval, func() float64 { return 0.5 })
	for at := time.Duration(0); count < MaxPlanned; count++ {
		if count < first {
			polls = append(polls, at)
		}
		if at >= timeout {
			return polls, count + 1
		}
		at += min(schedule.Next(), timeout-at)
	}
	return polls, count
}
