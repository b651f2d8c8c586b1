package simulator

import (
	"net/http"
	"strings"
	"sync/atomic"
)

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
