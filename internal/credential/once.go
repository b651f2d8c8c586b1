package credential

import (
	"errors"
	"net/http"
	"time"
)

// errNoCredentials is why Once did not send a request.
var errNoCredentials = errors.New("no credentials can be used without a login")

// Once returns a RoundTripper for requests that nothing depends on, such as those for progress. It sends a
// request once, with the credentials there are: it never logs in, waits for a login or corrects the clock,
// and a 401 is a response like any other. Without usable credentials it returns an error and sends nothing.
func (t *Transport) Once() http.RoundTripper { return once{t} }

type once struct{ transport *Transport }

// RoundTrip sends a request once.
func (o once) RoundTrip(req *http.Request) (*http.Response, error) {
	payload, err := readPayload(req)
	if err != nil {
		return nil, err
	}
	creds, ok := o.transport.current()
	if !ok {
		return nil, errNoCredentials
	}
	return o.transport.send(req, payload, &creds, o.transport.clockBehind())
}

// current returns the credentials as they are, and reports whether they can be used: not once they have expired, nor
// while a login is under way.
func (t *Transport) current() (Credentials, bool) {
	if !t.mu.TryLock() {
		return Credentials{}, false
	}
	defer t.mu.Unlock()
	expired := !t.renewAt.IsZero() && !time.Now().Before(t.creds.Expires)
	return t.creds, t.creds.usable() && !expired
}
