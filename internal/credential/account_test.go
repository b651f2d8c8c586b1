package credential

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// account is a cloud account. Each login returns a new access key, or a new token.
type account struct {
	life     time.Duration          // of the credentials; 0: unknown
	tokens   bool                   // tokens instead of keys
	broken   error                  // of every login
	takes    time.Duration          // how long a login takes
	refused  func(name string) bool // whether a request with this key or token gets a 401
	start    time.Time
	logins   []time.Duration // when they began, since start
	requests []string        // the key or token of each request
}

func (a *account) login(context.Context) (Credentials, error) {
	a.logins = append(a.logins, time.Since(a.start))
	time.Sleep(a.takes)
	if a.broken != nil {
		return Credentials{}, a.broken
	}
	name := fmt.Sprintf("key%d", len(a.logins))
	creds := Credentials{Keys: Keys{AccessKey: name, SecretKey: "secret of " + name, SecurityToken: "token of " + name}}
	if a.tokens {
		creds = Credentials{Token: name}
	}
	if a.life != 0 {
		creds.Expires = time.Now().Add(a.life)
	}
	return creds, nil
}

func (a *account) RoundTrip(req *http.Request) (*http.Response, error) {
	name := req.Header.Get("X-Auth-Token")
	if name == "" {
		name, _, _ = strings.Cut(strings.TrimPrefix(req.Header.Get("Authorization"), "SDK-HMAC-SHA256 Access="), ",")
	}
	a.requests = append(a.requests, name)
	if a.refused != nil && a.refused(name) {
		return response(http.StatusUnauthorized, time.Now()), nil
	}
	return response(http.StatusOK, time.Now()), nil
}
