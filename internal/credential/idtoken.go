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

// ActionsToken asks the runner of GitHub Actions for an ID token.
type ActionsToken struct {
	Exchange     Exchange
	RequestURL   string // ACTIONS_ID_TOKEN_REQUEST_URL
	RequestToken string // ACTIONS_ID_TOKEN_REQUEST_TOKEN
	Audience     string
}

// Get asks for a new token. It lives about five minutes.
func (a ActionsToken) Get(ctx context.Context) (string, error) {
	const op = "get an ID token from GitHub Actions"
	target, err := url.Parse(a.RequestURL)
	if err != nil || target.Host == "" {
		return "", unfit(op, client.Answer{}, errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL"))
	}
	target.Host = strings.ToLower(target.Host) // net/http would ask a proxy for LOCALHOST
	query := target.Query()
	query.Set("audience", a.Audience)
	target.RawQuery = query.Encode()
	r, err := a.Exchange.send(ctx, op, http.MethodGet, target.String(), http.Header{"Authorization": {"bearer " + a.RequestToken}}, nil)
	if err != nil {
		return "", err
	}
	var answer struct{ Value string }
	if err := r.decode(op, &answer); err != nil {
		return "", err
	}
	if answer.Value == "" {
		return "", nonsense(op, r.Answer)
	}
	return answer.Value, nil
}

// fileTimeout is the longest time for reading a file: its file system may be on a network that is down.
const fileTimeout = 10 * time.Second

// FileToken reads an ID token from a file, anew each time, since whoever put it there keeps it fresh. Blanks around it are cut, as the official SDK does.
// A file that does not come to its end in time is an outage.
func FileToken(path string) IDToken {
	return fileToken(path, func() ([]byte, error) { return readToken(path) })
}

func fileToken(path string, read func() ([]byte, error)) IDToken {
	return func(ctx context.Context) (string, error) {
		op := fmt.Sprintf("read the ID token in %q", path)
		ctx, cancel := context.WithTimeoutCause(ctx, fileTimeout, fmt.Errorf("not read within %v", fileTimeout))
		defer cancel()
		var content []byte
		var err error
		done := make(chan struct{})
		go func() { // which nothing can end
			defer close(done)
			content, err = read()
		}()
		select {
		case <-done:
		case <-ctx.Done():
			return "", &client.Error{Op: op, Login: true, Err: context.Cause(ctx)}
		}
		if err != nil {
			return "", unfit(op, client.Answer{}, err)
		}
		token := strings.TrimSpace(string(content))
		if token == "" {
			return "", unfit(op, client.Answer{}, errors.New("the file is empty"))
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
	return io.ReadAll(io.LimitReader(file, 1<<20)) // no token is longer
}

// GivenToken is an ID token that was handed in; there is no other when it has expired.
func GivenToken(token string) IDToken {
	return func(context.Context) (string, error) { return token, nil }
}
