package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

var errCancelled = errors.New("cancelled by the test")

func TestCancellationEndsARequestAtOnce(t *testing.T) {
	t.Parallel()
	assertCancelledAtOnce(t, hang, `get task "t1": cancelled by the test`)
}

func TestCancellationEndsReadingABodyAtOnce(t *testing.T) {
	t.Parallel()
	assertCancelledAtOnce(t, hangInBody, `get task "t1": 200: cancelled by the test`)
}

// assertCancelledAtOnce cancels a request while a server hangs, and asserts that it ends in that instant.
func assertCancelledAtOnce(t *testing.T, serve func(net.Conn), want string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errCancelled) })
		began := time.Now()
		_, err := pipeTo(t, serve).Task(ctx, "i1", "t1")
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, err, errCancelled)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestCancellationCauseReplacesTheTransportError(t *testing.T) {
	t.Parallel()
	for text, transport := range map[string]roundTripper{
		`get task "t1": cancelled by the test`: func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dial: %w", req.Context().Err())
		},
		`get task "t1": 200: cancelled by the test`: func(req *http.Request) (*http.Response, error) {
			body := io.NopCloser(iotest.ErrReader(req.Context().Err()))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCancelled)
		_, err := over(transport).Task(ctx, "i1", "t1")
		assert.EqualError(t, err, text)
		assert.ErrorIs(t, err, errCancelled)
	}
}

func TestNothingIsSentAfterCancellation(t *testing.T) {
	t.Parallel()
	s := serve(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1"}]}`}.handle)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCancelled)
	_, err := s.Task(ctx, "i1", "t1")
	assert.ErrorIs(t, err, errCancelled)
	assert.Zero(t, s.requests.Load())
}

func TestCompleteResponseCountsAlthoughTheContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`}.handle)
	s.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := s.transport.RoundTrip(req)
		if err == nil {
			resp.Body = cancelAtEOF{resp.Body, cancel}
		}
		return resp, err
	})
	task, err := s.Task(ctx, "i1", "t1")
	assert.NoError(t, err)
	assert.Equal(t, Success, task.Status)
}

// cancelAtEOF is a body whose end cancels the request.
type cancelAtEOF struct {
	io.ReadCloser
	cancel func()
}

func (b cancelAtEOF) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.cancel()
	}
	return n, err
}
