package report

import (
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// now is when the waits of the tests are over.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// documented is the task of the API's documentation.
func documented() client.Task {
	return client.Task{
		ID:        "ff80808272dcc90f0172df1e490f41b0",
		Name:      "bindInstancePublicIp",
		UserName:  "dms_test",
		UserID:    "xxxxxxxx93ff484a828144c6xxxxxxxx",
		Params:    `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d","public_ip_address":"xx.xx.xx.xx","enable_public_ip":true}`,
		Status:    client.Success,
		CreatedAt: "2020-06-23T03:00:03.471Z",
		UpdatedAt: "2020-06-23T03:00:08.130Z",
		Answer:    client.Answer{StatusCode: 200},
	}
}

// ofTask is the report of a wait that saw this task last.
func ofTask(task client.Task, err error) Report {
	return Report{Result: Conclude(task, err), Err: err, TaskID: task.ID, Task: task, Waited: 5200 * time.Millisecond, Polls: 4, At: now}
}

// withParams is the report of a wait for a task with these params.
func withParams(params string) Report {
	task := documented()
	task.Params = params
	return ofTask(task, nil)
}

// running is a task that is this old by the server's clock.
func running(age time.Duration) client.Task {
	task := documented()
	created, _ := task.Created()
	task.Status, task.UpdatedAt = client.Executing, task.CreatedAt
	task.Answer.ServerTime, task.Answer.ReceivedAt = created.Add(age), now
	return task
}

// answered is an error answer of the service.
func answered(status int, code, message string) *client.Error {
	return &client.Error{Op: `get task "t1"`, Code: code, Message: message, Answer: client.Answer{StatusCode: status, RequestID: "9f31"}}
}

// unanswered is a request that brought no answer.
func unanswered(err error) *client.Error {
	return &client.Error{Op: `get task "t1"`, Err: err}
}

// absent is a good answer without our task.
func absent() *client.Error {
	return &client.Error{Op: `get task "t1"`, Err: client.ErrNoTask, Answer: client.Answer{StatusCode: 200, RequestID: "9f31"}}
}

// ending wraps an answer as poll does at the end of a wait.
func ending(reason error, e *client.Error) error { return fmt.Errorf("%w: %w", reason, e) }

// output is the output of that name.
func output(r Report, name string) Output {
	for _, o := range r.Outputs() {
		if o.Name == name {
			return o
		}
	}
	panic("no output " + name)
}
