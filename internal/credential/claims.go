package credential

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/jsontext"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// exchange gets an ID token and exchanges it. Where that is refused with 400 or 401, which STS sometimes does with a
// good one, it does so a second time, if there is another token. The error of a refusal states the token's claims.
func (get IDToken) exchange(ctx context.Context, send func(token string) (*reply, error)) (*reply, error) {
	token, err := get(ctx)
	if err != nil {
		return nil, err
	}
	r, err := send(token)
	var e *client.Error
	if !errors.As(err, &e) || e.Failing() {
		return r, err
	}
	switch e.Response.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized:
		if fresh, problem := get(ctx); problem == nil && fresh != token {
			token = fresh
			r, err = send(token)
		}
	}
	var refusal *Error
	if errors.As(err, &refusal) && !refusal.Request.Failing() && refusal.Reason == "" {
		refusal.Detail = claims(token)
	}
	return r, err
}

// maxClaim is in characters.
const maxClaim = 200

// claims returns a line with the claims of an ID token that the other side compares, for people. It contains nothing
// that cannot be printed, and no more of the token.
func claims(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	middle, _, isJWT := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(middle, "="))
	payload, ok := members(text)
	ok = ok && isJWT && err == nil && len(text) > 0
	show := func(name string) string {
		claim, valid := jsontext.NewReader(payload[name]).Decode()
		ok = ok && valid
		if claim == nil {
			return "missing"
		}
		return strconv.Quote(sanitize.Truncate(fmt.Sprint(claim), maxClaim))
	}
	line := fmt.Sprintf("the ID token has iss %s, aud %s, sub %s", show("iss"), show("aud"), show("sub"))
	if !ok {
		return "the ID token is not a JWT whose claims can be read"
	}
	return line
}
