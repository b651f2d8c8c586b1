package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// traced returns the same client with a tracer, and the traces that it reports.
func traced(c *Client) (*Client, *[]Trace) {
	traces := &[]Trace{}
	copied := *c
	copied.Transport = &Tracer{Base: c.Transport, Report: func(t *Trace) { *traces = append(*traces, *t) }}
	return &copied, traces
}

func TestTraceDescribesRequestAndResponseWithoutSecrets(t *testing.T) {
	t.Parallel()
	header := map[string]string{"X-Request-Id": "9f31", "Set-Cookie": "s3cret"}
	for _, test := range []struct {
		reply
		code string
	}{
		{reply{Status: 200, Headers: header, Body: `{"tasks":[{"id":"t1","status":"SUCCESS","params":"s3cret"}]}`}, ""},
		{reply{Status: 503, Headers: header, Body: `{"error_code":"DMS.00500001","error_msg":"s3cret"}`}, "DMS.00500001"},
		{reply{Status: 404, Headers: header, Body: `{"error":{"code":"IAM.0004","message":"s3cret"}}`}, "IAM.0004"},
		{reply{Status: 502, Headers: header, Body: `s3cret gateway`}, ""},
		{reply{Status: 500, Headers: header}, ""},
		{reply{Status: 302, Headers: map[string]string{"X-Request-Id": "9f31", "Location": "https://s3cret.test"}}, ""},
	} {
		s := serve(t, test.handle)
		c, traces := traced(s.Client)
		_, _ = c.Tasks(t.Context(), "i1") // with a query
		require.Len(t, *traces, 1)
		trace := (*traces)[0]
		assert.Positive(t, trace.Took)
		trace.Took = 0
		assert.Equal(t, Trace{
			Method:     "GET",
			Host:       strings.TrimPrefix(s.server.URL, "http://"),
			Path:       "/v2/p1/instances/i1/tasks",
			StatusCode: test.Status,
			Code:       test.code,
			RequestID:  "9f31",
		}, trace)
		assert.NotContains(t, fmt.Sprintf("%+v", trace), "s3cret")
	}
	s := serve(t, reply{Status: 429, Body: `{"error_code":"APIGW.0308","request_id":"in-the-body"}`}.handle)
	c, traces := traced(s.Client)
	_, _ = c.Task(t.Context(), "i1", "t1")
	assert.Equal(t, "in-the-body", (*traces)[0].RequestID)
}

func TestTracingDoesNotChangeTheResponse(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]reply{
		"a task":     {Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`},
		"no task":    {Status: 200, Body: `{"tasks":[]}`},
		"an error":   {Status: 404, Body: `{"error_code":"DMS.00404022","error_msg":"none"}`},
		"empty":      {Status: 200},
		"not JSON":   {Status: 200, Body: "<html>"},
		"cut":        {Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`, Cut: true},
		"cut error":  {Status: 500, Body: `{"error_code":"X"}`, Cut: true},
		"1 MiB":      {Status: 200, Body: padded(1 << 20)},
		"too large":  {Status: 200, Body: padded(1<<20 + 1)},
		"far larger": {Status: 404, Body: padded(3 << 20)},
	} {
		plain := serve(t, reply.handle)
		task, err := plain.Task(t.Context(), "i1", "t1")
		c, traces := traced(plain.Client)
		tracedTask, tracedErr := c.Task(t.Context(), "i1", "t1")
		assert.Equal(t, task.Status, tracedTask.Status, name)
		if err == nil {
			require.NoError(t, tracedErr, name)
		} else {
			assert.EqualError(t, tracedErr, err.Error(), name)
			assert.Equal(t, classOf(clientError(t, err)), classOf(clientError(t, tracedErr)), name)
		}
		assert.Equal(t, reply.Cut, (*traces)[0].Err != nil, name)
		assert.Equal(t, reply.Status, (*traces)[0].StatusCode, name)
	}
}

func TestTracerReadsAtMost1MiB(t *testing.T) {
	t.Parallel()
	body := &countingBody{Reader: strings.NewReader(strings.Repeat(" ", 3<<20))}
	c, _ := traced(over(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	})))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response is larger than 1 MiB`)
	assert.Equal(t, 1<<20+1, body.read)
	assert.True(t, body.closed)
}

func TestTracedBodyIsCompleteAtAnyLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1 << 20, 1<<20 + 1, 1<<20 + 2, 5 << 20} {
		want := strings.Repeat("x", n)
		tracer := &Tracer{Report: func(*Trace) {}, Base: roundTripper(func(*http.Request) (*http.Response, error) {
			body := io.NopCloser(iotest.HalfReader(strings.NewReader(want)))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
		})}
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://dms.test", nil)
		require.NoError(t, err)
		resp, err := tracer.RoundTrip(req)
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.True(t, want == string(got), n)
		require.NoError(t, resp.Body.Close())
	}
}

func TestTracedBodyBreaksWhereTheBodyDoes(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	body := io.MultiReader(strings.NewReader(`{"tasks":[]`), iotest.ErrReader(broken))
	c, traces := traced(respondWith(200, nil, body))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response was cut off: connection reset by peer`)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, broken, (*traces)[0].Err)
}

// errOnceReader returns its error once, and then io.EOF.
type errOnceReader struct{ err error }

func (r *errOnceReader) Read([]byte) (int, error) {
	err := r.err
	r.err = io.EOF
	return 0, err
}

func TestReadErrorIsNotLostByTracing(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	body := io.MultiReader(strings.NewReader(`{"tasks":[{"id":"t1","status":"SUCCESS"}]}`), &errOnceReader{broken})
	c, _ := traced(respondWith(200, nil, body))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.ErrorIs(t, err, broken)
}

func TestEndlessResponseIsAbandonedWhenTraced(t *testing.T) {
	t.Parallel()
	c, traces := traced(serve(t, endless).Client)
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response is larger than 1 MiB`)
	assert.NoError(t, (*traces)[0].Err)
}

func TestSlowResponseIsAbandonedWhenTraced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, traces := traced(pipeTo(t, trickle))
		c.Timeout = 10*time.Second + time.Millisecond
		_, err := c.Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, `get task "t1": 200: the response was not complete within 10.001s`)
		assert.EqualError(t, (*traces)[0].Err, "no response within 10.001s")
		assert.Equal(t, 200, (*traces)[0].StatusCode)
		assert.Equal(t, c.Timeout, (*traces)[0].Took)
	})
}

func TestTraceStatesWhyARequestWasCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errCancelled) })
		c, traces := traced(pipeTo(t, hang))
		_, err := c.Task(ctx, "i1", "t1")
		assert.ErrorIs(t, err, errCancelled)
		assert.Equal(t, errCancelled, (*traces)[0].Err)
		assert.Zero(t, (*traces)[0].StatusCode)
	})
}

func TestTraceStatesWhyThereWasNoResponse(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	c, traces := traced(failWith(refused))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.ErrorIs(t, err, refused)
	assert.Equal(t, refused, (*traces)[0].Err)
}

func TestTraceStatesTheCauseAtEveryStage(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]roundTripper{
		"before the response": func(req *http.Request) (*http.Response, error) { return nil, req.Context().Err() },
		"within its body": func(req *http.Request) (*http.Response, error) {
			body := io.NopCloser(iotest.ErrReader(req.Context().Err()))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCancelled)
		c, traces := traced(over(transport))
		_, err := c.Task(ctx, "i1", "t1")
		assert.ErrorIs(t, err, errCancelled, name)
		require.Len(t, *traces, 1)
		assert.Equal(t, errCancelled, (*traces)[0].Err, name)
	}
}
