package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// padded is a good answer of n bytes.
func padded(n int) string {
	const head, tail = `{"tasks":[{"id":"t1","status":"SUCCESS"}],"pad":"`, `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

func TestABodyOf1MiBIsRead(t *testing.T) {
	t.Parallel()
	task, err := ask(t, padded(1<<20), "t1")
	require.NoError(t, err)
	assert.Equal(t, Success, task.Status)
}

func TestALongerBodyIsAFailureWhateverItsStatus(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{
		200: `get task "t1": 200: the answer is longer than 1 MiB`,
		400: `get task "t1": 400: the answer is longer than 1 MiB`,
		404: `get task "t1": 404: the answer is longer than 1 MiB`,
		500: `get task "t1": 500: the answer is longer than 1 MiB`,
	} {
		_, err := serve(t, reply{Status: status, Body: padded(1<<20 + 1)}.handle).Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, text)
		assert.Equal(t, "failing", class(fault(t, err)))
	}
}

func TestAnEndlessBodyIsLeftAt1MiB(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for chunk := []byte(strings.Repeat(" ", 64<<10)); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the answer is longer than 1 MiB`)
	<-ended // since the connection is closed
}

// counted counts what is read of a body, and tells whether it was closed.
type counted struct {
	io.Reader
	read   int
	closed bool
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func (c *counted) Close() error { c.closed = true; return nil }

func TestOfALongBodyOneByteTooManyIsReadAndNoMore(t *testing.T) {
	t.Parallel()
	body := &counted{Reader: strings.NewReader(strings.Repeat(" ", 3<<20))}
	c := &Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: carrier(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	})}
	_, err := c.Task(t.Context(), "i1", "t1")
	require.Error(t, err)
	assert.Equal(t, 1<<20+1, body.read)
	assert.True(t, body.closed)
}

func TestABrokenBodyNamesWhatBrokeIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	_, err := answering(200, nil, io.MultiReader(strings.NewReader(`{"tasks":[]`), iotest.ErrReader(broken))).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: connection reset by peer`)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, "failing", class(fault(t, err)))
}

func TestASlowHeaderEndsWithTheRequestTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { hang(r) })
	s.Timeout = 100 * time.Millisecond
	began := time.Now()
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": no answer within 100ms`)
	assert.Equal(t, "failing", class(fault(t, err)))
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "which is the end of a wait")
	assert.GreaterOrEqual(t, time.Since(began), s.Timeout)
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestASlowBodyEndsWithTheRequestTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // each byte comes soon enough, the end never
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	s.Timeout = 500 * time.Millisecond
	began := time.Now()
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: no answer within 500ms`)
	assert.Equal(t, "failing", class(fault(t, err)))
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestWithoutARequestTimeoutTheContextDecides(t *testing.T) {
	t.Parallel()
	over := errors.New("the wait is over")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, over)
	defer cancel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { hang(r) })
	for _, s.Timeout = range []time.Duration{0, time.Minute} {
		_, err := s.Task(ctx, "i1", "t1")
		assert.EqualError(t, err, `get task "t1": the wait is over`)
		assert.ErrorIs(t, err, over)
	}
}
