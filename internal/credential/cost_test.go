package credential

import (
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// onePoll returns a poll for the documented task, signed, whose response is in memory.
func onePoll(t testing.TB) func() {
	t.Helper()
	content, err := os.ReadFile("../client/testdata/example.json")
	require.NoError(t, err)
	body := string(content)
	header := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "X-Request-Id": {"9f31c3a1b2d94e6f"}}
	api := client.Client{
		Endpoint:  "https://dms.test",
		ProjectID: "0123456789abcdef0123456789abcdef",
		UserAgent: "dmswait/test",
		Timeout:   time.Minute,
		Transport: withKeys(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Authorization") == "" {
				return response(http.StatusUnauthorized, time.Time{}), nil
			}
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
		}),
	}
	ctx := t.Context()
	return func() {
		task, err := api.Task(ctx, "11111111-2222-3333-4444-555555555555", "ff80808272dcc90f0172df1e490f41b0")
		if err != nil || task.Status != client.Success {
			t.Fatal(task, err)
		}
	}
}

// BenchmarkOnePoll measures a poll from its request to its task, signature included, without the network.
func BenchmarkOnePoll(b *testing.B) {
	poll := onePoll(b)
	b.ReportAllocs()
	for b.Loop() {
		poll()
	}
}

// Not parallel: the memory of other tests would be counted.
func TestAuthenticatedPollsRetainNoMemory(t *testing.T) {
	poll := onePoll(t)
	const polls = 2000
	first, before := testing.AllocsPerRun(100, poll), held()
	for range polls {
		poll()
	}
	assert.InDelta(t, first, testing.AllocsPerRun(100, poll), 2,
		"allocations of a poll; now and then pools are emptied")
	assert.Less(t, (held()-before)/polls, 8.0, "bytes retained per poll")
	runtime.KeepAlive(poll)
	assert.Less(t, first, 250.0)
}

// held returns how much memory is in use after a garbage collection.
func held() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
