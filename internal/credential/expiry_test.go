package credential

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpiredCredentialsAreNotUsedWhenTheirRenewalFails(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{
		time.Minute, 3 * time.Minute, 10*time.Minute + time.Second, 17 * time.Minute, time.Hour,
	} {
		for _, takes := range []time.Duration{0, 10 * time.Second} {
			inAccount(t, account{life: life, takes: takes}, func(t *testing.T, a *account, transport *Transport) {
				send(t, transport)
				end := transport.creds.Expires
				a.broken = errors.New("STS is down")
				for time.Now().Before(end) {
					_, err := transport.Get(t.Context())
					if time.Now().Before(end) {
						require.NoError(t, err, "they still work")
					}
					time.Sleep(time.Second)
				}
				for range 90 {
					_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
					assert.Equal(t, a.broken, err)
					time.Sleep(time.Second)
				}
				assert.Equal(t, []string{"key1"}, a.requests)
				a.broken = nil
				assert.Equal(t, http.StatusOK, send(t, transport), "requests work again once logins do")
			})
		}
	}
}

func TestCredentialsExpiredOnArrivalCauseNoLoginPerRequest(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{-time.Nanosecond, -time.Hour, -10 * 365 * 24 * time.Hour} {
		inAccount(t, account{life: life}, func(t *testing.T, a *account, transport *Transport) {
			for range 100 {
				assert.Equal(t, http.StatusOK, send(t, transport))
				time.Sleep(20 * time.Second)
			}
			assert.Len(t, a.logins, 1)
			a.refused = func(name string) bool { return name == "key1" }
			assert.Equal(t, http.StatusOK, send(t, transport), "a 401 renews them nevertheless")
			assert.Len(t, a.logins, 2)
		})
	}
}

// sameKeys has a transport log in for the same keys each time, of which only the end is new.
func sameKeys(a *account, transport *Transport, life time.Duration) {
	transport.Login = func(context.Context) (Credentials, error) {
		a.logins = append(a.logins, time.Since(a.start))
		keys := Keys{AccessKey: "key1", SecretKey: "s", SecurityToken: "t"}
		return Credentials{Keys: keys, Expires: time.Now().Add(life)}, nil
	}
}

func TestSameKeysReturnedAgainAreNotProvenUnlessTheyWereBefore(t *testing.T) {
	t.Parallel()
	refusing := account{refused: func(string) bool { return true }}
	inAccount(t, refusing, func(t *testing.T, a *account, transport *Transport) {
		sameKeys(a, transport, 20*time.Minute)
		for range 2 {
			_, err := transport.Get(t.Context())
			require.NoError(t, err)
			time.Sleep(15 * time.Minute)
		}
		assert.Equal(t, http.StatusUnauthorized, send(t, transport))
		assert.Equal(t, minutes(0, 15, 30), a.logins, "none after the 401")
	})
}

func TestRenewalDuringARequestIsNotRepeatedWhenTheRequestIsRefused(t *testing.T) {
	t.Parallel()
	inAccount(t, account{}, func(t *testing.T, a *account, transport *Transport) {
		sameKeys(a, transport, 20*time.Minute)
		send(t, transport)
		transport.Base = roundTripper(func(*http.Request) (*http.Response, error) {
			time.Sleep(15 * time.Minute)
			_, err := transport.Get(t.Context()) // as another request does meanwhile
			return response(http.StatusUnauthorized, time.Now()), err
		})
		assert.Equal(t, http.StatusUnauthorized, send(t, transport))
		assert.Equal(t, minutes(0, 15), a.logins)
	})
}

func TestSameKeysReturnedAgainStayProven(t *testing.T) {
	t.Parallel()
	inAccount(t, account{}, func(t *testing.T, a *account, transport *Transport) {
		name, end := "key1", time.Now().Add(20*time.Minute)
		transport.Login = func(context.Context) (Credentials, error) {
			a.logins = append(a.logins, time.Since(a.start))
			return Credentials{Keys: Keys{AccessKey: name, SecretKey: "s", SecurityToken: "t"}, Expires: end}, nil
		}
		for time.Now().Before(end.Add(-2 * time.Minute)) {
			assert.Equal(t, http.StatusOK, send(t, transport))
			time.Sleep(time.Second)
		}
		assert.Equal(t, minutes(0, 15), a.logins)
		time.Sleep(time.Minute)
		_, err := transport.Get(t.Context())
		require.NoError(t, err)
		assert.Len(t, a.logins, 3, "the same keys again, not used yet")
		name, a.refused = "key2", func(name string) bool { return name == "key1" }
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Len(t, a.logins, 4)
	})
}
