package console

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/target"
)

// watched is a target, and how it stood when it was last polled.
type watched struct {
	instanceID, taskID string // taskID is empty until the task is known

	kind    poll.Kind // 0 before the first poll
	state   target.State
	percent int // as last seen; -1: never
	givesUp time.Duration
	limit   poll.Limit
	over    bool
	result  result.Result // once it is over
}

// Poll shows what a poll found of a target, if anything has changed since the last one.
func (l *Log) Poll(p *poll.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequestBefore(p.Next)
	t := &l.targets[p.Target]
	if p.Over {
		l.changes = 0 // the end is never omitted
	}
	if e := l.changed(t, p); e != nil {
		l.change(e)
	}
	if (p.Kind == poll.Failing) != (t.kind == poll.Failing) {
		if p.Kind == poll.Failing {
			l.failing++
		} else {
			l.failing--
		}
	}
	if p.Err == nil {
		t.state = p.State
		l.warnUnknown(&p.State)
	}
	t.kind, t.givesUp, t.limit, t.over = p.Kind, p.GivesUp, p.Limit, p.Over
	if p.Over {
		t.result = result.Conclude(&p.State, p.End)
		l.ended++
		if t.result != result.Success {
			l.failed++
		}
	}
	l.last = *p
}

// changed returns the event that a poll is worth, or nil. A failure that ends the wait for the only target, or for all,
// is part of the result.
func (l *Log) changed(t *watched, p *poll.Outcome) *event {
	var e *client.Error
	switch {
	case p.Err == nil:
		return l.changedState(t, p)
	case p.Over && l.several() && !p.ForAll:
		return l.gaveUp(p)
	case p.Over || !errors.As(p.Err, &e):
		return nil
	}
	var name EventName
	text := ""
	switch {
	case p.Kind == poll.Failing && e.Throttled() && (l.failing == 0 && !l.several() || !l.warned[EventThrottled]):
		name, text = EventThrottled, "throttled; polling less often: "
	case p.Kind == poll.Failing && !e.Throttled() && l.failing == 0:
		name, text = EventOutage, "no valid response; still polling: "
	case p.Kind == poll.Missing && t.kind != poll.Missing:
		name, text = EventMissing, "not found yet: "
	default:
		return nil
	}
	change := &event{name: name, text: l.at(p) + text + l.errorText(e), fields: l.responseFields(e)}
	if p.Kind == poll.Failing {
		change = l.warnOnce(change)
	}
	if p.ForAll && l.several() {
		return change
	}
	return l.of(p.Target, change)
}

// changedState returns the event about a state, or nil. An outage ends with the last target that it concerned.
func (l *Log) changedState(t *watched, p *poll.Outcome) *event {
	name, text := EventStatus, ""
	switch {
	case t.kind == poll.Failing && l.failing == 1:
		name, text = EventRecovered, "recovered: "
	case (p.Kind == t.kind || t.kind == poll.Failing) && p.State.Status == t.state.Status:
		return nil
	}
	e := &event{name: name, text: l.at(p) + text + l.describe(&p.State, p.Kind), fields: []field{
		{"status", stringOrNil(l.short(string(p.State.Status)))},
	}}
	return l.of(p.Target, e)
}

// gaveUp returns the event about one of several targets whose end is not known.
func (l *Log) gaveUp(p *poll.Outcome) *event {
	r := result.Conclude(&p.State, p.End)
	text := l.at(p) + strings.ReplaceAll(r.Name, "_", " ")
	var e *client.Error
	var fields []field
	if errors.As(p.End, &e) {
		text += ": " + l.errorText(e)
		fields = l.responseFields(e)
	}
	return l.of(p.Target, &event{name: EventGaveUp, text: text, fields: append([]field{{"result", r.Name}}, fields...)})
}

// at returns what a line about a poll begins with: when it was and, among several, the name of the target, unless it
// concerns all.
func (l *Log) at(p *poll.Outcome) string {
	text := "[" + result.Human(p.At) + "] "
	if p.ForAll {
		return text
	}
	return text + l.name(p.Target)
}

// errorText returns what is shown of a failed request.
func (l *Log) errorText(e *client.Error) string {
	if l.debug {
		return e.FullText(l.secrets.Redact)
	}
	return e.Text(l.secrets.Redact)
}

// name returns what a line about a target begins with: its name among several, and nothing where it is the only one.
func (l *Log) name(i int) string {
	if !l.several() {
		return ""
	}
	return l.label(i) + ": "
}

// label names a target: a task by its id, and by its instance where there are several.
func (l *Log) label(i int) string {
	if t := &l.targets[i]; t.taskID != "" && l.instances > 1 {
		return t.instanceID + "/" + l.short(t.taskID)
	}
	return l.id(i)
}

// id returns the id of a target: that of the task, once it is known, or of the instance.
func (l *Log) id(i int) string {
	if t := &l.targets[i]; t.taskID != "" {
		return l.short(t.taskID)
	}
	return l.targets[i].instanceID
}

// several reports whether there is more than one target.
func (l *Log) several() bool { return len(l.targets) > 1 }

// of adds to an event which target it is about.
func (l *Log) of(i int, e *event) *event {
	t := &l.targets[i]
	e.fields = append(e.fields,
		field{"instance_id", stringOrNil(t.instanceID)}, field{"task_id", stringOrNil(l.short(t.taskID))})
	return e
}

// Progress shows the percentage of a target, if its tens have changed.
func (l *Log) Progress(i, percent int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.targets[i]
	changed := t.percent < 0 || percent/10 != t.percent/10
	t.percent = percent
	l.slowest = i
	if changed {
		l.change(l.of(i, &event{
			name: EventProgress,
			text: fmt.Sprintf("[%s] %s%s, %d%%", result.Human(time.Since(l.start)), l.name(i),
				l.statusName(t.state.Status), percent),
			fields: []field{{"progress", percent}},
		}))
	}
}

// warnUnknown warns about a status that is not documented, once, and about maxChanges different ones at most.
func (l *Log) warnUnknown(state *target.State) {
	status := state.Status
	if !state.Unknown || l.statuses[status] || len(l.statuses) >= maxChanges {
		return
	}
	l.statuses[status] = true
	shown := l.short(string(status))
	problem := fmt.Sprintf("DMS does not document the status %q", shown)
	if status == "" {
		problem = "DMS returned no status"
	}
	kind := "task"
	if state.Task == (client.Task{}) {
		kind = "instance"
	}
	text := fmt.Sprintf("%s; the %s is treated as still running", problem, kind)
	if kind == "instance" {
		text = problem + "; the wait for the instance goes on"
	}
	l.show(&event{
		name: EventUnknownStatus, level: levelWarning, text: text,
		fields: []field{{"status", stringOrNil(shown)}},
	})
}

func (l *Log) responseFields(e *client.Error) []field {
	if !e.Answered() {
		return nil
	}
	return []field{
		{"http_status", e.Response.StatusCode},
		{"error_code", stringOrNil(l.short(e.Code))},
		{"request_id", stringOrNil(l.short(e.Response.RequestID))},
	}
}

// describe returns the status of a target and, once a task has ended, how long it took.
func (l *Log) describe(state *target.State, kind poll.Kind) string {
	status := l.statusName(state.Status)
	took, ok := state.Task.Elapsed(time.Now())
	switch {
	case ok && state.Standing.Ended():
		return fmt.Sprintf("%s (took %s)", status, result.Human(took))
	case kind == poll.Holding:
		return status + " (settling)"
	}
	return status
}

func (l *Log) statusName(status client.Status) string {
	if status == "" {
		return "no status"
	}
	return l.short(string(status))
}
