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

// FileToken reads an ID token from a file, anew each time, since whoever put it there keeps it fresh. Blanks around it are cut, as the official SDK does.
func FileToken(path string) IDToken {
	return func(context.Context) (string, error) {
		op := fmt.Sprintf("read the ID token in %q", path)
		file, err := os.Open(path)
		if err != nil {
			return "", unfit(op, client.Answer{}, err)
		}
		defer file.Close()
		content, err := io.ReadAll(io.LimitReader(file, 1<<20)) // no token is longer
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

// GivenToken is an ID token that was handed in; there is no other when it has expired.
func GivenToken(token string) IDToken {
	return func(context.Context) (string, error) { return token, nil }
}
