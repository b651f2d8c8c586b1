package credential

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/jsontext"
)

// Exchange sends the requests that log in, one at a time. Its errors are *Errors.
type Exchange struct {
	Transport http.RoundTripper
	UserAgent string
	Timeout   time.Duration // longest time for one request

	// Learned, if set, is called with each intermediate token of a login, so that it can be redacted where a
	// service repeats it.
	Learned func(secrets ...string)
}

func (x *Exchange) learned(token string) {
	if x.Learned != nil {
		x.Learned(token)
	}
}

// call is one request that logs in.
type call struct {
	service string // who receives it: "IAM"
	op      string // what is requested: "assume the agency"
	method  string
	url     string
	header  http.Header
	body    map[string]any // sent as JSON, see jsontext.Encode; nil: none
}

// failed returns the error of a call, classified by its response.
func (c *call) failed(e *client.Error) *Error {
	e.Class = classify(e)
	if c.service != "IAM" && c.service != "STS" { // the others need not respond as the cloud does
		e.Foreign = false
	}
	return &Error{Request: e, Service: c.service}
}

// impossible returns the error of a call that no retry can help. The reason is in our own words, without
// names or ids.
func (c *call) impossible(response *client.Response, reason string, err error) *Error {
	return &Error{
		Request: &client.Error{Op: c.op, Response: *response, Err: err, Class: client.Rejected},
		Service: c.service,
		Reason:  reason,
	}
}

// reply is a 2xx response to a call.
type reply struct {
	client.Response
	call   *call
	header http.Header
	body   []byte
}

// send makes one request.
func (x *Exchange) send(ctx context.Context, c *call) (*reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, x.Timeout, &client.TimeoutError{Limit: x.Timeout})
	defer cancel()
	var payload io.Reader
	if c.body != nil {
		payload = strings.NewReader(jsontext.Encode(c.body))
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, payload)
	if err != nil {
		return nil, c.impossible(&client.Response{}, "the URL is invalid", err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", x.UserAgent)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Send(x.Transport, req, c.op)
	var login *Error
	var e *client.Error
	switch {
	case errors.As(err, &login): // the login that this request needs
		return nil, err
	case errors.As(err, &e):
		return nil, c.failed(e)
	}
	defer resp.Body.Close()
	body, response, err := client.Read(ctx, c.op, resp)
	if errors.As(err, &e) {
		return nil, c.failed(e)
	}
	return &reply{response, c, resp.Header, body}, nil
}

// members returns the members of a JSON object by their names in lower case: the case does not matter. There are none
// for null, and where there is no value.
func members(value []byte) (map[string]json.RawMessage, bool) {
	if value == nil {
		return nil, true
	}
	object, ok := jsontext.ParseObject(value)
	folded := map[string]json.RawMessage{}
	for name, member := range object {
		folded[strings.ToLower(name)] = member
	}
	return folded, ok
}

// texts returns members of a JSON object that are strings. Those that are null or missing are empty.
func texts(value []byte, names ...string) ([]string, bool) {
	object, ok := members(value)
	found := make([]string, len(names))
	for i, name := range names {
		if member := object[name]; member != nil {
			text, isText := jsontext.String(member)
			found[i], ok = text, ok && isText
		}
	}
	return found, ok
}

// texts returns members of the object that is a member of the reply.
func (r *reply) texts(object string, names ...string) ([]string, error) {
	body, ok := members(r.body)
	found, isObject := texts(body[object], names...)
	if r.body == nil || !ok || !isObject {
		return nil, r.malformed()
	}
	return found, nil
}

// malformed returns the error about a 2xx that does not hold what was requested: an outage, like any unreadable
// response.
func (r *reply) malformed() error {
	return r.call.failed(&client.Error{Op: r.call.op, Response: r.Response, Err: client.ErrNotJSON})
}
