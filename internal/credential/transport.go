// Package credential says who we are: it signs requests, or puts a token on them, as they go out, and makes the one second try that a 401 allows.
// It never decides when to ask again, and no secret leaves it but in the header it is meant for.
package credential

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// maxSkew is how far the local clock may be off before a 401 is taken for its fault. The service refuses signatures from 15 minutes on,
// but more than 5 failures in a row lock an access key, so a small difference is not worth a second try.
const maxSkew = 5 * time.Minute

// Keys are an access key (AK) and its secret key (SK), with the security token that belongs to temporary ones.
type Keys struct{ AccessKey, SecretKey, SecurityToken string }

// Transport logs in each request that goes through it: with Token when there is one, else signed with Keys. It is safe for concurrent use.
type Transport struct {
	Base  http.RoundTripper
	Keys  Keys
	Token string // a project-scoped IAM token

	// ClockCorrected, when set, is told by how much the local clock was found to be behind the server's (negative: ahead).
	ClockCorrected func(behind time.Duration)

	mu     sync.Mutex
	behind time.Duration // what the local clock lacks to the server's, as far as a 401 made it known
}

// RoundTrip sends a request once and, when the answer is a 401 and the answer's Date shows that our clock was the reason, once more.
// A second try with nothing changed would only bring the access key nearer to its lock.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.try(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || t.Token != "" || !t.correctClock(resp) {
		return resp, err
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // read to its end, so that the connection can serve the second try
	resp.Body.Close()
	return t.try(req)
}

// try sends a copy of req, as RoundTrippers must leave the request alone.
func (t *Transport) try(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	if t.Token != "" {
		sent.Header.Set("X-Auth-Token", t.Token)
		return t.Base.RoundTrip(sent)
	}
	var payload []byte
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		if payload, err = io.ReadAll(body); err != nil {
			return nil, err
		}
		sent.Body, _ = req.GetBody()
	}
	sign(sent, payload, t.Keys, t.now())
	return t.Base.RoundTrip(sent)
}

func (t *Transport) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Add(t.behind)
}

// correctClock takes over the server's clock when ours is off by more than maxSkew, and tells whether it did.
func (t *Transport) correctClock(resp *http.Response) bool {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || date.Sub(t.now()).Abs() <= maxSkew {
		return false
	}
	t.mu.Lock()
	t.behind = time.Until(date)
	behind := t.behind
	t.mu.Unlock()
	if t.ClockCorrected != nil {
		t.ClockCorrected(behind)
	}
	return true
}
