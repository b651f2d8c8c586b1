package credential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Credentials are what requests are logged in with: a token where there is one, else keys.
type Credentials struct {
	Keys
	Token     string    // an IAM token, for X-Auth-Token
	ProjectID string    // the project that Token is for; empty when that is not known
	Expires   time.Time // when they end, by the local clock; zero when that is not known
}

// Exchange sends the requests that log in, one at a time. Its errors are *client.Errors for which Login is true.
type Exchange struct {
	Transport http.RoundTripper
	UserAgent string
	Timeout   time.Duration // longest time for one request

	// Learned, when set, is called with each token that only the next request of the login uses, so that
	// it can be hidden wherever it is repeated.
	Learned func(secrets ...string)
}

func (x Exchange) learned(token string) {
	if x.Learned != nil {
		x.Learned(token)
	}
}

// reply is a good answer of a login.
type reply struct {
	client.Answer
	header http.Header
	body   []byte
}

// send makes one request; body is sent as JSON unless it is nil.
func (x Exchange) send(ctx context.Context, op, method, url string, header http.Header, body any) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, x.Timeout, fmt.Errorf("no answer within %v", x.Timeout))
	defer cancel()
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return reply{}, unfit(op, client.Answer{}, err)
		}
		payload = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return reply{}, unfit(op, client.Answer{}, err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", x.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := x.Transport.RoundTrip(req)
	if err != nil {
		var e *client.Error
		if errors.As(err, &e) { // of a login that this one needs
			return reply{}, err
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return reply{}, &client.Error{Op: op, Login: true, Err: err}
	}
	defer resp.Body.Close()
	content, answer, err := client.Read(ctx, op, resp)
	if err != nil {
		var e *client.Error
		errors.As(err, &e)
		e.Login = true
		return reply{}, e
	}
	return reply{answer, resp.Header, content}, nil
}

// decode reads a reply's JSON. What it is decoded into is checked by the caller: an answer that lacks something is none.
func (r reply) decode(op string, into any) error {
	if err := json.Unmarshal(r.body, into); err != nil {
		return nonsense(op, r.Answer)
	}
	return nil
}

// nonsense is a 2xx that does not hold what was asked for: an outage, like any unreadable answer.
func nonsense(op string, answer client.Answer) error {
	return &client.Error{Op: op, Login: true, Answer: answer, Err: errors.New("the answer is not the API's JSON")}
}

// without takes a secret that only this login knows out of what the service says about it.
func without(secret string, err error) error {
	var e *client.Error
	if secret != "" && errors.As(err, &e) {
		for _, told := range []*string{&e.Code, &e.Message, &e.Answer.RequestID} {
			*told = strings.ReplaceAll(*told, secret, "***")
		}
	}
	return err
}

// unfit is a login that can't work however often it is tried.
func unfit(op string, answer client.Answer, err error) error {
	return &client.Error{Op: op, Login: true, Unfit: true, Answer: answer, Err: err}
}

// expiry turns a time of the server's clock, as its body tells it, into one of the local clock; zero when it can't be read.
func expiry(text string, answer client.Answer) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	server := answer.ReceivedAt
	if !answer.ServerTime.IsZero() {
		server = answer.ServerTime.Add(time.Second) // Date leaves the fraction out: better too early
	}
	return answer.ReceivedAt.Add(at.Sub(server))
}

// IAM is the identity service. Some regions have none of their own, so there may be a second endpoint, for when the name of the first does not exist.
type IAM struct {
	Exchange
	Endpoints []string // base URLs
}

func (i IAM) send(ctx context.Context, op, method, path string, header http.Header, body any) (r reply, err error) {
	for n, endpoint := range i.Endpoints {
		r, err = i.Exchange.send(ctx, op, method, endpoint+path, header, body)
		var dns *net.DNSError
		if n+1 == len(i.Endpoints) || !errors.As(err, &dns) || !dns.IsNotFound {
			break
		}
	}
	return r, err
}
