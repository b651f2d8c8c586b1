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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// traced is the same client with a tracer, and what that tells.
func traced(c *Client) (*Client, *[]Trace) {
	told := &[]Trace{}
	again := *c
	again.Transport = &Tracer{Base: c.Transport, Tell: func(t Trace) { *told = append(*told, t) }}
	return &again, told
}

func TestATraceTellsWhatWasAskedAndAnsweredAndNothingSecret(t *testing.T) {
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
		c, told := traced(s.Client)
		_, _ = c.Tasks(t.Context(), "i1") // with a query
		require.Len(t, *told, 1)
		trace := (*told)[0]
		assert.Positive(t, trace.Took)
		trace.Took = 0
		assert.Equal(t, Trace{Method: "GET", Host: strings.TrimPrefix(s.server.URL, "http://"), Path: "/v2/p1/instances/i1/tasks", StatusCode: test.Status, Code: test.code, RequestID: "9f31"}, trace)
		assert.NotContains(t, fmt.Sprintf("%+v", trace), "s3cret")
	}
	s := serve(t, reply{Status: 429, Body: `{"error_code":"APIGW.0308","request_id":"in-the-body"}`}.handle)
	c, told := traced(s.Client)
	_, _ = c.Task(t.Context(), "i1", "t1")
	assert.Equal(t, "in-the-body", (*told)[0].RequestID)
}

func TestATracedAnswerIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]reply{
		"a task":     {Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`},
		"no task":    {Status: 200, Body: `{"tasks":[]}`},
		"an error":   {Status: 404, Body: `{"error_code":"DMS.00404022","error_msg":"none"}`},
		"empty":      {Status: 200},
		"no JSON":    {Status: 200, Body: "<html>"},
		"cut":        {Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`, Cut: true},
		"cut error":  {Status: 500, Body: `{"error_code":"X"}`, Cut: true},
		"1 MiB":      {Status: 200, Body: padded(1 << 20)},
		"over-long":  {Status: 200, Body: padded(1<<20 + 1)},
		"far longer": {Status: 404, Body: padded(3 << 20)},
	} {
		plain := serve(t, reply.handle)
		task, err := plain.Task(t.Context(), "i1", "t1")
		c, told := traced(plain.Client)
		tracedTask, tracedErr := c.Task(t.Context(), "i1", "t1")
		assert.Equal(t, task.Status, tracedTask.Status, name)
		if err == nil {
			require.NoError(t, tracedErr, name)
		} else {
			assert.EqualError(t, tracedErr, err.Error(), name)
			assert.Equal(t, class(fault(t, err)), class(fault(t, tracedErr)), name)
		}
		assert.Equal(t, reply.Cut, (*told)[0].Err != nil, name)
		assert.Equal(t, reply.Status, (*told)[0].StatusCode, name)
	}
}

func TestATracerReadsNoMoreThanItsMemoryMayHold(t *testing.T) {
	t.Parallel()
	body := &counted{Reader: strings.NewReader(strings.Repeat(" ", 3<<20))}
	c, _ := traced(&Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: carrier(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	})})
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the answer is longer than 1 MiB`)
	assert.Equal(t, 1<<20+1, body.read)
	assert.True(t, body.closed)
}

func TestATracedBodyIsWholeWhateverItsLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1 << 20, 1<<20 + 1, 1<<20 + 2, 5 << 20} {
		want := strings.Repeat("x", n)
		tracer := &Tracer{Tell: func(Trace) {}, Base: carrier(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(iotest.HalfReader(strings.NewReader(want)))}, nil
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

func TestABrokenBodyBreaksInTheSamePlaceWhenTraced(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	c, told := traced(answering(200, nil, io.MultiReader(strings.NewReader(`{"tasks":[]`), iotest.ErrReader(broken))))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: connection reset by peer`)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, broken, (*told)[0].Err)
}

// once is a reader that tells of its error only once.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	err := o.err
	o.err = io.EOF
	return 0, err
}

func TestAnErrorThatCameWhileTracingIsNotLost(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	c, _ := traced(answering(200, nil, io.MultiReader(strings.NewReader(`{"tasks":[{"id":"t1","status":"SUCCESS"}]}`), &once{broken})))
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.ErrorIs(t, err, broken)
}

func TestAnEndlessOrSlowAnswerIsLeftWhenTracedToo(t *testing.T) {
	t.Parallel()
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for chunk := []byte(strings.Repeat(" ", 64<<10)); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	c, told := traced(endless.Client)
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the answer is longer than 1 MiB`)
	assert.NoError(t, (*told)[0].Err)

	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	c, told = traced(slow.Client)
	c.Timeout = 300 * time.Millisecond
	_, err = c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: no answer within 300ms`)
	assert.EqualError(t, (*told)[0].Err, "no answer within 300ms")
	assert.Equal(t, 200, (*told)[0].StatusCode)
	assert.GreaterOrEqual(t, (*told)[0].Took, c.Timeout)
}

func TestATraceNamesWhatCalledARequestOff(t *testing.T) {
	t.Parallel()
	over := errors.New("the wait is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(over)
		hang(r)
	})
	c, told := traced(s.Client)
	_, err := c.Task(ctx, "i1", "t1")
	assert.ErrorIs(t, err, over)
	assert.Equal(t, over, (*told)[0].Err)
	assert.Zero(t, (*told)[0].StatusCode)

	refused := errors.New("connection refused")
	c, told = traced(failing(refused))
	_, err = c.Task(t.Context(), "i1", "t1")
	assert.ErrorIs(t, err, refused)
	assert.Equal(t, refused, (*told)[0].Err)
}

func TestATraceOfARequestThatWasCutOffSaysWhatEndedIt(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]carrier{
		"before the response": func(req *http.Request) (*http.Response, error) { return nil, req.Context().Err() },
		"within its body": func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(iotest.ErrReader(req.Context().Err()))}, nil
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCalledOff)
		c, told := traced(&Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: transport})
		_, err := c.Task(ctx, "i1", "t1")
		assert.ErrorIs(t, err, errCalledOff, name)
		require.Len(t, *told, 1)
		assert.Equal(t, errCalledOff, (*told)[0].Err, name)
	}
}
