package output

import (
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// Timeline records what a wait went through, for the job summary. It grows with changes, not with polls, up to a limit.
type Timeline struct{ spans []span }

// span is a state that lasted. Its name is in our own words, whatever the service calls it.
type span struct {
	name     string
	failing  bool
	from, to time.Duration
}

// maxSpans is how many a chart can show.
const maxSpans = 20

// Poll records what a poll found.
func (t *Timeline) Poll(p poll.Outcome) {
	name := stateName(p)
	if n := len(t.spans); n > 0 {
		last := &t.spans[n-1]
		last.to = p.At
		if last.name == name {
			return
		}
		if n >= maxSpans {
			if p.Kind != poll.Ended {
				last.name, last.failing = "many changes", false
			}
			return
		}
	}
	if p.Kind != poll.Ended {
		failing := p.Kind == poll.Failing || p.Kind == poll.Final
		t.spans = append(t.spans, span{name: name, failing: failing, from: p.At, to: p.At})
	}
}

func stateName(p poll.Outcome) string {
	switch {
	case p.Kind == poll.Failing || p.Kind == poll.Final:
		return "no valid response"
	case p.Kind == poll.Missing:
		return "not found yet"
	case p.Kind == poll.Ended:
		return "ended"
	case p.Task.Status == client.Created:
		return "created"
	case p.Task.Status == client.Executing:
		return "executing"
	}
	return "running"
}

// chartStart is where a chart's time begins. Charts show the time since the start of the wait, on a day on which no clock
// changes, which no viewer's time zone can shift.
var chartStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// gantt returns the timeline as a Mermaid chart with the result at its end; empty when there was no response. It holds
// our own words and times only.
func (t *Timeline) gantt(r result.Result, waited time.Duration) string {
	if len(t.spans) == 0 {
		return ""
	}
	var task, api strings.Builder
	minimum := waited / 200 // a shorter bar could not be seen
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
		from, end := min(s.from, waited-minimum), max(to, min(s.from+minimum, waited))
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

// axisFormat returns the format of the times below a chart of that length.
func axisFormat(waited time.Duration) string {
	switch {
	case waited >= 24*time.Hour:
		return "day %-j %-Hh%Mm"
	case waited >= time.Hour:
		return "%-Hh%Mm"
	}
	return "%-Mm%Ss"
}
