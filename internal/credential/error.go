package credential

import (
	"errors"
	"net/http"

	"github.com/dmswait/dmswait/internal/client"
)

// Error is a login that failed. It wraps the failed request, which is classified by the rules for logins.
type Error struct {
	Request *client.Error
	Service string // that received the login request, within a sentence: "IAM", "the metadata service"
	Reason  string // what is wrong, in our own words without names or ids; empty: the response says it
	Hint    string // what to do about it; empty: not known, or the error says it
	Detail  string // a line of circumstances: what the other side compares; empty: none
}

func (e *Error) Error() string { return e.Request.Error() }

// Unwrap returns the failed request.
func (e *Error) Unwrap() error { return e.Request }

// classify returns how a failed login request is treated. It differs from DMS's own rules in that a 404,
// whatever its code, is never Missing: what was not found is what the user named.
func classify(e *client.Error) client.Class {
	whole := e.Err == nil // the response was read to its end
	switch status := e.Response.StatusCode; {
	case e.ProxyRefusedLogin():
		return client.Rejected
	case status == http.StatusNotFound && whole:
		return client.Rejected
	case e.Throttled(), status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return client.Failing
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return client.Denied
	case status/100 == 4 && whole:
		return client.Rejected
	}
	return client.Failing
}

// withHint adds what to do about a refusal to an error that has no hint yet.
func withHint(err error, hint string) error {
	var e *Error
	if errors.As(err, &e) && e.Hint == "" && e.Reason == "" && !e.Request.Failing() {
		e.Hint = hint
	}
	return err
}
