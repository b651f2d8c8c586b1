package output

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/target"
)

// now is when the waits of the tests end.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// documentedTask returns the task of the API's documentation.
func documentedTask() client.Task {
	return client.Task{
		ID:       "ff80808272dcc90f0172df1e490f41b0",
		Name:     "bindInstancePublicIp",
		UserName: "dms_test",
		UserID:   "xxxxxxxx93ff484a828144c6xxxxxxxx",
		Params: `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d",` +
			`"public_ip_address":"xx.xx.xx.xx","enable_public_ip":true}`,
		Status:    client.Success,
		CreatedAt: "2020-06-23T03:00:03.471Z",
		UpdatedAt: "2020-06-23T03:00:08.130Z",
		Response:  client.Response{StatusCode: 200},
	}
}

// runningTask returns a task of that age by the server's clock.
func runningTask(age time.Duration) client.Task {
	task := documentedTask()
	created, _ := task.Created()
	task.Status, task.UpdatedAt = client.Executing, task.CreatedAt
	task.Response.ServerTime, task.Response.ReceivedAt = created.Add(age), now
	return task
}

// reportOf returns the report of a wait that saw this task last and returned err.
func reportOf(task *client.Task, err error) result.Report {
	return result.Report{
		Result: result.Conclude(new(target.OfTask(task)), err),
		Err:    err,
		Target: target.Target{TaskID: task.ID},
		State:  target.OfTask(task),
		Waited: 5200 * time.Millisecond,
		Polls:  4,
		At:     now,
	}
}

// reportWithParams returns the report of a wait for a task with these params.
func reportWithParams(params string) result.Report {
	task := documentedTask()
	task.Params = params
	return reportOf(&task, nil)
}

// usageReport returns the report of a run whose inputs are wrong.
func usageReport(faults ...config.Fault) result.Report {
	return result.Report{Result: result.Usage, Err: config.Faults(faults)}
}

// serviceError returns an error response of the service.
func serviceError(status int, code, message string) *client.Error {
	return &client.Error{
		Op:       `get task "t1"`,
		Code:     code,
		Message:  message,
		Response: client.Response{StatusCode: status, RequestID: "9f31"},
	}
}

// networkError returns the error of a request that got no response.
func networkError(err error) *client.Error {
	return &client.Error{Op: `get task "t1"`, Err: err}
}

// noTaskError returns the error of a valid response that does not contain the task.
func noTaskError() *client.Error {
	return &client.Error{
		Op:       `get task "t1"`,
		Err:      &client.NoTaskError{},
		Response: client.Response{StatusCode: 200, RequestID: "9f31"},
	}
}

// reports returns one report of every sort, by the name of its golden files.
func reports() map[string]result.Report {
	hostile := documentedTask()
	hostile.Name, hostile.UserName = "##[group]\r\n::error::", "\u202eevil\x1b[31m"
	hostile.Status, hostile.CreatedAt = "\x00PAUSED\u2028", "yesterday"
	neverSeen := reportOf(&client.Task{}, fmt.Errorf("%w: %w", poll.ErrNotFound, noTaskError()))
	neverSeen.Target.TaskID = "ff80808272dcc90f0172df1e490f41b0"
	halfway := reportOf(new(runningTask(3661*time.Second)), poll.ErrTimeout)
	halfway.Progress = &client.Progress{Percent: 40}
	emptyTask := client.Task{ID: "t1", Status: client.Success, Response: client.Response{StatusCode: 200}}
	return map[string]result.Report{
		"success":         reportOf(new(documentedTask()), nil),
		"timeout":         halfway,
		"never_seen":      neverSeen,
		"faults":          usageReport(config.Fault{Input: "task_id", Text: "task_id is required"}),
		"numbers":         reportWithParams(`{ "z": 1.10, "a": 12345678901234567890, "m": 1E400, "neg": -0 }`),
		"params_not_json": reportWithParams("expand to 300 GB, \"now\"\n"),
		"params_array":    reportWithParams(`[1, {"b":null,"a":[]}]`),
		"redacted": reportWithParams(
			`{"b":1.10,"adminPassword":{"x":1},"a":"{\"user_token\":\"t0k\",\"n\":1.10}"}`),
		"hostile":    reportOf(&hostile, poll.ErrTimeout),
		"empty_task": reportOf(&emptyTask, nil),
	}
}

// errorsThatHold returns an error of every sort, each of which contains text.
func errorsThatHold(text string) []error {
	return []error{
		poll.ErrRunning,
		poll.ErrTimeout,
		serviceError(403, text, text),
		networkError(errors.New(text)),
		config.Faults{{Input: "task_id", Text: "task_id " + text}},
	}
}

// valueOf returns the value of the output with that name.
func valueOf(t *testing.T, r *result.Report, name string) value {
	t.Helper()
	all := values(r)
	i := slices.IndexFunc(all, func(o named) bool { return o.name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return all[i].value
}
