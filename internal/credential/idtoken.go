package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/file"
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
func (a *ActionsToken) Get(ctx context.Context) (string, error) {
	request := &call{service: "GitHub Actions", op: "get an ID token from GitHub Actions", method: http.MethodGet}
	target, err := url.Parse(a.RequestURL)
	if err != nil || target.Host == "" {
		return "", request.impossible(&client.Response{}, "ACTIONS_ID_TOKEN_REQUEST_URL is not a URL",
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
	value, ok := texts(r.body, "value")
	if !ok || value[0] == "" {
		return "", r.malformed()
	}
	return value[0], nil
}

// fileTimeout is the longest time for reading a file: its file system may be on a network that is down.
const fileTimeout = 10 * time.Second

// FileToken returns an IDToken that reads a file, again each time, since its writer keeps it fresh. A file that
// does not come to its end in time is an outage. The token's name is what errors call it: "ID token".
func FileToken(name, path string) IDToken { return (&tokenFile{name, path, file.ReadText}).get }

type tokenFile struct {
	name, path string
	read       func(ctx context.Context, path string) (string, error)
}

func (f *tokenFile) get(ctx context.Context) (string, error) {
	place := "the " + f.name + "'s file"
	request := &call{service: place, op: fmt.Sprintf("read the %s in %q", f.name, f.path)}
	ctx, cancel := context.WithTimeoutCause(ctx, fileTimeout, fmt.Errorf("not read within %v", fileTimeout))
	defer cancel()
	text, err := f.read(ctx, f.path)
	token, problem := TrimToken(text), " cannot be read"
	switch {
	case err != nil && ctx.Err() != nil:
		e := request.failed(&client.Error{Op: request.op, Err: context.Cause(ctx)})
		e.Reason = place + " could not be read in time"
		e.Hint = "check the file system of the file, and whether it is a pipe"
		return "", e
	case err != nil:
	case token == "":
		problem, err = " is empty", errors.New("the file is empty")
	default:
		if err = CheckKey(token); err == nil {
			return token, nil
		}
		problem, err = " contains no token", fmt.Errorf("it %w", err)
	}
	return "", request.impossible(&client.Response{}, place+problem, err)
}
