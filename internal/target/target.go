// Package target knows what can be waited for: tasks, by id or by name, and instances that are to become ready, idle
// or deleted. It decides which requests show how a target stands, and what the responses mean. It retries nothing and
// keeps no schedule: when to poll is up to package poll.
package target

import (
	"errors"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
)

// Target is what is waited for: one task of an instance or, with Until, the instance itself.
type Target struct {
	InstanceID string
	TaskID     string // of a task; empty while a task with TaskName has not been found
	TaskName   string // instead of TaskID: the newest task with this name
	Until      Until  // instead of a task: what the instance is to become
}

// Key returns the same text for targets that are the same: the API ignores the case of ids.
func (t *Target) Key() string {
	return strings.ToLower(t.InstanceID+"/"+t.TaskID) + "/" + string(t.Until) + "/" + t.TaskName
}

// State is how a target stands, as a response said.
type State struct {
	Status   client.Status // of the task or, with Until, of the instance
	Standing Standing
	Unknown  bool            // the API does not document Status
	Task     client.Task     // zero for an instance
	Response client.Response // that the state came with
}

// Standing is what a state means for the wait.
type Standing int

// The standings.
const (
	Running   Standing = iota // the target has not ended
	Holding                   // the instance is what it is to become, at this moment
	Succeeded                 // the target has ended, like the rest
	Failed
	Cancelled
)

// Ended reports whether a state with this standing is final.
func (s Standing) Ended() bool { return s >= Succeeded }

// OfTask returns the state of a task.
func OfTask(task *client.Task) State {
	state := State{Status: task.Status, Unknown: !task.Status.Known(), Task: *task, Response: task.Response}
	switch task.Status {
	case client.Success:
		state.Standing = Succeeded
	case client.Failed:
		state.Standing = Failed
	case client.Cancelled, client.Deleted:
		state.Standing = Cancelled
	}
	return state
}

// Finding is what a poll found of a target.
type Finding struct {
	Target int // its index
	State  State
	Err    error // why there is no state
}

// ConcernsAll reports whether an error is about more than its target: nothing was received, the API throttles, or the
// login failed or is not accepted. Polling other targets right now would bring the same.
func (f *Finding) ConcernsAll() bool {
	var e *client.Error
	if !errors.As(f.Err, &e) {
		return f.Err != nil
	}
	return !e.Answered() || e.Throttled() || e.LoggingIn() || e.Denied() && !e.Forbidden()
}

// Throttled reports whether the API wants fewer requests.
func (f *Finding) Throttled() bool {
	var e *client.Error
	return errors.As(f.Err, &e) && e.Throttled()
}
