package credential

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// account gives a new access key, or a new token, with each login, and takes none but those that are valid.
type account struct {
	life     time.Duration // of what a login brings; 0: it is not told
	tokens   bool          // tokens instead of keys
	broken   error         // what logins fail with
	takes    time.Duration // time a login takes
	refused  func(name string) bool
	start    time.Time
	logins   []time.Duration // when they were, from start
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
