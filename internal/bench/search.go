package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/poll"
)

// candidate is a schedule of the same form as dmswait's, first × factorⁿ up to limit, with its
// figures. first and limit are in seconds.
type candidate struct {
	first, factor, limit float64
	figures
}

func (c candidate) schedule() schedule { return schedule{pauses: jittered(c.first, c.factor, c.limit)} }

// isDefault reports whether the candidate is dmswait's schedule.
func (c candidate) isDefault() bool {
	return c.first == defaultInterval.Seconds() && c.factor == poll.Factor &&
		c.limit == defaultMaxInterval.Seconds()
}

// dominates reports whether c is better than o in one figure and not worse in any other.
func (c candidate) dominates(o candidate) bool {
	return c.figures != o.figures && c.polls <= o.polls && c.relative <= o.relative && c.delay <= o.delay
}

// front returns the candidates that poll about as often as dmswait and that no other dominates, and
// dmswait's schedule.
func front() []candidate {
	const minPolls, maxPolls = 36, 40
	var all, best []candidate
	tasks := allDurations()
	for _, first := range []float64{0.5, 0.75, 1, 1.5, 2} {
		for _, factor := range []float64{1.05, 1.08, 1.1, 1.12, 1.15, 1.2, 1.25, 1.3} {
			for _, limit := range []float64{10, 15, 20, 25, 30, 40} {
				c := candidate{first: first, factor: factor, limit: limit}
				c.figures = measure(c.schedule(), tasks)
				all = append(all, c)
			}
		}
	}
	for _, c := range all {
		dominated := slices.ContainsFunc(all, func(o candidate) bool { return o.dominates(c) })
		if c.polls >= minPolls && c.polls <= maxPolls && (!dominated || c.isDefault()) {
			best = append(best, c)
		}
	}
	slices.SortFunc(best, func(a, b candidate) int { return cmp.Compare(a.relative, b.relative) })
	return best
}

// searchTable returns the front, with polls and mean delay for each of the shown durations.
func searchTable() string {
	var b strings.Builder
	b.WriteString("| first | factor | cap | polls | mean delay | 95th percentile | relative delay |" +
		durationHeadings() + "\n")
	b.WriteString("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |" +
		strings.Repeat(" ---: |", len(shownDurations)) + "\n")
	for _, c := range front() {
		row := "| %g | %g | %g |"
		if c.isDefault() {
			row = "| **%g** | **%g** | **%g** |"
		}
		fmt.Fprintf(&b, row, c.first, c.factor, c.limit)
		fmt.Fprintf(&b, " %.1f | %.1f s | %.0f s | %.1f %% |", c.polls, c.delay, c.delay95, 100*c.relative)
		for _, about := range shownDurations {
			f := measure(c.schedule(), durationsAround(about))
			fmt.Fprintf(&b, " %s / %s |", twoDigits(f.polls), twoDigits(f.delay))
		}
		b.WriteString("\n")
	}
	return b.String()
}
