package console

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// form is how a log is written.
type form struct {
	actions, json, quiet bool
	targets              []target.Target // empty: the task t1 of the instance i1
}

// newLog returns a log that writes to out as it goes, so that no test depends on the pace of an AsyncWriter.
func newLog(t testing.TB, out io.Writer, f form) *Log {
	stderr := NewAsyncWriter(io.Discard)
	t.Cleanup(stderr.Close)
	getenv := func(string) string { return "" }
	if len(f.targets) == 0 {
		f.targets = []target.Target{{InstanceID: "i1", TaskID: "t1"}}
	}
	o := Options{
		Out: stderr, Secrets: sanitize.NewSecrets("hunter2-hunter2"), Getenv: getenv,
		JSON: f.json, Quiet: f.quiet, Start: time.Now(), Timeout: time.Hour, Targets: f.targets,
	}
	if f.actions {
		o.Annotator = output.NewActions(out, getenv)
	}
	l := New(o)
	l.out = out
	return l
}

// logOf returns what a log shows of a wait, under a clock that moves on only when nothing else is left to do.
func logOf(t *testing.T, run func(*wait)) string {
	t.Helper()
	return logIn(t, form{}, run)
}

func logIn(t *testing.T, f form, run func(*wait)) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, &out, f)
		l.Open()
		run(&wait{Log: l})
		l.Close()
	})
	return out.String()
}

// wait passes a log what a wait does.
type wait struct {
	*Log
	n int
}

func (w *wait) poll(task *client.Task, err error, next time.Duration) {
	w.n++
	at := time.Since(w.start)
	w.Poll(&poll.Outcome{
		Round: w.n, At: at, Kind: kindOf(task, err, next), State: target.OfTask(task), Err: err, Next: next, Over: next == 0,
		GivesUp: time.Hour, Limit: poll.Timeout,
	})
}

func kindOf(task *client.Task, err error, next time.Duration) poll.Kind {
	var e *client.Error
	switch {
	case err == nil && task.Status.Ended():
		return poll.Ended
	case err == nil:
		return poll.Running
	case errors.As(err, &e) && e.Missing():
		return poll.Missing
	case next == 0 && !(e != nil && e.Failing()):
		return poll.Final
	}
	return poll.Failing
}

// saw is a poll that found the task, and the pause after it.
func (w *wait) saw(status client.Status, pause time.Duration) {
	w.poll(&client.Task{ID: "t1", Status: status}, nil, pause)
	time.Sleep(pause)
}

// failed is a poll that did not find the task, and the pause after it.
func (w *wait) failed(err error, pause time.Duration) {
	w.poll(&client.Task{}, err, pause)
	time.Sleep(pause)
}

// succeeded returns a task that took 4.7s.
func succeeded() client.Task {
	return client.Task{
		ID: "t1", Name: "bindInstancePublicIp", Params: `{"enable_public_ip":true}`, Status: client.Success,
		CreatedAt: "2020-06-23T03:00:03.471Z", UpdatedAt: "2020-06-23T03:00:08.130Z",
	}
}

// reportOf returns the report of a wait that saw this task last.
func reportOf(task *client.Task, err error) *result.Report {
	return &result.Report{
		Result: result.Conclude(new(target.OfTask(task)), err), Err: err, Target: target.Target{TaskID: task.ID}, State: target.OfTask(task), Waited: 5 * time.Second,
	}
}

// failure returns the report of a task that ended with FAILED.
func failure() *result.Report {
	task := succeeded()
	task.Status = client.Failed
	return reportOf(&task, nil)
}

// response returns an error response of the API.
func response(status int, code, message string) *client.Error {
	return &client.Error{
		Op: `get task "t1"`, Code: code, Message: message,
		Response: client.Response{StatusCode: status, RequestID: "9f31"},
	}
}

// unreachable returns the error of a request without a response.
func unreachable(err error) *client.Error { return &client.Error{Op: `get task "t1"`, Err: err} }

// missing returns the error of a valid response without the task.
func missing() *client.Error {
	return &client.Error{
		Op: `get task "t1"`, Err: &client.NoTaskError{ID: "t1"},
		Response: client.Response{StatusCode: 200},
	}
}
