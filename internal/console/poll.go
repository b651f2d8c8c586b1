package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/target"
)

// watched is how one target stood when it was last polled.
type watched struct {
	kind    poll.Kind // 0 before the first poll
	state   target.State
	percent int // as last seen; -1: never
	givesUp time.Duration
	limit   poll.Limit
	over    bool
	result  result.Result // once it is over
}

// Poll shows what a poll found of a target, if anything has changed since the last one.
func (l *Log) Poll(p poll.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequestBefore(p.Next)
	t := &l.targets[p.Target]
	if p.Over {
		l.changes = 0 // the end is never omitted
	}
	if e, ok := l.changed(t, p); ok {
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
		l.warnUnknown(p.State)
	}
	t.kind, t.givesUp, t.limit, t.over = p.Kind, p.GivesUp, p.Limit, p.Over
	if p.Over {
		t.result = result.Conclude(p.State, p.End)
		l.ended++
		if t.result != result.Success {
			l.failed++
		}
	}
	l.polledAt, l.next = p.At, p.Next
}

// changed returns the event that a poll is worth, if any. A failure that ends the wait for the only target is part of
// the result.
func (l *Log) changed(t *watched, p poll.Outcome) (event, bool) {
	var e *client.Error
	switch {
	case p.Err == nil:
		return l.changedState(t, p)
	case p.Over && l.several():
		return l.gaveUp(p), true
	case p.Over || !errors.As(p.Err, &e):
		return event{}, false
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
		return event{}, false
	}
	change := event{name: name, text: l.at(p) + text + l.errorText(e), fields: l.responseFields(e)}
	if p.Kind == poll.Failing {
		change = l.warnOnce(change)
	}
	return l.of(p.Target, change), true
}

// changedState returns the event about a state. An outage ends with the last target that it concerned.
func (l *Log) changedState(t *watched, p poll.Outcome) (event, bool) {
	name, text := EventStatus, ""
	switch {
	case t.kind == poll.Failing && l.failing == 1:
		name, text = EventRecovered, "recovered: "
	case (p.Kind == t.kind || t.kind == poll.Failing) && p.State.Status == t.state.Status:
		return event{}, false
	}
	e := event{name: name, text: l.at(p) + text + l.describe(p.State, p.Kind), fields: []field{
		{"status", stringOrNil(l.short(string(p.State.Status)))},
	}}
	return l.of(p.Target, e), true
}

// gaveUp returns the event about one of several targets whose end is not known.
func (l *Log) gaveUp(p poll.Outcome) event {
	r := result.Conclude(p.State, p.End)
	text := l.at(p) + r.Name
	var e *client.Error
	var fields []field
	if errors.As(p.End, &e) {
		text += ": " + l.errorText(e)
		fields = l.responseFields(e)
	}
	return l.of(p.Target, event{name: EventGaveUp, text: text, fields: append([]field{{"result", r.Name}}, fields...)})
}

// at returns what a line about a poll begins with: when it was and, among several, the name of the target.
func (l *Log) at(p poll.Outcome) string { return "[" + result.Human(p.At) + "] " + l.name(p.Target) }

// errorText returns what is shown of a failed request.
func (l *Log) errorText(e *client.Error) string {
	if l.debug {
		return e.FullText(l.secrets.Redact)
	}
	return e.Text(l.secrets.Redact)
}

// Name returns what a line about a target begins with: its name among several, and nothing where it is the only one.
func (l *Log) Name(i int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.name(i)
}

func (l *Log) name(i int) string {
	if !l.several() {
		return ""
	}
	return l.label(i) + ": "
}

// label names a target: a task by its id, and by its instance where there are several.
func (l *Log) label(i int) string {
	t := l.named[i]
	id := t.TaskID
	if id == "" {
		id = l.targets[i].state.Task.ID // found by its name
	}
	switch {
	case id == "":
		return t.InstanceID
	case l.instances == 1:
		return l.short(id)
	}
	return t.InstanceID + "/" + l.short(id)
}

// several reports whether there is more than one target.
func (l *Log) several() bool { return len(l.targets) > 1 }

// of adds to an event which target it is about.
func (l *Log) of(i int, e event) event {
	t := l.named[i]
	id := t.TaskID
	if id == "" {
		id = l.targets[i].state.Task.ID
	}
	e.fields = append(e.fields, field{"instance_id", stringOrNil(t.InstanceID)}, field{"task_id", stringOrNil(l.short(id))})
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
		l.change(l.of(i, event{
			name: EventProgress,
			text: fmt.Sprintf("[%s] %s%s, %d%%", result.Human(time.Since(l.start)), l.name(i),
				l.statusName(t.state.Status), percent),
			fields: []field{{"progress", percent}},
		}))
	}
}

// warnUnknown warns about a status that is not documented, once, and about maxChanges different ones at most.
func (l *Log) warnUnknown(state target.State) {
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
	l.show(event{
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
func (l *Log) describe(state target.State, kind poll.Kind) string {
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

// standing returns the state of the wait in a few words.
func (l *Log) standing() string {
	if l.several() {
		text := fmt.Sprintf("%d of %d ended", l.ended, len(l.targets))
		if l.failed > 0 {
			text += fmt.Sprintf(", %d failed", l.failed)
		}
		return text
	}
	switch l.targets[0].kind {
	case poll.Running, poll.Holding, poll.Ended:
		return l.statusName(l.targets[0].state.Status)
	case poll.Missing:
		return "not found yet"
	case poll.Failing, poll.Final:
		return "no valid response"
	}
	return "no response yet"
}

// left returns how long the wait goes on at most, and the limit that ends it then. The time of several targets is that
// of the last one.
func (l *Log) left(now time.Duration) (time.Duration, poll.Limit) {
	end, limit := l.timeout, poll.Timeout
	first := true
	for i := range l.targets {
		t := &l.targets[i]
		if t.kind == 0 || t.over {
			if t.kind == 0 {
				return max(0, l.timeout-now), poll.Timeout
			}
			continue
		}
		if first || t.givesUp > end {
			end, limit, first = t.givesUp, t.limit, false
		}
	}
	return max(0, end-now), limit
}

// leftText says how long the wait goes on at most.
func (l *Log) leftText(now time.Duration) string {
	left, limit := l.left(now)
	if left <= 0 {
		return ""
	}
	text := ", " + result.Human(wholeSeconds(left)) + " left"
	if limit != poll.Timeout {
		text += " (" + string(limit) + ")"
	}
	return text
}

// status is what the live line shows: of several targets, the slowest.
func (l *Log) status() liveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	status := liveStatus{
		state:   l.standing(),
		percent: -1,
		elapsed: now,
		next:    max(0, l.next-(now-l.polledAt)),
		left:    l.leftText(now),
	}
	if i := l.shown(); i >= 0 {
		t := &l.targets[i]
		status.percent, status.name = t.percent, l.short(t.state.Task.Name)
		if l.several() {
			status.name = l.name(i) + l.statusName(t.state.Status)
		}
	}
	return status
}

// shown returns the target that the live line shows: the slowest as far as that is known, else the first that is left;
// -1: there is none.
func (l *Log) shown() int {
	if !l.targets[l.slowest].over {
		return l.slowest
	}
	for i := range l.targets {
		if !l.targets[i].over {
			return i
		}
	}
	return -1
}
