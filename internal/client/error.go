package client

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error says why a request brought no task: what was asked, and what was answered or went wrong instead.
// Its methods sort it by the codes that the cloud documents; at most one of Denied, NoSuchAPI, Rejected, Missing and Failing is true.
type Error struct {
	Op      string // what was asked, e.g. `get task "t1"`
	Answer  Answer // zero when nothing was answered
	Code    string // error_code of the service or the gateway
	Message string // error_msg: the service's own words, as they came
	Err     error  // what went wrong, where it was not the status
	Seen    []Task // the tasks that are there, where a search by name found none

	Login bool // it was asked while logging in: IAM, STS and the like answered, not DMS
	Unfit bool // with Login: the answer is a good one, but asking for the same again would not help
}

// throttling holds the codes that ask to be slower, whatever the status is: DMS sends its own with a 404.
var throttling = map[string]bool{"APIGW.0308": true, "APIG.0308": true, "DMS.10240407": true}

// Throttled tells whether the API asks to be asked less often.
func (e *Error) Throttled() bool {
	return e.Answer.StatusCode == http.StatusTooManyRequests || throttling[e.Code]
}

// Window is the time in which the API counts requests, where its gateway tells it in its words about throttling: "limit:60,time:1 minute".
func (e *Error) Window() time.Duration {
	_, told, _ := strings.Cut(e.Message, ",time:")
	words := strings.Fields(shorten(told, 40))
	if len(words) < 2 || !e.Throttled() {
		return 0
	}
	n, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil {
		return 0
	}
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(n) * unit[strings.TrimRight(words[1], "s,.")]
}

// Denied tells whether the API refuses who asks.
func (e *Error) Denied() bool {
	status := e.Answer.StatusCode
	return (status == http.StatusUnauthorized || status == http.StatusForbidden) && !e.Throttled() && !e.Unfit
}

// NoSuchAPI tells whether the gateway knows no such API: host, region or path are wrong.
func (e *Error) NoSuchAPI() bool {
	return !e.Login && e.Answer.StatusCode == http.StatusNotFound && (e.Code == "APIGW.0101" || e.Code == "APIG.0101")
}

// Missing tells whether the API answered well that it has no such instance or task.
func (e *Error) Missing() bool {
	if errors.Is(e.Err, ErrNoTask) {
		return true
	}
	return !e.Login && e.Answer.StatusCode == http.StatusNotFound && e.Err == nil && !e.NoSuchAPI() && !e.Throttled()
}

// Rejected tells whether the API finds the request itself wrong: a 4xx that no other method claims. While logging in that is a 404, too,
// as what was not found then was named by our user.
func (e *Error) Rejected() bool {
	switch status := e.Answer.StatusCode; status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return e.Unfit
	case http.StatusNotFound:
		return e.Login && e.Err == nil || e.Unfit
	default:
		return status/100 == 4 && e.Err == nil && !e.Throttled() || e.Unfit
	}
}

// Failing tells whether there was no good answer: asking again may bring one.
func (e *Error) Failing() bool {
	return !e.Denied() && !e.NoSuchAPI() && !e.Missing() && !e.Rejected()
}

// Misconfigured tells of a failure that is a typing error as a rule: a host name that does not exist, a certificate that does not verify,
// a proxy that wants a login.
func (e *Error) Misconfigured() bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var proxy *ProxyError
	return errors.As(e.Err, &dns) && dns.IsNotFound ||
		errors.As(e.Err, &certificate) ||
		errors.As(e.Err, &proxy) && proxy.StatusCode == http.StatusProxyAuthRequired
}

// Error reads as a path: what was asked, then status, code, message and request id, as far as they are known.
// Code, message and request id are the service's own text: it must be made visible before it is printed.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if status := e.Answer.StatusCode; status != 0 {
		fmt.Fprintf(&b, ": %d", status)
		switch {
		case e.Code != "":
			b.WriteString(" " + shorten(e.Code, 64))
		case e.Message == "" && e.Err == nil:
			b.WriteString(strings.TrimRight(" "+http.StatusText(status), " "))
		}
	}
	if e.Message != "" {
		b.WriteString(": " + shorten(e.Message, 500))
	}
	if e.Err != nil {
		b.WriteString(": " + shorten(e.Err.Error(), 500))
	}
	if e.Answer.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", shorten(e.Answer.RequestID, 64))
	}
	return b.String()
}

// Unwrap gives what went wrong, so that errors.Is and errors.As see through.
func (e *Error) Unwrap() error { return e.Err }

// shorten cuts text to n runes: a service may answer with a megabyte of them.
func shorten(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i] + "…"
		}
		n--
	}
	return text
}

// told is what the body of an error says, in any of the cloud's shapes.
type told struct{ code, message, requestID string }

// decodeError reads {"error_code","error_msg"} of services, the same with "request_id" of the gateway, {"error":{"code","message"}} of IAM,
// and {"code","message"} of others. A short text, as load balancers write it, is a message; a page of HTML says nothing.
func decodeError(status int, body []byte) told {
	var outer map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		if status/100 == 2 || len(body) > 200 || bytes.ContainsAny(body, "<{") || json.Valid(body) {
			return told{}
		}
		return told{message: strings.Join(strings.Fields(string(body)), " ")}
	}
	inner := outer
	if raw, ok := outer["error"]; ok {
		var nested map[string]json.RawMessage
		if json.Unmarshal(raw, &nested) == nil && nested != nil {
			inner = nested
		}
	}
	code := first(outer["error_code"], inner["error_code"], inner["code"])
	if code == strconv.Itoa(status) { // IAM says the status twice
		code = ""
	}
	return told{
		code:      code,
		message:   first(outer["error_msg"], inner["error_msg"], inner["message"]),
		requestID: first(outer["request_id"], inner["request_id"]),
	}
}

func first(values ...json.RawMessage) string {
	for _, raw := range values {
		if s := text(raw); s != "" {
			return s
		}
	}
	return ""
}
