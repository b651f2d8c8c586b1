package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/poll"
)

// candidate is a schedule of dmswait's form, first × factorⁿ and at most a cap, with what it comes to.
type candidate struct {
	first, factor, most float64
	figures
}

func (c candidate) schedule() schedule { return schedule{pauses: jittered(c.first, c.factor, c.most)} }

// isDefault tells whether it is dmswait's own.
func (c candidate) isDefault() bool {
	return c.first == defaultInterval.Seconds() && c.factor == poll.Factor && c.most == defaultMaxInterval.Seconds()
}

// beats tells whether a candidate is nowhere worse over tasks of all sizes, and better somewhere.
func (c candidate) beats(o candidate) bool {
	return c.figures != o.figures && c.polls <= o.polls && c.relative <= o.relative && c.delay <= o.delay
}

// front is what no other candidate beats, of those with about as many polls as dmswait makes, and dmswait's own.
func front() []candidate {
	const fewest, most = 36, 40
	var all, best []candidate
	tasks := allTimes()
	for _, first := range []float64{0.5, 0.75, 1, 1.5, 2} {
		for _, factor := range []float64{1.05, 1.08, 1.1, 1.12, 1.15, 1.2, 1.25, 1.3} {
			for _, longest := range []float64{10, 15, 20, 25, 30, 40} {
				c := candidate{first: first, factor: factor, most: longest}
				c.figures = measure(c.schedule(), tasks)
				all = append(all, c)
			}
		}
	}
	for _, c := range all {
		beaten := slices.ContainsFunc(all, func(o candidate) bool { return o.beats(c) })
		if c.polls >= fewest && c.polls <= most && (!beaten || c.isDefault()) {
			best = append(best, c)
		}
	}
	slices.SortFunc(best, func(a, b candidate) int { return cmp.Compare(a.relative, b.relative) })
	return best
}

// searchTable shows the front, with polls and mean delay for each of the shown times.
func searchTable() string {
	var b strings.Builder
	b.WriteString("| first | factor | cap | polls | mean delay | 95th percentile | relative delay |" + timeHeads() + "\n")
	b.WriteString("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |" + strings.Repeat(" ---: |", len(shownTimes)) + "\n")
	for _, c := range front() {
		row := "| %g | %g | %g |"
		if c.isDefault() {
			row = "| **%g** | **%g** | **%g** |"
		}
		fmt.Fprintf(&b, row, c.first, c.factor, c.most)
		fmt.Fprintf(&b, " %.1f | %.1f s | %.0f s | %.1f %% |", c.polls, c.delay, c.late, 100*c.relative)
		for _, about := range shownTimes {
			f := measure(c.schedule(), timesAround(about))
			fmt.Fprintf(&b, " %s / %s |", short(f.polls), short(f.delay))
		}
		b.WriteString("\n")
	}
	return b.String()
}
