// Package client asks the DMS API about background tasks: one HTTP request per call, a typed answer or a typed error.
// It never retries, never sleeps, follows no redirect and logs nobody in: when to ask again is poll's business, who asks is credential's.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxBody is the longest body that is read, in bytes. A page of 100 tasks has some 60 kB.
	maxBody = 1 << 20
	// PageSize is how many tasks Tasks asks for: the most that the API gives in one answer.
	PageSize = 100
)

// ValidID tells whether id may stand in a path: project, instance and task ids are letters, digits, "_" and "-", 64 at most.
func ValidID(id string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return id != "" && len(id) <= 64 && strings.Trim(id, allowed) == "" // that is, nothing else is in it
}

// Client asks one DMS endpoint about one project. Its fields are set before the first call and not changed after it.
type Client struct {
	Endpoint  string            // base URL without a path, e.g. https://dms.cn-north-4.myhuaweicloud.com
	ProjectID string            // the project of the instances asked for
	UserAgent string            // e.g. dmswait/1.0.0
	Timeout   time.Duration     // longest time for one request, its body included; 0: as long as the context allows
	Transport http.RoundTripper // logs in (see credential) and carries the request (see NewTransport)
}

// Task asks for one background task (ShowBackgroundTask). Every error is an *Error, and wraps the context's cause where that ended the request;
// an answer that holds no task of that id is one for which Missing is true.
func (c *Client) Task(ctx context.Context, instanceID, taskID string) (Task, error) {
	op := fmt.Sprintf("get task %q", taskID)
	body, answer, err := c.get(ctx, op, "", instanceID, "tasks", taskID)
	if err != nil {
		return Task{}, err
	}
	var ours []Task
	err = eachTask(body, func(task Task) {
		// An id with odd characters may be equal but for their case, and still not be ours.
		if len(ours) == 0 && ValidID(task.ID) && strings.EqualFold(task.ID, taskID) {
			ours = append(ours, task)
		}
	})
	switch {
	case err != nil:
		return Task{}, unreadable(op, answer, body, err)
	case len(ours) == 0:
		return Task{}, &Error{Op: op, Answer: answer, Err: ErrNoTask}
	}
	ours[0].Answer = answer
	return ours[0], nil
}

// Tasks asks for the newest background tasks of an instance, PageSize at most (ListBackgroundTasks). Errors are as Task's.
func (c *Client) Tasks(ctx context.Context, instanceID string) (List, error) {
	op := fmt.Sprintf("list tasks of instance %q", instanceID)
	body, answer, err := c.get(ctx, op, fmt.Sprintf("?start=1&limit=%d", PageSize), instanceID, "tasks")
	if err != nil {
		return List{}, err
	}
	tasks, err := decodeTasks(body)
	if err != nil {
		return List{}, unreadable(op, answer, body, err)
	}
	for i := range tasks {
		tasks[i].Answer = answer
	}
	return List{Tasks: tasks, Answer: answer}, nil
}

// Progress asks how far a task is. Most tasks do not tell: any error means that it is not known.
func (c *Client) Progress(ctx context.Context, instanceID, taskID string) (Progress, error) {
	op := fmt.Sprintf("get progress of task %q", taskID)
	body, answer, err := c.get(ctx, op, "", instanceID, "tasks", taskID, "progress")
	if err != nil {
		return Progress{}, err
	}
	progress, err := decodeProgress(body)
	if err != nil {
		return Progress{}, unreadable(op, answer, body, err)
	}
	return progress, nil
}

// get sends one request for a path below the project's instances, and returns the body of a 2xx answer.
func (c *Client) get(ctx context.Context, op, query string, path ...string) ([]byte, Answer, error) {
	path = append([]string{"v2", c.ProjectID, "instances"}, path...)
	for _, segment := range path {
		// A path is built of checked ids only: escaping would let ".." through.
		if !ValidID(segment) {
			return nil, Answer{}, &Error{Op: op, Err: fmt.Errorf("%q is not an id", segment)}
		}
	}
	target := c.Endpoint + "/" + strings.Join(path, "/") + query
	if c.Timeout > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("no answer within %v", c.Timeout))
		defer cancel()
		ctx = limited
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, Answer{}, &Error{Op: op, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("X-Project-Id", c.ProjectID)

	resp, err := c.Transport.RoundTrip(req)
	var login *Error
	if errors.As(err, &login) {
		return nil, Answer{}, login
	}
	if err != nil {
		return nil, Answer{}, &Error{Op: op, Err: cause(ctx, err)}
	}
	defer resp.Body.Close()
	return Read(ctx, op, resp)
}

// Read takes what an answer tells: the body of a 2xx, or an *Error about anything else. It reads
// 1 MiB at most, nothing of a 1xx, and leaves closing the body to the caller.
func Read(ctx context.Context, op string, resp *http.Response) ([]byte, Answer, error) {
	answer := readAnswer(resp, time.Now())
	if isRaw(resp) {
		return nil, answer, &Error{Op: op, Answer: answer, Err: errSwitched}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLong
	}
	if err != nil {
		return nil, answer, &Error{Op: op, Answer: answer, Err: cause(ctx, err)}
	}
	told := decodeError(resp.StatusCode, body)
	if answer.RequestID == "" {
		answer.RequestID = told.requestID
	}
	if resp.StatusCode/100 != 2 || throttling[told.code] {
		return nil, answer, &Error{Op: op, Answer: answer, Code: told.code, Message: told.message}
	}
	return body, answer, nil
}

// isRaw reports whether the body of a response is the connection itself, as net/http hands it
// over with a 101. It must not be read: no context ends that. Closing it closes the connection.
func isRaw(resp *http.Response) bool { return resp.StatusCode/100 == 1 }

// unreadable is the error about a 2xx that is not what was asked for. It may still say why: a service may tell an error with a 200.
func unreadable(op string, answer Answer, body []byte, err error) *Error {
	told := decodeError(answer.StatusCode, body)
	return &Error{Op: op, Answer: answer, Code: told.code, Message: told.message, Err: err}
}

// cause names what ended a request: net/http tells a request that ran out of time and a wait that was called off in the same words.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

var (
	// ErrNoTask is the cause of an Error about an answer that holds no task with the id or name asked for.
	ErrNoTask = errors.New("no such task in the answer")

	errSwitched = errors.New("the server switched to another protocol instead of responding")

	errTooLong = errors.New("the answer is longer than 1 MiB")
	errNotJSON = errors.New("the answer is not the API's JSON")
)
