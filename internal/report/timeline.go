package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// Timeline keeps what a wait went through, as spans of time, for the job summary. It grows with changes, not with polls, and stops at a bound.
type Timeline struct {
	Start time.Time // of the wait
	spans []span
}

// span is one state that lasted. Its word is ours, whatever the service calls it.
type span struct {
	word     string
	bad      bool
	from, to time.Duration
}

// mostSpans is how many a chart can show.
const mostSpans = 20

// Poll notes an answer.
func (t *Timeline) Poll(p poll.Poll) {
	word, bad := "waiting", false
	switch {
	case isOutage(p.Err):
		word, bad = "no good answer", true
	case p.Err != nil:
		word = "not there yet"
	case p.Task.Status == client.Created:
		word = "created"
	case p.Task.Status == client.Executing:
		word = "executing"
	case p.Task.Status.Ended():
		word = "ended"
	}
	if n := len(t.spans); n > 0 {
		last := &t.spans[n-1]
		last.to = p.At
		if last.word == word {
			return
		}
		if n >= mostSpans {
			if word != "ended" {
				last.word, last.bad = "many changes", false
			}
			return
		}
	}
	if word != "ended" {
		t.spans = append(t.spans, span{word: word, bad: bad, from: p.At, to: p.At})
	}
}

// chartStart is where a chart's time begins: it shows the time since the start, which no viewer's time zone can shift, on a day on which no clock changes.
var chartStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// gantt is the timeline as a Mermaid chart, with the result as its end; empty when there was no answer. It holds words and times of ours only.
func (t *Timeline) gantt(result Result, waited time.Duration) string {
	if len(t.spans) == 0 {
		return ""
	}
	var task, api strings.Builder
	least := waited / 200 // a bar that is shorter could not be seen
	at := func(d time.Duration) string { return chartStart.Add(d).Format("2006-01-02 15:04:05.000") }
	for i, s := range t.spans {
		to := s.to
		if i == len(t.spans)-1 {
			to = waited
		}
		row, tag := &task, "done"
		switch {
		case s.bad:
			row, tag = &api, "crit"
		case s.word == "executing":
			tag = "active"
		}
		from, end := min(s.from, waited-least), max(to, min(s.from+least, waited))
		fmt.Fprintf(row, "  %s %s :%s, %s, %s\n", s.word, Human(to-s.from), tag, at(from), at(end))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "```mermaid\ngantt\n  dateFormat YYYY-MM-DD HH:mm:ss.SSS\n  axisFormat %s\n  todayMarker off\n", axis(waited))
	if task.Len() > 0 {
		b.WriteString("  section task\n" + task.String())
	}
	if api.Len() > 0 {
		b.WriteString("  section API\n" + api.String())
	}
	fmt.Fprintf(&b, "  section end\n  %s :milestone, %s, %s\n```\n", strings.ReplaceAll(result.Name, "_", " "), at(waited), at(waited))
	return b.String()
}

// axis is the form of the times below a chart of that length.
func axis(waited time.Duration) string {
	switch {
	case waited >= 24*time.Hour:
		return "day %-j %-Hh%Mm"
	case waited >= time.Hour:
		return "%-Hh%Mm"
	}
	return "%-Mm%Ss"
}
