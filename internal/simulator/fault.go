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

// Answer is one answer, or the way in which none is given. The zero Answer is an empty 200.
// Where several faults are set, the first in the order of the fields decides.
type Answer struct {
	Status int // 0: 200
	// Header replaces the headers every answer has (Content-Type, Date, X-Request-Id), or adds to them;
	// a name without values takes one away.
	Header http.Header
	Body   string

	Delay   time.Duration // wait before anything else; cut short when the client goes away or the server closes
	Hang    bool          // never answer, until the client goes away or the server closes
	Reset   bool          // TCP RST instead of an answer
	Close   bool          // close the connection instead of an answer
	Raw     string        // send these bytes instead of an answer, and close the connection unless Open is set; Slow counts for them, too
	Open    bool          // with Raw: leave the connection open, until the client goes away or the server closes
	Cut     int           // > 0: announce the whole body, send this many bytes of it, close the connection
	Endless bool          // after Body, spaces in a chunked body without end; it breaks off after 400 MB
	Slow    time.Duration // > 0: pause after every single byte of Body
}

// Fault is an error in the shape of the side that would send it, told from its code:
//   - APIGW. and APIG.: the gateway's, error_code and error_msg with the request_id, the same as in X-Request-Id;
//     STS5.: STS documents the same
//   - IAM. alone, without a number: IAM's nested one, with the status as its code, and X-IAM-Trace-Id
//   - IAM. with a number: error_code and error_msg, and X-IAM-Trace-Id
//   - any other: a service's, error_code and error_msg
func Fault(status int, code, message string) *Answer {
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
	return &Answer{Status: status, Header: header, Body: compact(body)}
}

// Script answers the nth request for a task or for the list of tasks, counted together, with the nth answer.
// nil stands for the ordinary answer, and so does the end of the list. It is for one server: started again, it goes on counting.
func Script(answers ...*Answer) func(Request) *Answer {
	var asked atomic.Int64
	return func(r Request) *Answer {
		if r.Kind != "task" && r.Kind != "tasks" {
			return nil
		}
		if n := int(asked.Add(1)); n <= len(answers) {
			return answers[n-1]
		}
		return nil
	}
}

func answerJSON(value any) *Answer { return &Answer{Body: compact(value)} }

// compact writes JSON as the cloud does: one line, and <, > and & as they are.
func compact(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // our own structs of strings and numbers: it can't fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}
