// Package credential authenticates requests: it logs in, signs requests or adds a token to them as they go
// out, and makes the one second attempt that a 401 allows. It never decides when to poll again, and no secret
// leaves it except in the request it is meant for.
package credential

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

const (
	// maxSkew is how far off the local clock may be before it is blamed for a 401. The service refuses
	// signatures that are off by 15 minutes, but more than 5 failures in a row lock an access key, so a small
	// difference is not worth a second attempt.
	maxSkew = 5 * time.Minute

	// renewAhead is how long before expiry credentials are renewed, unless a quarter of their lifetime is less.
	renewAhead = 5 * time.Minute
	// retryRenewal is the pause after a renewal that failed without being refused, while the old credentials work.
	retryRenewal = time.Minute
)

// Transport authenticates each request that goes through it. It is safe for concurrent use.
type Transport struct {
	Base http.RoundTripper

	// Login gets credentials: before the first request, before they expire, and after a 401.
	Login Login

	// Learned, if set, is called with each secret that a login returned, so that it can be redacted where a service
	// repeats it.
	Learned func(secrets ...string)
	// ClockCorrected, if set, is called with how far the local clock turned out to be behind the server's (negative:
	// ahead).
	ClockCorrected func(behind time.Duration)
	// NotRenewed, if set, is called with why credentials could not be renewed, once until they are: they are used
	// until they expire.
	NotRenewed func(err error)

	mu      sync.Mutex  // held while logging in, so that there is one login at a time
	creds   Credentials // the current ones; zero until the first login
	renewAt time.Time   // when creds are to be renewed; zero: not before a 401
	proven  atomic.Bool // creds got a response other than 401: only then may new ones help

	brief  sync.Mutex    // never held while something is awaited; guards the rest
	behind time.Duration // of the local clock, as far as a 401 made it known
	lapse  error         // why credentials that had worked could not be renewed; nil: they were
}

// RoundTrip sends a request once and, after a 401, a second time if something has changed: the local clock
// was wrong, as the response's Date shows, or there are new credentials. A second attempt with nothing
// changed would only bring the access key closer to its lock.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	payload, err := readPayload(req)
	if err != nil {
		return nil, err
	}
	creds, err := t.Get(req.Context())
	if err != nil {
		return nil, err
	}
	behind := t.clockBehind()
	resp, err := t.attempt(req, payload, &creds, behind)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	corrected := false
	if creds.Token == "" {
		behind, corrected = t.correctClock(resp, behind)
	}
	if !corrected && !t.proven.Load() {
		return resp, nil
	}
	// To its end, so that the same connection serves the second attempt.
	refusal, readErr := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(refusal), ended{readErr}))
	if !corrected {
		renewed, err := t.replace(req.Context(), &creds)
		var e *client.Error
		switch {
		case errors.As(err, &e) && !e.Failing():
			return resp, nil // there are no other credentials: the refusal stands
		case err != nil:
			return nil, err
		case renewed.same(&creds):
			return resp, nil // as with a given access key: the refusal stands
		}
		creds = renewed
	}
	return t.attempt(req, payload, &creds, behind)
}

// ended is the end of a body: the error that reading it ended with, if any.
type ended struct{ err error }

func (e ended) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// Get returns credentials that work as far as is known, and logs in for them if necessary. A renewal that
// fails is no error while the old ones have not expired. One that is refused is not tried again before then:
// each refusal brings a user or a key closer to its lock.
func (t *Transport) Get(ctx context.Context) (Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.creds.usable() && (t.renewAt.IsZero() || time.Now().Before(t.renewAt)) {
		return t.creds, nil
	}
	if err := t.login(ctx); err != nil {
		now := time.Now() // a login that fails may take long
		if t.creds.usable() && now.Before(t.creds.Expires) {
			t.renewAt = t.creds.Expires
			if retry := now.Add(retryRenewal); !wasRefused(err) && retry.Before(t.renewAt) {
				t.renewAt = retry
			}
			if known := t.setLapse(err); known == nil && t.NotRenewed != nil && ctx.Err() == nil {
				t.NotRenewed(err)
			}
			return t.creds, nil
		}
		if t.creds.usable() {
			err = expired(err)
		}
		return Credentials{}, err
	}
	return t.creds, nil
}

// replace logs in again, unless another request has replaced the refused credentials already. Those are never used
// again, even if the login fails: each time would bring their key closer to its lock.
func (t *Transport) replace(ctx context.Context, refused *Credentials) (Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.creds == *refused {
		t.creds = Credentials{}
	}
	if !t.creds.usable() {
		if err := t.login(ctx); err != nil {
			t.setLapse(err)
			return Credentials{}, err
		}
	}
	return t.creds, nil
}

// Lapse returns why credentials that had worked could not be renewed, or nil.
func (t *Transport) Lapse() error {
	t.brief.Lock()
	defer t.brief.Unlock()
	return t.lapse
}

// setLapse sets what Lapse returns, and returns what it was before.
func (t *Transport) setLapse(err error) (before error) {
	t.brief.Lock()
	defer t.brief.Unlock()
	before, t.lapse = t.lapse, err
	return before
}

// expired returns the error of a login that was to renew credentials and came too late.
func expired(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	renewal, request := *e, *e.Request
	request.Op = "renew the credentials, which have expired: " + request.Op
	renewal.Request = &request
	return &renewal
}

// wasRefused reports whether a service, or a proxy, refused a login, as opposed to an outage or a failure on this
// machine.
func wasRefused(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && !e.Failing() && (e.Answered() || e.ProxyRefusedLogin())
}

// login gets new credentials. The caller holds mu.
func (t *Transport) login(ctx context.Context) error {
	creds, err := t.Login(ctx)
	if err != nil {
		return err
	}
	t.setLapse(nil)
	if t.Learned != nil {
		t.Learned(creds.SecretKey, creds.SecurityToken, creds.Token)
	}
	// The metadata service may return the same keys again.
	t.proven.Store(creds.same(&t.creds) && t.proven.Load())
	t.creds, t.renewAt = creds, time.Time{}
	// If they expired before they came, a clock is wrong. Believing it would mean a login for each request.
	if life := time.Until(creds.Expires); life > 0 {
		t.renewAt = creds.Expires.Add(-min(renewAhead, life/4))
	}
	return nil
}

// readPayload reads the whole body, which is signed, and may be sent twice.
func readPayload(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// attempt sends a request, and learns from the response whether the credentials work.
func (t *Transport) attempt(
	req *http.Request, payload []byte, creds *Credentials, behind time.Duration,
) (*http.Response, error) {
	resp, err := t.send(req, payload, creds, behind)
	if err == nil && resp.StatusCode != http.StatusUnauthorized {
		t.proven.Store(true)
	}
	return resp, err
}

// send sends a copy of req with the credentials, since a RoundTripper must not modify the request. It signs with the
// server's time: the local one plus behind.
func (t *Transport) send(
	req *http.Request, payload []byte, creds *Credentials, behind time.Duration,
) (*http.Response, error) {
	sent := req.Clone(req.Context())
	if len(payload) > 0 {
		sent.Body = io.NopCloser(bytes.NewReader(payload))
		sent.ContentLength = int64(len(payload))
	}
	if creds.Token != "" {
		sent.Header.Set("X-Auth-Token", creds.Token)
	} else {
		sign(sent, payload, creds.Keys, time.Now().Add(behind))
	}
	return t.Base.RoundTrip(sent)
}

// clockBehind returns how far the local clock is behind the server's, as far as is known.
func (t *Transport) clockBehind() time.Duration {
	t.brief.Lock()
	defer t.brief.Unlock()
	return t.behind
}

// correctClock adopts the server's clock when the time that a request was signed with, the local one plus
// behind, is off by more than maxSkew. It returns how far the local clock is behind now, and whether that is
// news to that request.
func (t *Transport) correctClock(resp *http.Response, behind time.Duration) (now time.Duration, corrected bool) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || date.Sub(time.Now().Add(behind)).Abs() <= maxSkew {
		return behind, false
	}
	t.brief.Lock()
	// A concurrent request may have found out before.
	known := date.Sub(time.Now().Add(t.behind)).Abs() <= maxSkew
	t.behind = time.Until(date)
	now = t.behind
	t.brief.Unlock()
	if !known && t.ClockCorrected != nil {
		t.ClockCorrected(now)
	}
	return now, true
}
