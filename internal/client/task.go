package client

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Status is where a task stands, in upper case.
type Status string

// The statuses that DMS documents. Any other one is taken for "still running".
const (
	Created   Status = "CREATED"
	Executing Status = "EXECUTING"
	Success   Status = "SUCCESS"
	Failed    Status = "FAILED"
	Deleted   Status = "DELETED"
	Cancelled Status = "CANCELLED"
)

// Ended tells whether a task of this status will not change any more.
func (s Status) Ended() bool {
	return s == Success || s == Failed || s == Deleted || s == Cancelled
}

// Known tells whether DMS documents the status.
func (s Status) Known() bool { return s.Ended() || s == Created || s == Executing }

// Task is a background task of a DMS instance as the API tells it: its eight fields as text, whatever their JSON type was.
type Task struct {
	ID, Name         string
	UserName, UserID string
	Params           string // JSON in a string, as a rule
	Status           Status
	CreatedAt        string // a time; RFC 3339 as a rule, see parseTime
	UpdatedAt        string // when the task changed last, thus for one that has ended: when it ended

	Answer Answer // the answer that told it
}

// Created tells when the task was created; false: the API told no time that can be read.
func (t Task) Created() (time.Time, bool) { return parseTime(t.CreatedAt) }

// Elapsed tells how long the task took or, while it has not ended, how old it is at the local time now by the server's clock.
// It is false where the API's times do not tell.
func (t Task) Elapsed(now time.Time) (time.Duration, bool) {
	created, ok := t.Created()
	if !ok {
		return 0, false
	}
	if t.Status.Ended() {
		updated, ok := parseTime(t.UpdatedAt)
		return updated.Sub(created), ok && !updated.Before(created)
	}
	server, ok := t.Answer.Clock(now)
	// The Date header knows whole seconds only, so a new task may seem to come from the future.
	return max(0, server.Sub(created)), ok
}

// List is a page of tasks.
type List struct {
	Tasks  []Task
	Answer Answer
}

// Newest finds the newest task of that name which was created at since or later, and how many there are. Names are compared exactly.
// A task whose creation time or id can't be read is passed over, since it might be an older one.
func (l List) Newest(name string, since time.Time) (newest Task, found int) {
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

// mostTasks is how many tasks of one answer are kept, far more than PageSize.
const mostTasks = 1000

func decodeTasks(body []byte) (tasks []Task, err error) {
	err = eachTask(body, func(task Task) {
		if len(tasks) < mostTasks {
			tasks = append(tasks, task)
		}
	})
	return tasks, err
}

// eachTask goes through the tasks of an answer one by one: a megabyte can hold so many that all of them at once would take a hundred.
func eachTask(body []byte, found func(Task)) error {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return errNotJSON
	}
	raw := answer["tasks"]
	entries := json.NewDecoder(bytes.NewReader(raw))
	switch begin, _ := entries.Token(); {
	case string(raw) == "null":
		return nil
	case begin != json.Delim('['):
		return errNotJSON
	}
	var entry json.RawMessage
	var field map[string]json.RawMessage
	for entries.More() {
		clear(field)
		if entries.Decode(&entry) != nil || entry[0] != '{' || json.Unmarshal(entry, &field) != nil {
			continue // not a task, thus not ours
		}
		found(Task{
			ID:        text(field["id"]),
			Name:      text(field["name"]),
			UserName:  text(field["user_name"]),
			UserID:    text(field["user_id"]),
			Params:    text(field["params"]),
			Status:    Status(strings.ToUpper(strings.TrimSpace(text(field["status"])))),
			CreatedAt: text(field["created_at"]),
			UpdatedAt: text(field["updated_at"]),
		})
	}
	return nil
}

// Progress is how far a task is.
type Progress struct {
	Percent int
	Steps   []Step // what it consists of; empty when the API does not tell
}

// Step is a part of a task: its name, and COMPLETED, IN_PROGRESS, FAILED or WAITING.
type Step struct{ Name, State string }

// mostSteps is how many steps are kept.
const mostSteps = 50

func decodeProgress(body []byte) (Progress, error) {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return Progress{}, errNotJSON
	}
	percent, err := strconv.ParseFloat(text(answer["progress_percentage"]), 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return Progress{}, errNotJSON
	}
	progress := Progress{Percent: int(percent)}
	var steps []map[string]json.RawMessage
	if json.Unmarshal(answer["step_list"], &steps) == nil {
		for _, step := range steps[:min(len(steps), mostSteps)] {
			progress.Steps = append(progress.Steps, Step{Name: text(step["name"]), State: text(step["statue"])}) // so the API spells it
		}
	}
	return progress, nil
}

// text reads a JSON value as text. The API's SDKs changed fields between string and number from version to version, and no wait fails over that.
func text(raw json.RawMessage) string {
	if len(raw) == 0 { // it is not there
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil { // null leaves it empty
		return s
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return ""
	}
	return strings.ToValidUTF8(compact.String(), "\ufffd") // as it is with strings
}

// timeLayouts are the forms DMS is known to write times in, epoch milliseconds aside. Parse takes fractions of a second with each.
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

// plausible keeps out the zero times of other languages, and times whose differences overflow.
func plausible(t time.Time) bool { return t.UTC().Year() >= 2000 && t.UTC().Year() < 2200 }
