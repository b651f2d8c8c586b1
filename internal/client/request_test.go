package client

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call is one of the client's three methods.
type call struct {
	name string
	do   func(c *Client, instanceID, taskID string) error
}

var calls = []call{
	{"Task", func(c *Client, instanceID, taskID string) error {
		_, err := c.Task(context.Background(), instanceID, taskID)
		return err
	}},
	{"Tasks", func(c *Client, instanceID, _ string) error {
		_, err := c.Tasks(context.Background(), instanceID)
		return err
	}},
	{"Progress", func(c *Client, instanceID, taskID string) error {
		_, err := c.Progress(context.Background(), instanceID, taskID)
		return err
	}},
}

func TestEachCallSendsOneGetRequest(t *testing.T) {
	t.Parallel()
	targets := map[string]string{
		"Task":     "/v2/p1/instances/i1/tasks/t1",
		"Tasks":    "/v2/p1/instances/i1/tasks?start=1&limit=100",
		"Progress": "/v2/p1/instances/i1/tasks/t1/progress",
	}
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			var line string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				line = r.Method + " " + r.RequestURI
				reply{Status: 503}.write(w)
			})
			require.Error(t, call.do(s.Client, "i1", "t1"))
			assert.Equal(t, "GET "+targets[call.name], line)
			assert.EqualValues(t, 1, s.requests.Load(), "requests: nothing is retried here")
		})
	}
}

func TestRequestHasTheDocumentedHeadersOnly(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			var got http.Header
			var host string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got, host = r.Header, r.Host
				reply{Status: 503}.write(w)
			})
			s.UserAgent = "dmswait/1.2.3"
			require.Error(t, call.do(s.Client, "i1", "t1"))
			// No Accept-Encoding: a short compressed response could have an endless text.
			assert.Equal(t, http.Header{
				"Accept": {"application/json"}, "User-Agent": {"dmswait/1.2.3"}, "X-Project-Id": {"p1"},
			}, got)
			assert.Equal(t, s.Endpoint, "http://"+host)
		})
	}
}

func TestInvalidIDIsNeverSent(t *testing.T) {
	t.Parallel()
	s := serve(t, reply{Status: 200, Body: `{"tasks":[]}`}.handle)
	for _, id := range []string{
		"", ".", "..", "/", "a/b", "../t1", "%2f", "%2F..", "a%2fb", "a b", "a?b", "a#b", "a;b", "a:b", "a\n", "\x00", "é", "\u212a", strings.Repeat("a", 65),
	} {
		assert.False(t, ValidID(id), "%q", id)
		for _, call := range calls {
			err := call.do(s.Client, id, "t1")
			assert.ErrorContains(t, err, " is not an id", "%s of instance %q", call.name, id)
			assert.Equal(t, Response{}, clientError(t, err).Response)
			if call.name != "Tasks" {
				assert.ErrorContains(t, call.do(s.Client, "i1", id), " is not an id", "%s %q", call.name, id)
			}
			elsewhere := *s.Client
			elsewhere.ProjectID = id
			assert.ErrorContains(t, call.do(&elsewhere, "i1", "t1"), " is not an id", "%s in project %q",
				call.name, id)
		}
	}
	assert.Zero(t, s.requests.Load())
}

func TestIDHasUpTo64LettersDigitsDashesAndUnderscores(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"a", "-", "_", "0", strings.Repeat("a", 64), "ff80808272dcc90f0172df1e490f41b0", "11111111-2222-3333-4444-555555555555",
		"ABCXYZabcxyz0189_-",
	} {
		assert.True(t, ValidID(id), "%q", id)
	}
}

func TestEveryErrorNamesTheRequest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Task":     `get task "t1": 403 Forbidden (not the API's JSON)`,
		"Tasks":    `list tasks of instance "i1": 403 Forbidden (not the API's JSON)`,
		"Progress": `get progress of task "t1": 403 Forbidden (not the API's JSON)`,
	} {
		for _, call := range calls {
			if call.name == name {
				assert.EqualError(t, call.do(respondWith(403, nil, http.NoBody), "i1", "t1"), want)
			}
		}
	}
}

// loginError is an error of a transport that wraps the failed request of a login.
type loginError struct{ request *Error }

func (e loginError) Error() string { return e.request.Error() }
func (e loginError) Unwrap() error { return e.request }

func TestErrorOfALoginIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	login := loginError{&Error{Op: "log in", Response: Response{StatusCode: http.StatusForbidden}, Class: Denied}}
	for _, call := range calls {
		assert.Equal(t, login, call.do(failWith(login), "i1", "t1"), call.name)
	}
}
