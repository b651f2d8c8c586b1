// Package client requests background tasks from the DMS API: one HTTP request per call, a typed response or a
// typed error. It never retries, never sleeps, follows no redirect and logs nobody in: when to request again
// is up to package poll, and with which credentials to package credential. That package logs in with the same
// Read, Error, Class and NewTransport, which therefore know more than DMS.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// maxBody is how much of a body is read, in bytes. A page of 100 tasks has some 60 kB.
	maxBody = 1 << 20
	// PageSize is how many tasks Tasks requests: the most that the API returns at once.
	PageSize = 100
)

// ValidID reports whether id may stand in a path: project, instance and task ids are 1 to 64 letters, digits,
// "_" or "-".
func ValidID(id string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return id != "" && len(id) <= 64 && strings.Trim(id, allowed) == ""
}

// SameID reports whether two ids are the same: the API ignores their case.
func SameID(a, b string) bool {
	// Unicode has characters that equal a letter of an id except for case.
	return a == b || ValidID(a) && ValidID(b) && strings.EqualFold(a, b)
}

// Client sends requests to one DMS endpoint about one project. Its fields are set before the first call and
// not changed after it.
type Client struct {
	Endpoint  string            // base URL without a path, e.g. https://dms.cn-north-4.myhuaweicloud.com
	ProjectID string            // the project of the instances
	UserAgent string            // e.g. dmswait/1.0.0
	Timeout   time.Duration     // longest time for one request, its body included; 0: as long as the context allows
	Transport http.RoundTripper // logs in (see package credential) and carries the request (see NewTransport)
}

// Task gets one background task (ShowBackgroundTask). Every error is, or wraps, an *Error, which wraps the context's
// cause where that ended the request. A response without a task of that id is an error for which Missing is true.
func (c *Client) Task(ctx context.Context, instanceID, taskID string) (Task, error) {
	op := fmt.Sprintf("get task %q", taskID)
	body, head, err := c.get(ctx, op, "", instanceID, "tasks", taskID)
	if err != nil {
		return Task{}, err
	}
	var match *Task
	err = eachTask(body, func(task *Task) {
		if match == nil && SameID(task.ID, taskID) {
			match = task
		}
	})
	switch {
	case err != nil:
		return Task{}, unreadable(op, &head, body, err)
	case match == nil:
		return Task{}, &Error{Op: op, Response: head, Err: &NoTaskError{ID: taskID}}
	}
	match.Response = head
	return *match, nil
}

// Tasks gets the newest background tasks of an instance, at most PageSize (ListBackgroundTasks). Errors are those of
// Task.
func (c *Client) Tasks(ctx context.Context, instanceID string) (List, error) {
	op := fmt.Sprintf("list tasks of instance %q", instanceID)
	body, head, err := c.get(ctx, op, fmt.Sprintf("?start=1&limit=%d", PageSize), instanceID, "tasks")
	if err != nil {
		return List{}, err
	}
	tasks, err := decodeTasks(body)
	if err != nil {
		return List{}, unreadable(op, &head, body, err)
	}
	for i := range tasks {
		tasks[i].Response = head
	}
	return List{Tasks: tasks, Response: head}, nil
}

// Instance gets an instance (ShowInstance). Errors are those of Task; a response without a status is not the API's.
func (c *Client) Instance(ctx context.Context, instanceID string) (Instance, error) {
	op := fmt.Sprintf("get instance %q", instanceID)
	body, head, err := c.get(ctx, op, "", instanceID)
	if err != nil {
		return Instance{}, err
	}
	status, err := decodeInstance(body)
	if err != nil {
		return Instance{}, unreadable(op, &head, body, err)
	}
	return Instance{Status: status, Response: head}, nil
}

// Progress gets the percentage of a task. Most tasks have none: any error means that it is not known.
func (c *Client) Progress(ctx context.Context, instanceID, taskID string) (Progress, error) {
	op := fmt.Sprintf("get progress of task %q", taskID)
	body, head, err := c.get(ctx, op, "", instanceID, "tasks", taskID, "progress")
	if err != nil {
		return Progress{}, err
	}
	progress, err := decodeProgress(body)
	if err != nil {
		return Progress{}, unreadable(op, &head, body, err)
	}
	return progress, nil
}

// get sends one request for a path below the project's instances, and returns the body of a 2xx response.
func (c *Client) get(ctx context.Context, op, query string, path ...string) ([]byte, Response, error) {
	path = append([]string{"v2", c.ProjectID, "instances"}, path...)
	for _, segment := range path {
		// Paths are built of valid ids only: escaping would let ".." through.
		if !ValidID(segment) {
			return nil, Response{}, &Error{Op: op, Err: fmt.Errorf("%q is not an id", segment)}
		}
	}
	target := c.Endpoint + "/" + strings.Join(path, "/") + query
	if c.Timeout > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, c.Timeout, &TimeoutError{c.Timeout})
		defer cancel()
		ctx = limited
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, Response{}, &Error{Op: op, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("X-Project-Id", c.ProjectID)

	resp, err := Send(c.Transport, req, op)
	if err != nil {
		return nil, Response{}, err
	}
	defer resp.Body.Close()
	return Read(ctx, op, resp)
}

// Read reads a response: it returns the body of a 2xx, or an *Error about anything else. It reads at most 1
// MiB, nothing of a 1xx, and leaves closing the body to the caller.
func Read(ctx context.Context, op string, resp *http.Response) ([]byte, Response, error) {
	head := readHead(resp, time.Now())
	if isRaw(resp) {
		return nil, head, &Error{Op: op, Response: head, Err: errSwitched}
	}
	body, err := readBody(ctx, resp)
	if err != nil {
		return nil, head, &Error{Op: op, Response: head, Err: err}
	}
	found := decodeError(resp.StatusCode, body)
	if head.RequestID == "" {
		head.RequestID = found.requestID
	}
	if resp.StatusCode/100 != 2 || throttling[found.code] {
		return nil, head, &Error{
			Op: op, Response: head, Code: found.code, Message: found.message,
			Foreign: !found.documented && isDefinite(resp.StatusCode),
		}
	}
	return body, head, nil
}

// isDefinite reports whether a status says that a request is wrong, and not that it may be repeated.
func isDefinite(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}

// isRaw reports whether the body of a response is the connection itself, as net/http hands it over with a
// 101. It must not be read: reading it blocks until the connection closes, even after the context has ended.
// Closing it closes the connection.
func isRaw(resp *http.Response) bool { return resp.StatusCode/100 == 1 }

// unreadable returns the error about a 2xx that does not hold what was requested. It may still say why: a service may
// report an error with a 200.
func unreadable(op string, head *Response, body []byte, err error) *Error {
	found := decodeError(head.StatusCode, body)
	return &Error{Op: op, Response: *head, Code: found.code, Message: found.message, Err: err}
}

// cause returns what ended a request: net/http's error does not distinguish a timeout from a cancelled wait.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// NoTaskError is the cause of an Error about a valid response that holds no task with the requested id or name.
type NoTaskError struct {
	ID     string    // set if requested by id
	Name   string    // set if requested by name
	Since  time.Time // with Name: the earliest creation time
	Listed []Task    // with Name: the tasks that exist
}

func (e *NoTaskError) Error() string {
	if e.ID != "" {
		return fmt.Sprintf("the instance has no task %q", e.ID)
	}
	return fmt.Sprintf("the instance has no task named %q created since %s", e.Name, e.Since.UTC().Format(time.RFC3339))
}

var (
	errSwitched = errors.New("the server switched to another protocol instead of responding")

	// ErrNotJSON is the cause of an Error about a 2xx whose body is not what the API documents.
	ErrNotJSON = errors.New("the response is not the API's JSON")

	// ErrGone is the cause of an Error about an instance that a valid response calls deleted.
	ErrGone = errors.New("the instance has been deleted")
)
