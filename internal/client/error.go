package client

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/jsontext"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// Error is a request that failed: what was requested, and how the service responded or what went wrong
// instead. Its methods classify it by the codes that the cloud documents.
type Error struct {
	Op       string   // what was requested, e.g. `get task "t1"`
	Response Response // zero when there was none
	Code     string   // error_code of the service or the gateway
	Message  string   // error_msg: the service's own words, as they came
	Err      error    // the cause, unless the status alone is the error

	Foreign bool  // the response rejects the request, but not as the cloud does: it seems to be of something in between
	Phase   Phase // where there was no response: how far the request got
	Proxy   Proxy // where there was no response: through which the request went

	// Class overrides how DMS's own errors are classified, for other services. Zero: by status and code.
	Class Class

	// NotThere marks a failure of which the caller knows that it is usually a mistake: see Misconfigured.
	NotThere bool
}

// Class is how a failed request is treated.
type Class int

// The classes of errors.
const (
	Failing   Class = iota + 1 // no valid response: another request may get one
	Missing                    // a valid response: there is no such instance or task
	Denied                     // the credentials were refused, or lack a permission
	NoSuchAPI                  // host, region or path are wrong
	Rejected                   // the request is wrong
)

func (e *Error) class() Class {
	status := e.Response.StatusCode
	switch {
	case e.Class != 0:
		return e.Class
	case errors.As(e.Err, new(*NoTaskError)), errors.Is(e.Err, ErrGone):
		return Missing
	case e.Throttled():
		return Failing
	case e.ProxyRefusedLogin():
		return Rejected
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Denied
	case e.Err != nil:
		return Failing
	case status == http.StatusNotFound && noSuchAPI[e.Code]:
		return NoSuchAPI
	case status == http.StatusNotFound && e.Foreign:
		return Failing
	case status == http.StatusNotFound:
		return Missing
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return Failing
	case status/100 == 4:
		return Rejected
	}
	return Failing
}

// Failing reports whether there was no valid response: another request may get one.
func (e *Error) Failing() bool { return e.class() == Failing }

// Missing reports whether a valid response says that there is no such instance or task.
func (e *Error) Missing() bool { return e.class() == Missing }

// Denied reports whether the credentials were refused, or lack a permission.
func (e *Error) Denied() bool { return e.class() == Denied }

// NoSuchAPI reports whether the gateway knows no such API: host, region or path are wrong.
func (e *Error) NoSuchAPI() bool { return e.class() == NoSuchAPI }

// Rejected reports whether the service found the request itself wrong.
func (e *Error) Rejected() bool { return e.class() == Rejected }

// Forbidden reports whether the credentials are valid but lack a permission.
func (e *Error) Forbidden() bool { return e.Denied() && e.Response.StatusCode == http.StatusForbidden }

// OtherProject reports whether a token is for another project than the request.
func (e *Error) OtherProject() bool { return e.Code == "DMS.10240104" }

// LoggingIn reports whether the request was one that logs in, to another service than DMS.
func (e *Error) LoggingIn() bool { return e.Class != 0 }

// Unsupported reports whether the response was a 4xx. After a request for progress that means: this kind of
// task has none.
func (e *Error) Unsupported() bool { return e.Response.StatusCode/100 == 4 }

// Answered reports whether there was an HTTP response at all.
func (e *Error) Answered() bool { return e.Response.StatusCode != 0 }

// Unexpected reports whether a 2xx or 3xx came that the API does not send: a login page, a proxy.
func (e *Error) Unexpected() bool {
	class := e.Response.StatusCode / 100
	return class == 2 || class == 3
}

// noSuchAPI holds the codes with which a 404 means that host, region or path are wrong.
var noSuchAPI = map[string]bool{
	"APIGW.0101": true, "APIG.0101": true, "DMS.00404001": true, "DMS.10240406": true,
}

// throttling holds the codes of throttling, whatever the status is: DMS sends its own with a 404.
var throttling = map[string]bool{"APIGW.0308": true, "APIG.0308": true, "DMS.10240407": true}

// Throttled reports whether the API wants fewer requests.
func (e *Error) Throttled() bool {
	return e.Response.StatusCode == http.StatusTooManyRequests || throttling[e.Code]
}

// Window returns the time in which the API counts requests, which its gateway states when it throttles
// ("limit:60,time:1 minute"); 0: it does not.
func (e *Error) Window() time.Duration {
	_, text, _ := strings.Cut(e.Message, ",time:")
	words := strings.Fields(sanitize.Truncate(text, 40))
	if len(words) < 2 || !e.Throttled() {
		return 0
	}
	n, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil {
		return 0
	}
	units := map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
	}
	return time.Duration(n) * units[strings.TrimRight(words[1], "s,.")]
}

// Cause is what a failure is usually due to.
type Cause int

// The causes that are known.
const (
	NoHost         Cause = iota + 1 // the host name does not exist
	BadCertificate                  // the server's certificate does not verify
	NoTLS                           // the server does not speak TLS
	NoHandshake                     // the server does not respond to the beginning of TLS
	AtProxy                         // the request did not get through its proxy
	InBetween                       // something in between responded
)

// Cause returns what the failure is usually due to; 0: that is not known.
func (e *Error) Cause() Cause {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case e.Foreign:
		return InBetween
	case e.AtProxy() != nil:
		return AtProxy
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return NoHost
	case errors.As(e.Err, &certificate):
		return BadCertificate
	case errors.As(e.Err, &plain):
		return NoTLS
	case errors.Is(e.Err, errNoHandshake):
		return NoHandshake
	}
	return 0
}

// Misconfigured reports whether such a failure usually means that an input, or the environment, is wrong.
func (e *Error) Misconfigured() bool {
	cause := e.Cause()
	return e.NotThere || cause != 0 && cause != NoHandshake
}

// HostUnknown reports whether the host name does not exist, as far as this machine or the proxy can see.
func (e *Error) HostUnknown() bool {
	refusal := e.AtProxy()
	return e.Cause() == NoHost || refusal != nil && refusal.Unreachable()
}

// ProxyRefusedLogin reports whether a proxy refused a login: whatever was received before, a few more attempts may lock the
// user's account.
func (e *Error) ProxyRefusedLogin() bool {
	refusal := e.AtProxy()
	return refusal != nil && refusal.LoginRefused()
}

// AtProxy returns why the request did not get through its proxy; nil: it did, or there is none.
func (e *Error) AtProxy() *ProxyError {
	var refusal *ProxyError
	errors.As(e.Err, &refusal)
	return refusal
}

// Error returns a chain: what was requested, then status, code, message and request id, as far as they are
// known. Code, message and request id are the service's text, which has to be made safe before it is printed.
func (e *Error) Error() string { return e.Text(func(text string) string { return text }) }

const (
	// maxMessage is how many characters of the service's words an error contains. A 401 repeats the request.
	maxMessage = 200
	// maxFullMessage is how many a full text contains: far more than any service has to say.
	maxFullMessage = 10_000
)

// Text returns what Error does, with redact applied to each text of the service before it is truncated: half a secret
// cannot be recognized.
func (e *Error) Text(redact func(string) string) string { return e.text(redact, maxMessage) }

// FullText returns what Text does, with the service's words in full.
func (e *Error) FullText(redact func(string) string) string { return e.text(redact, maxFullMessage) }

func (e *Error) text(redact func(string) string, maxMessage int) string {
	part := func(text string, maxChars int) string { return sanitize.Truncate(redact(text), maxChars) }
	text := ""
	if e.Err != nil && e.Missing() { // a valid response: its status and the operation would add nothing
		text = part(e.Err.Error(), 500)
	} else {
		text = e.chain(part, maxMessage)
	}
	if e.Response.RequestID != "" {
		text += " (request " + part(e.Response.RequestID, 64) + ")"
	}
	return text
}

// chain returns the text of an error up to the request id. It passes each text of the service through part.
func (e *Error) chain(part func(text string, maxChars int) string, maxMessage int) string {
	text := e.Op
	if status := e.Response.StatusCode; status != 0 && !(e.Unexpected() && e.Rejected()) { // then a 200 would mislead
		text += ": " + strconv.Itoa(status)
		switch {
		case e.Code != "":
			text += " " + part(e.Code, 64)
		case e.Message == "" && e.Err == nil && http.StatusText(status) != "":
			text += " " + http.StatusText(status)
		}
	}
	if e.Message != "" {
		text += ": " + part(e.Message, maxMessage)
	}
	if e.Err != nil {
		text += ": " + part(e.Err.Error(), 500)
	}
	if e.Foreign {
		text += " (not the API's JSON)"
	}
	return text
}

// Unwrap returns the cause, unless the status alone is the error.
func (e *Error) Unwrap() error { return e.Err }

// serviceError is what the body of an error says, in any of the cloud's forms.
type serviceError struct {
	code, message, requestID string
	documented               bool // the body is an error in a form that the cloud documents
}

// decodeError reads {"error_code","error_msg"} of services, the same with "request_id" of the gateway,
// {"error":{"code","message"}} of IAM, and {"code","message"} of others. A short text, as load balancers
// write it, is a message; a page of HTML says nothing.
func decodeError(status int, body []byte) serviceError {
	outer, ok := jsontext.ParseObject(body)
	if !ok {
		if status/100 == 2 || len(body) > 200 || bytes.ContainsAny(body, "<{") || json.Valid(body) {
			return serviceError{}
		}
		return serviceError{message: strings.Join(strings.Fields(string(body)), " ")}
	}
	inner := outer
	if nested, _ := jsontext.ParseObject(outer["error"]); nested != nil {
		inner = nested
	}
	code := firstText(outer["error_code"], inner["error_code"], inner["code"])
	found := serviceError{
		code:       code,
		message:    firstText(outer["error_msg"], inner["error_msg"], inner["message"]),
		requestID:  firstText(outer["request_id"], inner["request_id"]),
		documented: code != "",
	}
	if code == strconv.Itoa(status) { // IAM repeats the status
		found.code = ""
	}
	return found
}

func firstText(values ...json.RawMessage) string {
	for _, raw := range values {
		if s := text(raw); s != "" {
			return s
		}
	}
	return ""
}
