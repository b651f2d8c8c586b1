package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// padded returns a valid response of n bytes.
func padded(n int) string {
	const head, tail = `{"tasks":[{"id":"t1","status":"SUCCESS"}],"pad":"`, `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

func TestBodyOf1MiBIsRead(t *testing.T) {
	t.Parallel()
	task, err := getTask(t, padded(1<<20), "t1")
	require.NoError(t, err)
	assert.Equal(t, Success, task.Status)
}

func TestLargerBodyIsAnOutageWhateverItsStatus(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{
		200: `get task "t1": 200: the response is larger than 1 MiB`,
		400: `get task "t1": 400: the response is larger than 1 MiB`,
		404: `get task "t1": 404: the response is larger than 1 MiB`,
		500: `get task "t1": 500: the response is larger than 1 MiB`,
	} {
		_, err := serve(t, reply{Status: status, Body: padded(1<<20 + 1)}.handle).Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, text)
		assert.Equal(t, "failing", classOf(clientError(t, err)))
	}
}

// zipped returns a text as gzip.
func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

func TestGzipIsUnderstoodAlthoughNotRequested(t *testing.T) {
	t.Parallel()
	ended := `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`
	for name, c := range map[string]struct {
		status int
		body   []byte
		want   string // the error; empty: none
	}{
		"a task":          {200, zipped(ended), ""},
		"1 MiB":           {200, zipped(padded(1 << 20)), ""},
		"more than 1 MiB": {200, zipped(padded(1<<20 + 1)), `get task "t1": 200: the response is larger than 1 MiB`},
		"a bomb":          {404, zipped(strings.Repeat(" ", 100<<20)), `get task "t1": 404: the response is larger than 1 MiB`},
		"an error":        {403, zipped(`{"error_code":"DMS.00403002","error_msg":"no"}`), `get task "t1": 403 DMS.00403002: no`},
		"cut off":         {200, zipped(ended)[:30], `get task "t1": 200: the response was cut off`},
		"not gzip":        {200, []byte("\x1f\x8bx"), `get task "t1": 200: the response is not the API's JSON`},
	} {
		for _, header := range []http.Header{nil, {"Content-Encoding": {"gzip"}}} { // some proxies lose the header
			var traced Trace
			plain := respondWith(c.status, header, bytes.NewReader(c.body)).Transport
			client := over(&Tracer{Base: plain, Report: func(t *Trace) { traced = *t }})
			task, err := client.Task(t.Context(), "i1", "t1")
			if c.want == "" {
				require.NoError(t, err, name)
				assert.Equal(t, Success, task.Status, name)
				continue
			}
			assert.EqualError(t, err, c.want, name)
			assert.Equal(t, clientError(t, err).Code, traced.Code, name)
		}
	}
}

// endless responds with blanks until the connection is closed.
func endless(w http.ResponseWriter, _ *http.Request) {
	for chunk := []byte(strings.Repeat(" ", 64<<10)); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestEndlessBodyIsAbandonedAt1MiB(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(closed)
		endless(w, r)
	})
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response is larger than 1 MiB`)
	<-closed
}

// countingBody counts the bytes that are read of a body, and knows whether it was closed.
type countingBody struct {
	io.Reader
	read   int
	closed bool
}

func (c *countingBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func (c *countingBody) Close() error { c.closed = true; return nil }

func TestAtMostOneByteMoreThan1MiBIsRead(t *testing.T) {
	t.Parallel()
	body := &countingBody{Reader: strings.NewReader(strings.Repeat(" ", 3<<20))}
	c := over(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	}))
	_, err := c.Task(t.Context(), "i1", "t1")
	require.Error(t, err)
	assert.Equal(t, 1<<20+1, body.read)
	assert.True(t, body.closed)
}

func TestBrokenBodyErrorStatesTheCause(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	body := io.MultiReader(strings.NewReader(`{"tasks":[]`), iotest.ErrReader(broken))
	_, err := respondWith(200, nil, body).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response was cut off: connection reset by peer`)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, "failing", classOf(clientError(t, err)))
}

func TestSlowHeaderEndsWithTheRequestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := pipeTo(t, hang)
		c.Timeout = 10 * time.Second
		began := time.Now()
		_, err := c.Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, `get task "t1": no response within 10s`)
		assert.Equal(t, "failing", classOf(clientError(t, err)))
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "that is the end of a wait")
		assert.Equal(t, c.Timeout, time.Since(began))
	})
}

func TestSlowBodyEndsWithTheRequestTimeout(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){"stops": hangInBody, "continues slowly": trickle} {
		synctest.Test(t, func(t *testing.T) {
			c := pipeTo(t, serve)
			c.Timeout = 10*time.Second + time.Millisecond
			began := time.Now()
			_, err := c.Task(t.Context(), "i1", "t1")
			assert.EqualError(t, err, `get task "t1": 200: the response was not complete within 10.001s`, name)
			assert.Equal(t, "failing", classOf(clientError(t, err)), name)
			assert.Equal(t, c.Timeout, time.Since(began), name)
		})
	}
}

func TestContextEndsARequestBeforeTheRequestTimeout(t *testing.T) {
	t.Parallel()
	over := errors.New("the wait is over")
	for _, timeout := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, over)
			defer cancel()
			c := pipeTo(t, hang)
			c.Timeout = timeout
			began := time.Now()
			_, err := c.Task(ctx, "i1", "t1")
			assert.EqualError(t, err, `get task "t1": the wait is over`)
			assert.ErrorIs(t, err, over)
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
	}
}
