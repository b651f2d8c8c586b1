package output

import (
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// Timeline records what a wait went through, for the job summary. It grows with changes, not with polls, up to
// a limit.
type Timeline struct{ spans []span }

// span is a state that lasted. Its name is one of our own words, whatever the service calls the state.
type span struct {
	name     string
	failing  bool
	from, to time.Duration
}

// maxSpans is how many spans a chart shows.
const maxSpans = 20

// Poll records what a poll found.
func (t *Timeline) Poll(p poll.Outcome) {
	name, failing := state(p)
	n := len(t.spans)
	if n > 0 {
		t.spans[n-1].to = p.At
	}
	switch {
	case p.Kind == poll.Ended: // the chart shows the result instead
	case n > 0 && t.spans[n-1].name == name: // it lasts
	case n == maxSpans:
		t.spans[n-1].name, t.spans[n-1].failing = "many changes", false
	default:
		t.spans = append(t.spans, span{name: name, failing: failing, from: p.At, to: p.At})
	}
}

// state names what a poll found, and reports whether that was no valid response.
func state(p poll.Outcome) (name string, failing bool) {
	switch {
	case p.Kind == poll.Failing || p.Kind == poll.Final:
		return "no valid response", true
	case p.Kind == poll.Missing:
		return "not found yet", false
	case p.State.Status == client.Created:
		return "created", false
	case p.State.Status == client.Executing:
		return "executing", false
	}
	return "running", false
}

// chartStart stands for the start of the wait: charts show the time since then, which does not depend on a
// viewer's time zone. On that day no zone changes its clocks.
var chartStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// gantt returns the timeline as a Mermaid chart that ends with the result, or "" where nothing was recorded.
// The chart contains our own words and times only.
func (t *Timeline) gantt(r result.Result, waited time.Duration) string {
	if len(t.spans) == 0 {
		return ""
	}
	var task, api strings.Builder
	minBar := waited / 200 // a shorter bar could not be seen
	at := func(d time.Duration) string { return chartStart.Add(d).Format("2006-01-02 15:04:05.000") }
	for i, s := range t.spans {
		to := s.to
		if i == len(t.spans)-1 {
			to = waited
		}
		row, tag := &task, "done"
		switch {
		case s.failing:
			row, tag = &api, "crit"
		case s.name == "executing":
			tag = "active"
		}
		from, end := min(s.from, waited-minBar), max(to, min(s.from+minBar, waited))
		fmt.Fprintf(row, "  %s %s :%s, %s, %s\n", s.name, result.Human(to-s.from), tag, at(from), at(end))
	}
	var b strings.Builder
	b.WriteString("```mermaid\ngantt\n  dateFormat YYYY-MM-DD HH:mm:ss.SSS\n")
	fmt.Fprintf(&b, "  axisFormat %s\n  todayMarker off\n", axisFormat(waited))
	if task.Len() > 0 {
		b.WriteString("  section task\n" + task.String())
	}
	if api.Len() > 0 {
		b.WriteString("  section API\n" + api.String())
	}
	name := strings.ReplaceAll(r.Name, "_", " ")
	fmt.Fprintf(&b, "  section end\n  %s :milestone, %s, %s\n```\n", name, at(waited), at(waited))
	return b.String()
}

// axisFormat returns the format of the times below the chart of a wait of that length.
func axisFormat(waited time.Duration) string {
	switch {
	case waited >= 24*time.Hour:
		return "day %-j %-Hh%Mm"
	case waited >= time.Hour:
		return "%-Hh%Mm"
	}
	return "%-Mm%Ss"
}
