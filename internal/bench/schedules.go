package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// schedules prints how the schedules compare, draws that, or searches for a better one.
func schedules(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("schedules", flag.ContinueOnError)
	flags.SetOutput(out)
	svg := flags.String("svg", "", "draw the plot into this file, and print nothing")
	search := flags.Bool("search", false, "print what other pauses of the same form would do instead")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("schedules takes no argument: %q", flags.Arg(0))
	}
	switch {
	case *search:
		_, err := io.WriteString(out, searchTable())
		return err
	case *svg != "":
		return os.WriteFile(*svg, []byte(plot()), 0o644)
	}
	_, err := io.WriteString(out, overallTable()+"\n"+byTimeTable())
	return err
}

// shownTimes are the task times that have a column of their own.
var shownTimes = []time.Duration{5 * time.Second, 45 * time.Second, 3 * time.Minute, 10 * time.Minute, 40 * time.Minute}

// overallTable compares the schedules over task times of all sizes.
func overallTable() string {
	var b strings.Builder
	b.WriteString("| schedule | pauses in seconds | polls | mean delay | 95th percentile | relative delay |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
	tasks := allTimes()
	for _, s := range everySchedule() {
		f := measure(s, tasks)
		fmt.Fprintf(&b, "| %s | %s | %.0f | %s s | %s s | %s %% |\n", tableName(s), s.rule, f.polls, short(f.delay), short(f.late), short(100*f.relative))
	}
	return b.String()
}

// byTimeTable compares them over tasks of about the same time.
func byTimeTable() string {
	var b strings.Builder
	b.WriteString("| schedule |" + timeHeads() + "\n| --- |" + strings.Repeat(" ---: |", len(shownTimes)) + "\n")
	for _, s := range everySchedule() {
		fmt.Fprintf(&b, "| %s |", tableName(s))
		for _, about := range shownTimes {
			f := measure(s, timesAround(about))
			fmt.Fprintf(&b, " %s / %s / %s |", short(f.polls), short(f.delay), short(f.late))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func timeHeads() string {
	var b strings.Builder
	for _, about := range shownTimes {
		fmt.Fprintf(&b, " %.0f s |", about.Seconds())
	}
	return b.String()
}

// everySchedule is ours and all others.
func everySchedule() []schedule { return append([]schedule{ours()}, peers()...) }

func tableName(s schedule) string {
	if s.isOurs {
		return "**" + s.name + "**"
	}
	return s.name
}

// short writes a figure with two digits, or as many as are before the point.
func short(value float64) string {
	if value < 9.95 {
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}
