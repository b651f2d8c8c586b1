// Package credential says who we are: it signs requests, or puts a token on them, as they go out, and makes the one second try that a 401 allows.
// It never decides when to ask again, and no secret leaves it but in the header it is meant for.
package credential

import (
	"bytes"
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
	if t.Token != "" {
		sent := req.Clone(req.Context()) // RoundTrippers must leave the request alone
		sent.Header.Set("X-Auth-Token", t.Token)
		return t.Base.RoundTrip(sent)
	}
	payload, err := readPayload(req)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	behind := t.behind
	t.mu.Unlock()
	resp, err := t.try(req, payload, behind)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	behind, corrected := t.correctClock(resp, behind)
	if !corrected {
		return resp, nil
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // read to its end, so that the connection can serve the second try
	resp.Body.Close()
	return t.try(req, payload, behind)
}

// readPayload takes the whole body, since it is signed, and may be sent twice.
func readPayload(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// try signs and sends a copy of req, at the server's time as far as behind tells it.
func (t *Transport) try(req *http.Request, payload []byte, behind time.Duration) (*http.Response, error) {
	sent := req.Clone(req.Context())
	if len(payload) > 0 {
		sent.Body = io.NopCloser(bytes.NewReader(payload))
		sent.ContentLength = int64(len(payload))
	}
	sign(sent, payload, t.Keys, time.Now().Add(behind))
	return t.Base.RoundTrip(sent)
}

// correctClock takes over the server's clock when the time that a request was signed with, ours and behind, is off by more than maxSkew.
// It tells what our clock lacks now, and whether that is something new to that request.
func (t *Transport) correctClock(resp *http.Response, behind time.Duration) (now time.Duration, corrected bool) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || date.Sub(time.Now().Add(behind)).Abs() <= maxSkew {
		return behind, false
	}
	t.mu.Lock()
	// Another request that was under way at the same time may have found it out before.
	known := date.Sub(time.Now().Add(t.behind)).Abs() <= maxSkew
	t.behind = time.Until(date)
	now = t.behind
	t.mu.Unlock()
	if !known && t.ClockCorrected != nil {
		t.ClockCorrected(now)
	}
	return now, true
}
