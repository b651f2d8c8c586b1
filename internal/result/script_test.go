package result

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/target"
)

// now is when the waits of the tests end.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// documented returns the task of the API's documentation.
func documented() client.Task {
	return client.Task{
		ID:        "ff80808272dcc90f0172df1e490f41b0",
		Name:      "bindInstancePublicIp",
		UserName:  "dms_test",
		UserID:    "xxxxxxxx93ff484a828144c6xxxxxxxx",
		Params:    `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d"}`,
		Status:    client.Success,
		CreatedAt: "2020-06-23T03:00:03.471Z",
		UpdatedAt: "2020-06-23T03:00:08.130Z",
		Response:  client.Response{StatusCode: 200},
	}
}

// reportOf returns the report of a wait that saw this task last.
func reportOf(task *client.Task, err error) Report {
	return Report{
		Result: Conclude(new(target.OfTask(task)), err), Err: err, Target: target.Target{TaskID: task.ID}, State: target.OfTask(task),
		Waited: 5200 * time.Millisecond, Polls: 4, At: now,
	}
}

// running returns a task that was created so long ago, by the server's clock.
func running(age time.Duration) client.Task {
	task := documented()
	created, _ := task.Created()
	task.Status, task.UpdatedAt = client.Executing, task.CreatedAt
	task.Response.ServerTime, task.Response.ReceivedAt = created.Add(age), now
	return task
}

// failed returns an error response of the API.
func failed(status int, code, message string) *client.Error {
	return &client.Error{
		Op: `get task "t1"`, Code: code, Message: message,
		Response: client.Response{StatusCode: status, RequestID: "9f31"},
	}
}

// atProxy returns the error of a request that did not get through this proxy.
func atProxy(proxy string, refusal client.ProxyError) *client.Error {
	e := unreachable(&refusal)
	e.Proxy = client.Proxy{Scheme: proxy, Host: "proxy.test:3128", User: "jane"}
	return e
}

// foreign returns the response of something in between.
func foreign(status int) *client.Error {
	e := failed(status, "", "")
	e.Foreign = true
	return e
}

// unreachable returns the error of a request without a response.
func unreachable(err error) *client.Error {
	return &client.Error{Op: `get task "t1"`, Err: err}
}

// missing returns the error of a valid response without the task.
func missing() *client.Error {
	e := failed(200, "", "")
	e.Err = &client.NoTaskError{ID: "t1"}
	return e
}

// login returns the error of a login request that got this status; 0: no response.
func login(status int, service string) *credential.Error {
	class := client.Failing
	switch {
	case status == 401 || status == 403:
		class = client.Denied
	case status/100 == 4:
		class = client.Rejected
	}
	return &credential.Error{
		Request: &client.Error{Op: "log in", Class: class, Response: client.Response{StatusCode: status}},
		Service: service,
	}
}

// ending wraps an error as poll does at the end of a wait.
func ending(reason, err error) error { return fmt.Errorf("%w: %w", reason, err) }

// silentHandshake returns the error of a request to a server that does not respond to the beginning of TLS.
func silentHandshake(t *testing.T) *client.Error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	c := client.Client{
		Endpoint: "https://" + listener.Addr().String(), ProjectID: "p1",
		Timeout: time.Second, Transport: client.NewTransport(time.Minute),
	}
	_, err = c.Task(t.Context(), "i1", "t1")
	e := responseError(err)
	require.Equal(t, client.NoHandshake, e.Cause())
	return e
}
