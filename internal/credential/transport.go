// Package credential says who we are: it logs in, signs requests or puts a token on them as they go out, and makes the one second try that a 401 allows.
// It never decides when to ask again, and no secret leaves it but in the request that it is meant for.
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
	// maxSkew is how far the local clock may be off before a 401 is taken for its fault. The service refuses signatures from 15 minutes on,
	// but more than 5 failures in a row lock an access key, so a small difference is not worth a second try.
	maxSkew = 5 * time.Minute

	// renewAhead is how long before their end credentials are renewed, unless a quarter of their life is less.
	renewAhead = 5 * time.Minute
	// renewAgain is the pause after a renewal that failed but was not refused, as long as the old credentials still work.
	renewAgain = time.Minute
)

// Keys are an access key (AK) and its secret key (SK), with the security token that belongs to temporary ones.
type Keys struct{ AccessKey, SecretKey, SecurityToken string }

// Transport logs in each request that goes through it. It is safe for concurrent use.
type Transport struct {
	Base http.RoundTripper

	// Credentials are there from the start, or Login gets them: before the first request, before they end, and after a 401.
	Credentials Credentials
	Login       func(context.Context) (Credentials, error)

	// Learned, when set, is told of each secret that a login brought, so that it can be hidden where somebody sends it back to us.
	Learned func(secrets ...string)
	// ClockCorrected, when set, is told by how much the local clock was found to be behind the server's (negative: ahead).
	ClockCorrected func(behind time.Duration)

	mu      sync.Mutex  // held while logging in, so that there is one login at a time
	renewAt time.Time   // when Credentials are to be renewed; zero: not before a 401
	proven  atomic.Bool // Credentials had an answer other than 401 since they were got: only then new ones may help

	clock  sync.Mutex
	behind time.Duration // what the local clock lacks to the server's, as far as a 401 made it known
}

// RoundTrip sends a request once and, after a 401, once more if something has changed: our clock was wrong, as the answer's Date shows,
// or there are new credentials. A second try with nothing changed would only bring the access key nearer to its lock.
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
	resp, err := t.attempt(req, payload, creds, behind)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	corrected := false
	if creds.Token == "" {
		behind, corrected = t.correctClock(resp, behind)
	}
	if !corrected && (t.Login == nil || !t.proven.Load()) {
		return resp, nil
	}
	refusal, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // to its end, so that the connection can serve the second try
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(refusal))
	if !corrected {
		renewed, err := t.replace(req.Context(), creds)
		var e *client.Error
		switch {
		case errors.As(err, &e) && !e.Failing():
			return resp, nil // there are no other credentials to be had: the refusal stands
		case err != nil:
			return nil, err
		}
		creds = renewed
	}
	return t.attempt(req, payload, creds, behind)
}

// Get returns credentials that work as far as can be known, and logs in for them if need be.
// A renewal that fails is none of the caller's trouble as long as the old ones have not ended.
// One that is refused is not tried again before they have: each refusal brings a user or a key nearer to its lock.
func (t *Transport) Get(ctx context.Context) (Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Login == nil || t.there() && (t.renewAt.IsZero() || time.Now().Before(t.renewAt)) {
		return t.Credentials, nil
	}
	if err := t.login(ctx); err != nil {
		now := time.Now() // a login that fails may take its time
		if t.there() && now.Before(t.Credentials.Expires) {
			t.renewAt = t.Credentials.Expires
			if again := now.Add(renewAgain); !refused(err) && again.Before(t.renewAt) {
				t.renewAt = again
			}
			return t.Credentials, nil
		}
		return Credentials{}, err
	}
	return t.Credentials, nil
}

// replace logs in anew, unless somebody else has replaced the refused credentials already. Those are never used again, not even when the login
// fails: each time would bring their key nearer to its lock.
func (t *Transport) replace(ctx context.Context, refused Credentials) (Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Credentials == refused {
		t.Credentials = Credentials{}
	}
	if !t.there() {
		if err := t.login(ctx); err != nil {
			return Credentials{}, err
		}
	}
	return t.Credentials, nil
}

// refused reports whether a service refused a login, as opposed to an outage, or a failure on this machine.
func refused(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Answer.StatusCode != 0 && !e.Failing()
}

func (t *Transport) there() bool { return t.Credentials.Token != "" || t.Credentials.AccessKey != "" }

func (t *Transport) login(ctx context.Context) error {
	creds, err := t.Login(ctx)
	if err != nil {
		return err
	}
	if t.Learned != nil {
		t.Learned(creds.SecretKey, creds.SecurityToken, creds.Token)
	}
	// The metadata service may give the same keys again.
	same := creds.Keys == t.Credentials.Keys && creds.Token == t.Credentials.Token
	t.proven.Store(same && t.proven.Load())
	t.Credentials, t.renewAt = creds, time.Time{}
	// Where they had ended before they came, a clock is wrong. To believe it would be a login for each request.
	if life := time.Until(creds.Expires); life > 0 {
		t.renewAt = creds.Expires.Add(-min(renewAhead, life/4))
	}
	return nil
}

// readPayload takes the whole body, since it is signed, and may be sent twice.
func readPayload(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// attempt sends a request, and learns from the response whether the credentials work.
func (t *Transport) attempt(req *http.Request, payload []byte, creds Credentials, behind time.Duration) (*http.Response, error) {
	resp, err := t.send(req, payload, creds, behind)
	if err == nil && resp.StatusCode != http.StatusUnauthorized {
		t.proven.Store(true)
	}
	return resp, err
}

// send sends a copy of req with the credentials, as RoundTrippers must leave the request alone.
// It signs for the server's time: the local one and behind.
func (t *Transport) send(req *http.Request, payload []byte, creds Credentials, behind time.Duration) (*http.Response, error) {
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

func (t *Transport) clockBehind() time.Duration {
	t.clock.Lock()
	defer t.clock.Unlock()
	return t.behind
}

// correctClock takes over the server's clock when the time that a request was signed with, ours and behind, is off by more than maxSkew.
// It tells what our clock lacks now, and whether that is something new to that request.
func (t *Transport) correctClock(resp *http.Response, behind time.Duration) (now time.Duration, corrected bool) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || date.Sub(time.Now().Add(behind)).Abs() <= maxSkew {
		return behind, false
	}
	t.clock.Lock()
	// Another request that was under way at the same time may have found it out before.
	known := date.Sub(time.Now().Add(t.behind)).Abs() <= maxSkew
	t.behind = time.Until(date)
	now = t.behind
	t.clock.Unlock()
	if !known && t.ClockCorrected != nil {
		t.ClockCorrected(now)
	}
	return now, true
}
