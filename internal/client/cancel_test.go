package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
)

var errCalledOff = errors.New("called off")

func TestACallOffEndsARequestAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(errCalledOff)
		hang(r)
	})
	s.Timeout = time.Minute
	began := time.Now()
	_, err := s.Task(ctx, "i1", "t1")
	assert.EqualError(t, err, `get task "t1": called off`)
	assert.ErrorIs(t, err, errCalledOff)
	assert.Less(t, time.Since(began), time.Second)
}

func TestACallOffEndsABodyAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"tasks":[`)
		w.(http.Flusher).Flush()
		hang(r)
	})
	s.Timeout = time.Minute
	s.Transport = carrier(func(req *http.Request) (*http.Response, error) {
		resp, err := s.transport.RoundTrip(req)
		time.AfterFunc(20*time.Millisecond, func() { cancel(errCalledOff) })
		return resp, err
	})
	began := time.Now()
	_, err := s.Task(ctx, "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: called off`)
	assert.ErrorIs(t, err, errCalledOff)
	assert.Less(t, time.Since(began), time.Second)
}

func TestTheCauseIsToldWhateverWordsTheTransportHas(t *testing.T) {
	t.Parallel()
	for text, transport := range map[string]carrier{
		`get task "t1": called off`: func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dial: %w", req.Context().Err())
		},
		`get task "t1": 200: called off`: func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(iotest.ErrReader(req.Context().Err()))}, nil
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCalledOff)
		_, err := (&Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: transport}).Task(ctx, "i1", "t1")
		assert.EqualError(t, err, text)
		assert.ErrorIs(t, err, errCalledOff)
	}
}

func TestAfterACallOffNothingIsSent(t *testing.T) {
	t.Parallel()
	s := serve(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1"}]}`}.handle)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCalledOff)
	_, err := s.Task(ctx, "i1", "t1")
	assert.ErrorIs(t, err, errCalledOff)
	assert.Zero(t, s.requests.Load())
}

func TestAnAnswerThatIsThereCountsThoughTheContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`}.handle)
	s.Transport = carrier(func(req *http.Request) (*http.Response, error) {
		resp, err := s.transport.RoundTrip(req)
		if err == nil {
			resp.Body = endsAfter{resp.Body, cancel}
		}
		return resp, err
	})
	task, err := s.Task(ctx, "i1", "t1")
	assert.NoError(t, err)
	assert.Equal(t, Success, task.Status)
}

// endsAfter is a body whose end calls off the request.
type endsAfter struct {
	io.ReadCloser
	cancel func()
}

func (b endsAfter) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.cancel()
	}
	return n, err
}
