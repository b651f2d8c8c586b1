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

// Poll shows what a poll found, if anything has changed since the last one.
func (l *Log) Poll(p poll.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequestBefore(p.Next)
	if p.Done {
		l.changes = 0 // the end is never omitted
	}
	if e, ok := l.changed(p); ok {
		l.change(e)
	}
	if p.Err == nil {
		l.state = p.State
		l.warnUnknown(p.State)
	}
	l.last = p
}

// changed returns the event that a poll is worth, if any. A failure that ends the wait is part of the result.
func (l *Log) changed(p poll.Outcome) (event, bool) {
	var e *client.Error
	switch {
	case p.Err == nil:
		return l.changedTask(p)
	case p.Done || !errors.As(p.Err, &e):
		return event{}, false
	}
	var name EventName
	text := ""
	switch before := l.last.Kind; {
	case p.Kind == poll.Failing && e.Throttled() && (before != poll.Failing || !l.warned[EventThrottled]):
		name, text = EventThrottled, "throttled; polling less often: "
	case p.Kind == poll.Failing && before != poll.Failing:
		name, text = EventOutage, "no valid response; still polling: "
	case p.Kind == poll.Missing && before != poll.Missing:
		name, text = EventMissing, "not found yet: "
	default:
		return event{}, false
	}
	change := event{name: name, text: l.at(p.At) + text + l.errorText(e), fields: l.responseFields(e)}
	if p.Kind == poll.Failing {
		change = l.warnOnce(change)
	}
	return change, true
}

func (l *Log) changedTask(p poll.Outcome) (event, bool) {
	name, text := EventStatus, ""
	switch {
	case l.last.Kind == poll.Failing:
		name, text = EventRecovered, "recovered: "
	case p.Kind == l.last.Kind && p.State.Status == l.state.Status:
		return event{}, false
	}
	return event{name: name, text: l.at(p.At) + text + l.describe(p.State), fields: l.taskFields(p.State)}, true
}

// at returns what a line begins with: how long the wait had taken then.
func (l *Log) at(elapsed time.Duration) string { return "[" + result.Human(elapsed) + "] " }

// errorText returns what is shown of a failed request.
func (l *Log) errorText(e *client.Error) string {
	if l.debug {
		return e.FullText(l.secrets.Redact)
	}
	return e.Text(l.secrets.Redact)
}

// Progress shows a percentage, if its tens have changed.
func (l *Log) Progress(percent int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.percent < 0 || percent/10 != l.percent/10
	l.percent = percent
	if changed {
		at, status := l.at(time.Since(l.start)), l.statusName(l.state.Status)
		l.change(event{
			name:   EventProgress,
			text:   fmt.Sprintf("%s%s, %d%%", at, status, percent),
			fields: []field{{"progress", percent}},
		})
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
	l.show(event{
		name: EventUnknownStatus, level: levelWarning,
		text:   problem + "; the task is treated as still running",
		fields: []field{{"status", stringOrNil(shown)}},
	})
}

func (l *Log) taskFields(state target.State) []field {
	return []field{
		{"status", stringOrNil(l.short(string(state.Status)))},
		{"task_id", stringOrNil(l.short(state.Task.ID))},
	}
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

// describe says how a task stands and, once it has ended, how long it took.
func (l *Log) describe(state target.State) string {
	status := l.statusName(state.Status)
	if took, ok := state.Task.Elapsed(time.Now()); ok && state.Standing.Ended() {
		return fmt.Sprintf("%s (took %s)", status, result.Human(took))
	}
	return status
}

func (l *Log) statusName(status client.Status) string {
	if status == "" {
		return "no status"
	}
	return l.short(string(status))
}

// standing says in a few words how the wait stands.
func (l *Log) standing() string {
	switch l.last.Kind {
	case poll.Running, poll.Holding, poll.Ended:
		return l.statusName(l.state.Status)
	case poll.Missing:
		return "not found yet"
	case poll.Failing, poll.Final:
		return "no valid response"
	}
	return "no response yet"
}

// leftText says how long the wait goes on at most and, unless that is the timeout, which limit ends it then.
func (l *Log) leftText(now time.Duration) string {
	end, limit := l.timeout, poll.Timeout
	if l.last.Round > 0 {
		end, limit = l.last.GivesUp, l.last.Limit
	}
	if end <= now {
		return ""
	}
	text := ", " + result.Human(wholeSeconds(end-now)) + " left"
	if limit != poll.Timeout {
		text += " (" + string(limit) + ")"
	}
	return text
}

// status is what the live line shows.
func (l *Log) status() liveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	return liveStatus{
		state:   l.standing(),
		name:    l.short(l.state.Task.Name),
		percent: l.percent,
		elapsed: now,
		next:    max(0, l.last.Next-(now-l.last.At)),
		left:    l.leftText(now),
	}
}
