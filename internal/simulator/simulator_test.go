package simulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// patience limits waits for what takes milliseconds on an idle machine.
const patience = time.Minute

// TestMain fails if the tests leave goroutines of this package or of net/http behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(patience, "internal/simulator.", "net/http."); left != "" {
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftovers waits for all other goroutines with one of these texts in their stacks to end, and returns the
// stacks of those that did not.
func leftovers(timeout time.Duration, texts ...string) string {
	for deadline := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		var left []string
		for _, stack := range strings.Split(string(stacks), "\n\n")[1:] { // the first stack is our own
			if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(stack, text) }) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
	}
}

const (
	token   = "t0ken"
	tasks   = "/v2/" + simulator.DefaultProjectID + "/instances/" + simulator.DefaultInstanceID + "/tasks"
	example = tasks + "/ff80808272dcc90f0172df1e490f41b0"
	taskID  = "00000000000000000000000000000042"
)

// fakeClock is a clock that stands still until it is set.
type fakeClock struct{ nanoseconds atomic.Int64 }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func (c *fakeClock) Now() time.Time       { return noon.Add(time.Duration(c.nanoseconds.Load())) }
func (c *fakeClock) Set(at time.Duration) { c.nanoseconds.Store(int64(at)) }

// start starts s, and closes it when the test ends. By default, s has a token and the example task.
func start(t *testing.T, s simulator.Simulator) *simulator.Server {
	t.Helper()
	if s.Tokens == nil {
		s.Tokens = []string{token}
	}
	if s.Tasks == nil {
		s.Tasks = []simulator.Task{simulator.ExampleTask}
	}
	server, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	return server
}

// client returns a client with connections of its own.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// newRequest returns a GET request with the token. headers are pairs of name and value; an empty value
// removes the header.
func newRequest(t *testing.T, ctx context.Context, url string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("X-Auth-Token", token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return r
}

// get sends a GET request with the token on a connection of its own.
func get(t *testing.T, server *simulator.Server, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	return do(t, client(t), newRequest(t, t.Context(), server.URL+path, headers...))
}

func do(t *testing.T, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := c.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestStartRejectsMalformedIDs(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]simulator.Simulator{
		`start simulator: project id "p" is not 32 hex digits`:   {ProjectID: "p"},
		`start simulator: project id "q" is not 32 hex digits`:   {Projects: []simulator.Project{{ID: "q"}}},
		`start simulator: instance id "i" is not a dashed UUID`:  {InstanceID: "i"},
		`start simulator: task id "task-1" is not 32 hex digits`: {Tasks: []simulator.Task{{ID: "task-1"}}},
		`start simulator: task id "` + taskID +
			`0" is not 32 hex`: {Tasks: []simulator.Task{{ID: taskID}, {ID: taskID + "0"}}},
	} {
		_, err := s.Start()
		assert.ErrorContains(t, err, want)
		_, err = s.StartTLS("127.0.0.1:0")
		assert.ErrorContains(t, err, want)
	}
}
