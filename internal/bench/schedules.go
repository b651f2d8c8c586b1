package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// schedules prints how the schedules compare, plots it, or searches for better parameters.
func schedules(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("schedules", flag.ContinueOnError)
	flags.SetOutput(out)
	svg := flags.String("svg", "", "write the plot to this `file` instead")
	search := flags.Bool("search", false, "print what other parameters would achieve instead")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case *search:
		_, err := io.WriteString(out, searchTable())
		return err
	case *svg != "":
		return os.WriteFile(*svg, []byte(plot()), 0o644)
	}
	_, err := io.WriteString(out, overallTable()+"\n"+byDurationTable())
	return err
}

// shownDurations are the task durations that have a column of their own.
var shownDurations = []time.Duration{
	5 * time.Second, 45 * time.Second, 3 * time.Minute, 10 * time.Minute, 40 * time.Minute,
}

// overallTable compares the schedules for tasks of all durations.
func overallTable() string {
	var b strings.Builder
	b.WriteString("| schedule | pauses in seconds | polls | mean delay | 95th percentile | relative delay |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | ---: |\n")
	tasks := allDurations()
	for _, s := range allSchedules() {
		f := measure(s, tasks)
		fmt.Fprintf(&b, "| %s | %s | %.0f | %s s | %s s | %s %% |\n", tableName(s), s.rule, f.polls,
			twoDigits(f.delay), twoDigits(f.delay95), twoDigits(100*f.relative))
	}
	return b.String()
}

// byDurationTable compares the schedules for tasks of about the same duration.
func byDurationTable() string {
	var b strings.Builder
	b.WriteString("| schedule |" + durationHeadings() + "\n")
	b.WriteString("| --- |" + strings.Repeat(" ---: |", len(shownDurations)) + "\n")
	for _, s := range allSchedules() {
		fmt.Fprintf(&b, "| %s |", tableName(s))
		for _, about := range shownDurations {
			f := measure(s, durationsAround(about))
			fmt.Fprintf(&b, " %s / %s / %s |", twoDigits(f.polls), twoDigits(f.delay), twoDigits(f.delay95))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func durationHeadings() string {
	var b strings.Builder
	for _, about := range shownDurations {
		fmt.Fprintf(&b, " %.0f s |", about.Seconds())
	}
	return b.String()
}

// allSchedules returns ours and those of all peers.
func allSchedules() []schedule { return append([]schedule{ours()}, peers()...) }

func tableName(s schedule) string {
	if s.isOurs {
		return "**" + s.name + "**"
	}
	return s.name
}

// twoDigits formats a figure with two significant digits, or as an integer.
func twoDigits(value float64) string {
	if value < 9.95 {
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}
