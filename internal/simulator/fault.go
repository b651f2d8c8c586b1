package simulator

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Response is a response, or a fault instead of one. The zero Response is an empty 200.
// If several faults are set, the first in the order of the fields takes effect.
type Response struct {
	Status int // if 0, 200
	// Header adds to or replaces the headers of every response (Content-Type, Date, X-Request-Id).
	// A name without values removes the header.
	Header http.Header
	Body   string

	Delay   time.Duration // wait first, unless the client disconnects or the server closes
	Hang    bool          // never respond, until the client disconnects or the server closes
	Reset   bool          // reset the connection (TCP RST)
	Close   bool          // close the connection
	Raw     string        // send these bytes, at the pace of Slow, and close the connection unless Open is set
	Open    bool          // with Raw: leave the connection open, until the client disconnects or the server closes
	Cut     int           // if > 0, announce the whole body, send this many bytes of it, close the connection
	Endless bool          // after Body, send spaces without end, chunked; stops after 400 MB
	Slow    time.Duration // if > 0, pause after every byte of Body
}

// Fault returns an error response in the format of the service that uses the prefix of the code:
//   - APIGW. and APIG., the gateway: error_code, error_msg and request_id, the latter as in X-Request-Id.
//     STS5. is documented to be the same.
//   - IAM. without a number: a nested error whose code is the status, and X-IAM-Trace-Id.
//   - IAM. with a number: error_code and error_msg, and X-IAM-Trace-Id.
//   - any other: error_code and error_msg.
func Fault(status int, code, message string) *Response {
	id := randomID()
	header := http.Header{"X-Request-Id": {id}}
	if strings.HasPrefix(code, "IAM.") {
		header = http.Header{"X-Request-Id": nil, "X-Iam-Trace-Id": {id}}
	}

	type flat struct {
		Code      string `json:"error_code"`
		Message   string `json:"error_msg"`
		RequestID string `json:"request_id,omitempty"`
	}
	type nested struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Title   string `json:"title"`
	}
	var body any
	switch {
	case strings.HasPrefix(code, "APIGW."), strings.HasPrefix(code, "APIG."), strings.HasPrefix(code, "STS5."):
		body = flat{code, message, id}
	case code == "IAM.":
		body = map[string]nested{"error": {status, message, http.StatusText(status)}}
	default:
		body = flat{Code: code, Message: message}
	}
	return &Response{Status: status, Header: header, Body: compactJSON(body)}
}

// Script returns an Intercept that sends the nth response to the nth request for a task or the list of
// tasks, counted together. nil stands for the regular response, which is also sent after the last one.
// The count is not reset when the Simulator is started again.
func Script(responses ...*Response) func(Request) *Response {
	var count atomic.Int64
	return func(r Request) *Response {
		if r.Kind != "task" && r.Kind != "tasks" {
			return nil
		}
		if n := int(count.Add(1)); n <= len(responses) {
			return responses[n-1]
		}
		return nil
	}
}

func jsonResponse(value any) *Response { return &Response{Body: compactJSON(value)} }

// compactJSON returns JSON as the cloud formats it: on one line, with <, > and & unescaped.
func compactJSON(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // cannot happen: all values are strings and numbers
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// randomID returns 32 hex digits.
func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}
