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

// fileTimeout is the longest time for reading a file: its file system may be on a network that is down.
const fileTimeout = 10 * time.Second

// FileToken returns an IDToken that reads a file, again each time, since its writer keeps it fresh. A file that
// does not come to its end in time is an outage. The token's name is what errors call it: "ID token".
func FileToken(name, path string) IDToken {
	return fileToken(name, path, file.ReadText)
}

func fileToken(name, path string, read func(ctx context.Context, path string) (string, error)) IDToken {
	place := "the " + name + "'s file"
	return func(ctx context.Context) (string, error) {
		request := call{service: place, op: fmt.Sprintf("read the %s in %q", name, path)}
		ctx, cancel := context.WithTimeoutCause(ctx, fileTimeout, fmt.Errorf("not read within %v", fileTimeout))
		defer cancel()
		text, err := read(ctx, path)
		token := TrimToken(text)
		switch {
		case err != nil && ctx.Err() != nil:
			e := request.failed(&client.Error{Op: request.op, Err: context.Cause(ctx)})
			e.Reason = place + " could not be read in time"
			e.Hint = "check the file system of the file, and whether it is a pipe"
			return "", e
		case err != nil:
			return "", request.impossible(client.Response{}, place+" cannot be read", err)
		case token == "":
			return "", request.impossible(client.Response{}, place+" is empty", errors.New("the file is empty"))
		}
		if err := CheckKey(token); err != nil {
			return "", request.impossible(client.Response{}, place+" contains no token", fmt.Errorf("it %w", err))
		}
		return token, nil
	}
}
