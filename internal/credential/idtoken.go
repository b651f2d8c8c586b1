package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// IDToken gets an OIDC ID token. One lives for minutes only, so each exchange gets a new one. Its errors are *Errors.
type IDToken func(context.Context) (string, error)

// GivenToken returns the one ID token that was given. There is no other when it has expired.
func GivenToken(token string) IDToken {
	return func(context.Context) (string, error) { return token, nil }
}

// ActionsToken requests an ID token from the runner of GitHub Actions.
type ActionsToken struct {
	Exchange     Exchange
	RequestURL   string // ACTIONS_ID_TOKEN_REQUEST_URL
	RequestToken string // ACTIONS_ID_TOKEN_REQUEST_TOKEN
	Audience     string
}

// Get gets a new token. It is valid for about five minutes.
func (a ActionsToken) Get(ctx context.Context) (string, error) {
	request := call{service: "GitHub Actions", op: "get an ID token from GitHub Actions", method: http.MethodGet}
	target, err := url.Parse(a.RequestURL)
	if err != nil || target.Host == "" {
		return "", request.impossible(client.Response{}, "ACTIONS_ID_TOKEN_REQUEST_URL is not a URL",
			errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL"))
	}
	target.Host = strings.ToLower(target.Host) // net/http would use a proxy for LOCALHOST
	query := target.Query()
	query.Set("audience", a.Audience)
	target.RawQuery = query.Encode()
	request.url = target.String()
	request.header = http.Header{"Authorization": {"bearer " + a.RequestToken}}
	r, err := a.Exchange.send(ctx, request)
	if err != nil {
		return "", withHint(err, "the job needs permissions: { id-token: write, contents: read }")
	}
	var body struct{ Value string }
	if err := r.decode(&body); err != nil {
		return "", err
	}
	if body.Value == "" {
		return "", r.malformed()
	}
	return body.Value, nil
}

const (
	// fileTimeout is the longest time for reading a file: its file system may be on a network that is down.
	fileTimeout = 10 * time.Second
	// maxToken is in bytes; no token is longer.
	maxToken = 1 << 20
)

// FileToken returns an IDToken that reads a file, again each time, since its writer keeps it fresh.
// Blanks around the token are removed, as by the official SDK. A file that does not come to its end in time
// is an outage.
func FileToken(path string) IDToken {
	return fileToken(path, func() ([]byte, error) { return readToken(path) })
}

func fileToken(path string, read func() ([]byte, error)) IDToken {
	return func(ctx context.Context) (string, error) {
		request := call{service: "the ID token's file", op: fmt.Sprintf("read the ID token in %q", path)}
		ctx, cancel := context.WithTimeoutCause(ctx, fileTimeout, fmt.Errorf("not read within %v", fileTimeout))
		defer cancel()
		var content []byte
		var err error
		done := make(chan struct{})
		go func() { // nothing can end it
			defer close(done)
			content, err = read()
		}()
		select {
		case <-done:
		case <-ctx.Done():
			e := request.failed(&client.Error{Op: request.op, Err: context.Cause(ctx)})
			e.Reason = "the ID token's file could not be read in time"
			e.Hint = "check the file system of the file, and whether it is a pipe"
			return "", e
		}
		if err != nil {
			return "", request.impossible(client.Response{}, "the ID token's file cannot be read", err)
		}
		token := strings.TrimSpace(string(content))
		if token == "" {
			return "", request.impossible(client.Response{}, "the ID token's file is empty",
				errors.New("the file is empty"))
		}
		return token, nil
	}
}

func readToken(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxToken))
}
