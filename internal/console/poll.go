package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// Poll shows what a poll found, if that changes anything.
func (l *Log) Poll(p poll.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequestBefore(p.Next)
	if p.Next == 0 {
		l.changes = 0 // the end is never omitted
	}
	if e, ok := l.changed(p); ok {
		l.change(e)
	}
	if p.Err == nil {
		l.task = p.Task
		l.warnUnknown(p.Task.Status)
	}
	l.last = p
}

// changed returns the event that a poll is worth. Something new about a failure that ends the wait is part of the result.
func (l *Log) changed(p poll.Outcome) (event, bool) {
	at := result.Human(p.At) + " "
	switch {
	case p.Err == nil && l.last.Kind == poll.Failing:
		return event{name: "recovered", text: at + "recovered: " + l.describe(p.Task), fields: l.taskFields(p.Task)}, true
	case p.Err == nil && (p.Kind != l.last.Kind || p.Task.Status != l.task.Status):
		return event{name: "status", text: at + l.describe(p.Task), fields: l.taskFields(p.Task)}, true
	case p.Err == nil || p.Next == 0:
		return event{}, false
	}
	var e *client.Error
	errors.As(p.Err, &e)
	reason, fields := e.Text(l.secrets.Redact), l.responseFields(e)
	switch {
	case p.Kind == poll.Failing && e.Throttled() && (l.last.Kind != poll.Failing || !l.warned["throttled"]):
		return l.warnOnce(event{name: "throttled", text: at + "throttled; polling less often: " + reason, fields: fields}), true
	case p.Kind == poll.Failing && l.last.Kind != poll.Failing:
		return l.warnOnce(event{name: "outage", text: at + "no valid response, still polling: " + reason, fields: fields}), true
	case p.Kind == poll.Missing && l.last.Kind != poll.Missing:
		return event{name: "missing", text: at + "not found yet: " + reason, fields: fields}, true
	}
	return event{}, false
}

// Progress shows a percentage, when it has reached another ten.
func (l *Log) Progress(percent int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.percent < 0 || percent/10 != l.percent/10
	l.percent = percent
	if changed {
		l.change(event{
			name:   "progress",
			text:   fmt.Sprintf("%s %s, %d%%", result.Human(time.Since(l.start)), l.statusName(l.task.Status), percent),
			fields: []field{{"progress", percent}},
		})
	}
}

// warnUnknown warns about a status that is not documented, once, and about maxChanges different ones at most.
func (l *Log) warnUnknown(status client.Status) {
	if status.Known() || l.statuses[status] || len(l.statuses) >= maxChanges {
		return
	}
	l.statuses[status] = true
	l.show(event{
		name: "unknown_status", level: levelWarning,
		text:   fmt.Sprintf("DMS does not document the status %q; it is treated as still running", l.short(string(status))),
		fields: []field{{"status", stringOrNil(l.short(string(status)))}},
	})
}

func (l *Log) taskFields(task client.Task) []field {
	return []field{
		{"status", stringOrNil(l.short(string(task.Status)))},
		{"task_id", stringOrNil(l.short(task.ID))},
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
func (l *Log) describe(task client.Task) string {
	status := l.statusName(task.Status)
	if took, ok := task.Elapsed(time.Now()); ok && task.Status.Ended() {
		return fmt.Sprintf("%s after %s", status, result.Human(took))
	}
	return status
}

func (l *Log) statusName(status client.Status) string {
	if status == "" {
		return "no status"
	}
	return l.short(string(status))
}

// state says in a few words how the wait stands.
func (l *Log) state() string {
	switch l.last.Kind {
	case poll.Running, poll.Ended:
		return l.statusName(l.task.Status)
	case poll.Missing:
		return "not found yet"
	case poll.Failing, poll.Final:
		return "no valid response"
	}
	return "no response yet"
}

// status is what the live line shows.
func (l *Log) status() liveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	return liveStatus{
		state:   l.state(),
		name:    l.short(l.task.Name),
		percent: l.percent,
		elapsed: now,
		next:    max(0, l.last.Next-(now-l.last.At)),
		left:    max(0, l.timeout-now),
	}
}
