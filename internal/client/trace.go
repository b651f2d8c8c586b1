package client

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// Trace is what one request came to, without anything secret: no headers, no query, no body.
type Trace struct {
	Method, Host, Path string
	StatusCode         int // 0: there was no answer
	Code               string
	RequestID          string
	Took               time.Duration
	Err                error // why there was no answer, or not all of it
}

// Tracer tells of each request that goes through it. It reads answers to their end, to the length
// that Read takes, to know their code. Like Read, it reads nothing of a 1xx.
type Tracer struct {
	Base http.RoundTripper
	Tell func(Trace)
}

// RoundTrip sends a request and tells of it.
func (t *Tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	trace := Trace{Method: req.Method, Host: req.URL.Host, Path: req.URL.Path}
	resp, err := t.Base.RoundTrip(req)
	switch {
	case err != nil:
		trace.Err = cause(req.Context(), err)
	case isRaw(resp):
		trace.StatusCode, trace.RequestID = resp.StatusCode, readAnswer(resp, began).RequestID
		trace.Err = errSwitched
	default:
		var body []byte
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1)) // an err of its own: reading gives it to whom the answer is for
		if err != nil {
			trace.Err = cause(req.Context(), err)
		}
		resp.Body = rest{io.MultiReader(bytes.NewReader(body), ending{err}, resp.Body), resp.Body}

		told := decodeError(resp.StatusCode, body)
		answer := readAnswer(resp, began)
		trace.StatusCode, trace.Code, trace.RequestID = resp.StatusCode, told.code, answer.RequestID
		if trace.RequestID == "" {
			trace.RequestID = told.requestID
		}
	}
	trace.Took = time.Since(began)
	t.Tell(trace)
	return resp, err
}

// rest is a body of which the beginning was read already.
type rest struct {
	io.Reader
	io.Closer
}

// ending ends a body with the error that it ended with before.
type ending struct{ err error }

func (f ending) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
