package credential

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBothAttemptsAreSignedAndUseOneConnection(t *testing.T) {
	t.Parallel()
	const body = `{"name":"demo","n":1,"html":"<&>"}`
	var connections atomic.Int32
	var requests []*http.Request
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, body, string(content))
		verify(t, r, body, permanent, "host;x-project-id;x-sdk-date")
		requests = append(requests, r)
		if len(requests) == 1 {
			w.Header().Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
			w.Write(make([]byte, 32<<10))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)

	req := newRequest(t, http.MethodPost, server.URL+"/v3/projects?b=2&a=", body)
	resp, err := withKeys(base.RoundTrip).RoundTrip(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.EqualValues(t, 1, connections.Load(), "connections")
	require.Len(t, requests, 2)
	assert.NotEqual(t, requests[0].Header.Get("Authorization"), requests[1].Header.Get("Authorization"))
	second, err := time.Parse(dateFormat, requests[1].Header.Get(headerDate))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(3*time.Hour), second, time.Minute)
}

func TestConcurrentRequestsCorrectTheClockOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 50
		var attempts, corrections atomic.Int32
		transport := withKeys(func(req *http.Request) (*http.Response, error) {
			attempts.Add(1)
			resp, err := (&gate{ahead: time.Hour}).RoundTrip(req)
			time.Sleep(time.Second) // until all are in flight
			resp.Header.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			return resp, err
		})
		transport.ClockCorrected = func(behind time.Duration) {
			corrections.Add(1)
			assert.Equal(t, time.Hour, behind)
		}
		var wait sync.WaitGroup
		for range many {
			wait.Go(func() {
				assert.Equal(t, http.StatusOK, send(t, transport), "each is sent again with the right time")
			})
		}
		wait.Wait()
		assert.EqualValues(t, 2*many, attempts.Load())
		assert.EqualValues(t, 1, corrections.Load(), "the clock was wrong once")
	})
}
