package poll

import "time"

// MostPlanned is up to where looks are counted: with pauses of 1 ms a timeout of a year has many more, and who wants to know.
const MostPlanned = 1_000_000

// Plan tells what a schedule without chance comes to, for a task that does not end: the times of the first looks, and how many there are
// until the timeout, the last one at it. Requests are taken to need no time.
func Plan(interval, longest, timeout time.Duration, first int) (looks []time.Duration, count int) {
	schedule := NewSchedule(interval, longest, func() float64 { return 0.5 })
	for at := time.Duration(0); count < MostPlanned; count++ {
		if count < first {
			looks = append(looks, at)
		}
		if at >= timeout {
			return looks, count + 1
		}
		at += min(schedule.Next(), timeout-at)
	}
	return looks, count
}
