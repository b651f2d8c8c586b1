package client

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// Trace describes one request and its response, without anything secret: no headers, no query, no body.
type Trace struct {
	Method, Host, Path string
	StatusCode         int // 0: there was no response
	Code               string
	RequestID          string
	Took               time.Duration
	Err                error // why there was no response, or not all of it
}

// Tracer reports each request that goes through it. It reads each body up to Read's limit to find the error
// code, except that of a 1xx.
type Tracer struct {
	Base   http.RoundTripper
	Report func(*Trace)
}

// RoundTrip sends a request, and reports it.
func (t *Tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	trace := Trace{Method: req.Method, Host: req.URL.Host, Path: req.URL.Path}
	resp, err := t.Base.RoundTrip(req)
	switch {
	case err != nil:
		trace.Err = cause(req.Context(), err)
	case isRaw(resp):
		trace.StatusCode, trace.RequestID, trace.Err = resp.StatusCode, readHead(resp, began).RequestID, errSwitched
	default:
		body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
		if readErr != nil {
			trace.Err = cause(req.Context(), readErr)
		}
		resp.Body = replayed{io.MultiReader(bytes.NewReader(body), failed{readErr}, resp.Body), resp.Body}

		text, _ := unpack(body)
		found := decodeError(resp.StatusCode, text)
		trace.StatusCode, trace.Code, trace.RequestID = resp.StatusCode, found.code, readHead(resp, began).RequestID
		if trace.RequestID == "" {
			trace.RequestID = found.requestID
		}
	}
	trace.Took = time.Since(began)
	t.Report(&trace)
	return resp, err
}

// replayed is a body whose beginning has been read already.
type replayed struct {
	io.Reader
	io.Closer
}

// failed ends a body with the error that reading it ended with; nil: reading continues.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
