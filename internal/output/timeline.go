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
// a limit. Of many targets it records the first.
type Timeline struct{ targets []track }

// track is what the wait for one target went through.
type track struct {
	spans []span
	over  bool
}

// span is a state that lasted. Its name is one of our own words, whatever the service calls the state.
type span struct {
	name     string
	failing  bool
	from, to time.Duration
}

const (
	maxSpans   = 20 // of a target that a chart shows
	maxTargets = 20 // that a chart shows
)

// Poll records what a poll found.
func (t *Timeline) Poll(p *poll.Outcome) {
	if p.Target >= maxTargets {
		return
	}
	for len(t.targets) <= p.Target {
		t.targets = append(t.targets, track{})
	}
	t.targets[p.Target].poll(p)
}

func (t *track) poll(p *poll.Outcome) {
	name, failing := state(p)
	n := len(t.spans)
	if n > 0 {
		t.spans[n-1].to = p.At
	}
	switch t.over = p.Over; {
	case p.Kind == poll.Ended: // the chart shows the result instead
	case n > 0 && t.spans[n-1].name == name: // it lasts
	case n == maxSpans:
		t.spans[n-1].name, t.spans[n-1].failing = "many changes", false
	default:
		t.spans = append(t.spans, span{name: name, failing: failing, from: p.At, to: p.At})
	}
}

// state names what a poll found, and reports whether that was no valid response.
func state(p *poll.Outcome) (name string, failing bool) {
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

// gantt returns the timeline as a Mermaid chart that ends with the result, or "" where nothing was recorded. Several
// targets have a section each, named by their numbers. The chart contains our own words and times only.
func (t *Timeline) gantt(r *result.Report) string {
	waited := r.Waited
	var sections strings.Builder
	for i, track := range t.targets {
		end := waited
		if n := len(track.spans); track.over && len(r.All) > 1 && n > 0 {
			end = track.spans[n-1].to
		}
		own, api := track.bars(waited, end)
		switch {
		case len(r.All) > 1 && own+api != "":
			fmt.Fprintf(&sections, "  section %d\n%s%s", i+1, own, api)
			continue
		case own != "":
			sections.WriteString("  section " + r.Kind() + "\n" + own)
		}
		if api != "" {
			sections.WriteString("  section API\n" + api)
		}
	}
	if sections.Len() == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("```mermaid\ngantt\n  dateFormat YYYY-MM-DD HH:mm:ss.SSS\n")
	fmt.Fprintf(&b, "  axisFormat %s\n  todayMarker off\n%s", axisFormat(waited), sections.String())
	name := strings.ReplaceAll(r.Result.Name, "_", " ")
	fmt.Fprintf(&b, "  section end\n  %s :milestone, %s, %s\n```\n", name, chartAt(waited), chartAt(waited))
	return b.String()
}

func chartAt(d time.Duration) string { return chartStart.Add(d).Format("2006-01-02 15:04:05.000") }

// bars returns the bars of a target until its end, and those of the times without a valid response.
func (t track) bars(waited, end time.Duration) (own, api string) {
	minBar := waited / 200 // a shorter bar could not be seen
	for i, s := range t.spans {
		to := s.to
		if i == len(t.spans)-1 {
			to = end
		}
		tag := "done"
		switch {
		case s.failing:
			tag = "crit"
		case s.name == "executing":
			tag = "active"
		}
		from, until := min(s.from, waited-minBar), max(to, min(s.from+minBar, waited))
		bar := fmt.Sprintf("  %s %s :%s, %s, %s\n", s.name, result.Human(to-s.from), tag, chartAt(from), chartAt(until))
		if s.failing {
			api += bar
		} else {
			own += bar
		}
	}
	return own, api
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
