package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

func TestRefusedRenewalIsNotRetriedBeforeTheCredentialsExpire(t *testing.T) {
	t.Parallel()
	logIn := call{service: "IAM", op: "log in"}
	status := func(code int, errorCode string) error {
		return logIn.failed(&client.Error{Op: "log in", Code: errorCode, Response: client.Response{StatusCode: code}})
	}
	problem := errors.New("the project was not found")
	once, eachMinute := minutes(0, 55, 60), minutes(0, 55, 56, 57, 58, 59, 60)
	for name, test := range map[string]struct {
		broken error
		logins []time.Duration
	}{
		"401":           {status(http.StatusUnauthorized, ""), once},
		"403":           {status(http.StatusForbidden, ""), once},
		"400":           {status(http.StatusBadRequest, ""), once},
		"404":           {status(http.StatusNotFound, ""), once},
		"wrapped":       {fmt.Errorf("log in: %w", status(http.StatusUnauthorized, "")), once},
		"impossible":    {logIn.impossible(&client.Response{StatusCode: 200}, "r", problem), once},
		"a proxy's 407": {logIn.failed(&client.Error{Err: &client.ProxyError{StatusCode: 407, LoginSent: true}}), once},
		"throttled":     {status(http.StatusForbidden, "APIGW.0308"), eachMinute},
		"429":           {status(http.StatusTooManyRequests, ""), eachMinute},
		"503":           {status(http.StatusServiceUnavailable, ""), eachMinute},
		"no connection": {logIn.failed(&client.Error{Op: "log in", Err: errors.New("connection refused")}), eachMinute},
		"not sent":      {logIn.impossible(&client.Response{}, "the file is empty", errors.New("the file is empty")), eachMinute},
	} {
		inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			send(t, transport)
			var notRenewed []error
			transport.NotRenewed = func(err error) { notRenewed = append(notRenewed, err) }
			a.broken = test.broken
			for time.Since(a.start) < time.Hour {
				assert.Equal(t, http.StatusOK, send(t, transport), name)
				time.Sleep(15 * time.Second)
			}
			assert.Equal(t, []error{a.broken}, notRenewed, "%s: said once", name)
			_, err := transport.Get(t.Context())
			var got, want *Error
			require.ErrorAs(t, err, &got, name)
			require.ErrorAs(t, a.broken, &want, name)
			assert.Equal(t, "renew the credentials, which have expired: "+want.Error(), got.Error(), name)
			assert.Equal(t, want.Request.Class, got.Request.Class, name)
			assert.Equal(t, a.broken, transport.Lapse(), name)
			assert.Equal(t, test.logins, a.logins, name)
			assert.NotContains(t, a.requests, "key2", name)
		})
	}
}

// Six failures lock an access key, for everybody who uses it.
func TestRefusedCredentialsAreNotSentAgainWhereALoginReturnsTheSame(t *testing.T) {
	t.Parallel()
	keys := Keys{AccessKey: "key1", SecretKey: "secret", SecurityToken: "token"}
	for name, login := range map[string]Login{
		"access key": accessKey.New(&Setup{Values: map[string]string{"access_key": "key1", "secret_key": "secret"}}),
		"IAM token":  authToken.New(&Setup{Values: map[string]string{"auth_token": "key1"}}),
		// The metadata service returns the same keys until it renews them. Their end, by the local clock, differs.
		"ECS agency": func(context.Context) (Credentials, error) {
			return Credentials{Keys: keys, Expires: time.Now().Add(time.Hour)}, nil
		},
	} {
		for _, proven := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a := &account{refused: func(string) bool { return !proven }}
				transport := &Transport{Base: a, Login: login}
				send(t, transport)
				a.requests, a.refused = nil, func(string) bool { return true }
				for n := range 3 {
					time.Sleep(time.Second)
					assert.Equal(t, http.StatusUnauthorized, send(t, transport), name)
					assert.Len(t, a.requests, n+1, "%s: one attempt per request", name)
				}
			})
		}
	}
}

func TestLapseIsForgottenOnceTheCredentialsAreRenewed(t *testing.T) {
	t.Parallel()
	logIn := call{service: "IAM", op: "log in"}
	down := logIn.failed(&client.Error{Op: "log in", Response: client.Response{StatusCode: 503}})
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		calls := 0
		transport.NotRenewed = func(error) { calls++ }
		for outage := range 2 {
			send(t, transport)
			a.broken = down
			time.Sleep(56 * time.Minute)
			send(t, transport)
			assert.Equal(t, outage+1, calls)
			assert.Equal(t, error(down), transport.Lapse())
			a.broken = nil
			time.Sleep(2 * time.Minute)
			send(t, transport)
			assert.NoError(t, transport.Lapse())
		}
	})
	// A 401 whose renewal is refused stands; what refused it is known.
	refusal := logIn.failed(&client.Error{Op: "log in", Response: client.Response{StatusCode: 400}})
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		send(t, transport)
		a.refused, a.broken = func(string) bool { return true }, refusal
		assert.Equal(t, http.StatusUnauthorized, send(t, transport))
		assert.Equal(t, error(refusal), transport.Lapse())
	})
}
