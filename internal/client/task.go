package client

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/jsontext"
)

// Status is the status of a task, in upper case.
type Status string

// The statuses that DMS documents. Any other is treated as still running.
const (
	Created   Status = "CREATED"
	Executing Status = "EXECUTING"
	Success   Status = "SUCCESS"
	Failed    Status = "FAILED"
	Deleted   Status = "DELETED"
	Cancelled Status = "CANCELLED"
)

// Ended reports whether a task with this status has ended.
func (s Status) Ended() bool {
	return s == Success || s == Failed || s == Deleted || s == Cancelled
}

// Known reports whether DMS documents the status.
func (s Status) Known() bool { return s.Ended() || s == Created || s == Executing }

// Task is a background task of a DMS instance: the API's eight fields as text, whatever their JSON type was.
type Task struct {
	ID, Name         string
	UserName, UserID string
	Params           string // usually JSON in a string
	Status           Status
	CreatedAt        string // usually RFC 3339, see parseTime
	UpdatedAt        string // the last change; of a task that has ended, its end

	Response Response // that the task came with
}

// Created returns when the task was created. It is false where the API gave no time that can be read.
func (t *Task) Created() (time.Time, bool) { return parseTime(t.CreatedAt) }

// Elapsed returns how long the task took or, while it has not ended, its age. It is false where the API's
// times do not say.
func (t *Task) Elapsed(now time.Time) (time.Duration, bool) {
	if !t.Status.Ended() {
		return t.Age(now)
	}
	created, ok := t.Created()
	updated, ok2 := parseTime(t.UpdatedAt)
	if !ok || !ok2 || updated.Before(created) {
		return 0, false
	}
	return updated.Sub(created), true
}

// SinceEnd returns the time since the task ended, by the server's clock at the local time now. It is false where the
// task has not ended, or that is not known.
func (t *Task) SinceEnd(now time.Time) (time.Duration, bool) {
	updated, ok := parseTime(t.UpdatedAt)
	server, ok2 := t.Response.Clock(now)
	if !t.Status.Ended() || !ok || !ok2 {
		return 0, false
	}
	return max(0, server.Sub(updated)), true
}

// Age returns the time since the task was created, by the server's clock at the local time now. It is false where
// neither is known.
func (t *Task) Age(now time.Time) (time.Duration, bool) {
	created, ok := t.Created()
	server, ok2 := t.Response.Clock(now)
	if !ok || !ok2 {
		return 0, false
	}
	// The Date header has whole seconds only, so a new task may seem to come from the future.
	return max(0, server.Sub(created)), true
}

// List is a page of tasks.
type List struct {
	Tasks    []Task
	Response Response
}

// Task returns the task with that id. It is false where the page holds none.
func (l *List) Task(id string) (Task, bool) {
	for _, task := range l.Tasks {
		if SameID(task.ID, id) {
			return task, true
		}
	}
	return Task{}, false
}

// Newest returns the newest task with that name created at since or later, and how many there are. Names are compared
// exactly. A task whose creation time or id cannot be read is ignored, since it might be an older one.
func (l *List) Newest(name string, since time.Time) (newest Task, found int) {
	var at time.Time
	for _, task := range l.Tasks {
		created, ok := task.Created()
		if task.Name != name || !ok || created.Before(since) || !ValidID(task.ID) {
			continue
		}
		if found == 0 || created.After(at) {
			newest, at = task, created
		}
		found++
	}
	return newest, found
}

// maxTasks is how many tasks of one response are kept, far more than PageSize.
const maxTasks = 1000

func decodeTasks(body []byte) (tasks []Task, err error) {
	err = eachTask(body, func(task *Task) {
		if len(tasks) < maxTasks {
			tasks = append(tasks, *task)
		}
	})
	return tasks, err
}

// eachTask passes the tasks of a response to found, one by one: a body of 1 MiB can hold so many that
// decoding them all at once would take 100 MiB of memory.
func eachTask(body []byte, found func(*Task)) error {
	fields, ok := jsontext.ParseObject(body)
	if !ok {
		return ErrNotJSON
	}
	raw := fields["tasks"]
	entries := jsontext.NewReader(raw)
	switch {
	case string(raw) == "null":
		return nil
	case entries.Next() != '[':
		return ErrNotJSON
	}
	for entries.Enter(); entries.More(); {
		field, isObject := jsontext.ParseObject(entries.Value())
		if !isObject || field == nil {
			continue // not a task
		}
		found(&Task{
			ID:        text(field["id"]),
			Name:      text(field["name"]),
			UserName:  text(field["user_name"]),
			UserID:    text(field["user_id"]),
			Params:    text(field["params"]),
			Status:    status(field["status"]),
			CreatedAt: text(field["created_at"]),
			UpdatedAt: text(field["updated_at"]),
		})
	}
	return nil
}

// Progress is how far a task has come.
type Progress struct {
	Percent int
	Steps   []Step // empty where the API lists none
}

// Step is a part of a task: its name, and COMPLETED, IN_PROGRESS, FAILED or WAITING.
type Step struct{ Name, State string }

// maxSteps is how many steps are kept.
const maxSteps = 50

func decodeProgress(body []byte) (Progress, error) {
	fields, ok := jsontext.ParseObject(body)
	if !ok {
		return Progress{}, ErrNotJSON
	}
	percent, err := strconv.ParseFloat(text(fields["progress_percentage"]), 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return Progress{}, ErrNotJSON
	}
	progress := Progress{Percent: int(percent)}
	steps := jsontext.NewReader(fields["step_list"])
	if steps.Next() != '[' {
		return progress, nil
	}
	for steps.Enter(); steps.More(); {
		step, isObject := jsontext.ParseObject(steps.Value())
		if !isObject {
			return Progress{Percent: progress.Percent}, nil
		}
		if len(progress.Steps) < maxSteps {
			state := text(step["statue"]) // the API's spelling
			progress.Steps = append(progress.Steps, Step{Name: text(step["name"]), State: state})
		}
	}
	return progress, nil
}

// status reads a status: its case does not matter.
func status(raw json.RawMessage) Status { return Status(strings.ToUpper(strings.TrimSpace(text(raw)))) }

// text reads a JSON value as text: fields changed between string and number from one version of the API's SDKs to the
// next, and no wait should fail over that.
func text(raw json.RawMessage) string {
	if len(raw) == 0 { // no such field
		return ""
	}
	if s, ok := jsontext.String(raw); ok {
		return s
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return ""
	}
	return strings.ToValidUTF8(compact.String(), "\ufffd") // as it is with strings
}

// timeLayouts are the forms, besides epoch milliseconds, in which DMS is known to write times. Parse accepts
// fractions of a second with each.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700"}

func parseTime(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		t := time.UnixMilli(n)
		return t, plausible(t)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, plausible(t)
		}
	}
	return time.Time{}, false
}

// plausible rejects the zero times of other languages, and times whose differences overflow.
func plausible(t time.Time) bool { return t.UTC().Year() >= 2000 && t.UTC().Year() < 2200 }
