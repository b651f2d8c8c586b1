package credential

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendOnce sends a request that nothing depends on, and returns the status of the response; 0: it was not sent.
func sendOnce(t *testing.T, transport *Transport) int {
	t.Helper()
	resp, err := transport.Once().RoundTrip(newRequest(t, http.MethodGet, taskURL+"/progress", ""))
	if err != nil {
		assert.ErrorIs(t, err, errNoCredentials)
		return 0
	}
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(body))
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

func TestOnceKeepsTheCredentialsAfterA401(t *testing.T) {
	t.Parallel()
	for _, tokens := range []bool{false, true} {
		inAccount(t, account{tokens: tokens, life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			send(t, transport) // so that they are proven, and another 401 would renew them
			a.refused = func(string) bool { return true }
			assert.Equal(t, http.StatusUnauthorized, sendOnce(t, transport))
			a.refused = nil
			assert.Equal(t, http.StatusOK, send(t, transport))
			assert.Equal(t, []string{"key1", "key1", "key1"}, a.requests)
			assert.Len(t, a.logins, 1)
		})
	}
}

func TestOnceDoesNotCorrectTheClock(t *testing.T) {
	t.Parallel()
	inAccount(t, account{}, func(t *testing.T, _ *account, transport *Transport) {
		g := &gate{}
		transport.Base = g
		transport.ClockCorrected = func(time.Duration) { t.Error("it was corrected") }
		send(t, transport)
		g.ahead = time.Hour
		assert.Equal(t, http.StatusUnauthorized, sendOnce(t, transport))
		assert.Len(t, g.dates, 2)

		transport.ClockCorrected = nil
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Equal(t, http.StatusOK, sendOnce(t, transport), "a correction that is known is used")
	})
}

func TestOnceDoesNotProveCredentials(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		_, err := transport.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		a.refused = func(string) bool { return true }
		assert.Equal(t, http.StatusUnauthorized, send(t, transport))
		assert.Len(t, a.logins, 1, "to the request that counts they were of no use yet")
	})
}

func TestOnceNeverLogsIn(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour, takes: time.Second}, func(t *testing.T, a *account, transport *Transport) {
		assert.Zero(t, sendOnce(t, transport), "nobody has logged in yet")
		assert.Empty(t, a.requests)
		send(t, transport)
		end := transport.Credentials.Expires
		time.Sleep(58 * time.Minute) // their renewal is due
		began := time.Now()
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		assert.Zero(t, time.Since(began))
		time.Sleep(time.Until(end) - time.Nanosecond)
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		time.Sleep(time.Nanosecond)
		assert.Zero(t, sendOnce(t, transport), "they have ended: a 401 for them would count towards the lock")
		assert.Equal(t, []string{"key1", "key1", "key1"}, a.requests)
		assert.Len(t, a.logins, 1)

		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		assert.Equal(t, []string{"key2", "key2"}, a.requests[3:])
	})
}

func TestOnceUsesGivenCredentials(t *testing.T) {
	t.Parallel()
	for _, given := range []Credentials{{Keys: permanent}, {Token: "MIIE"}, {Keys: permanent, Expires: time.Unix(1, 0)}} {
		transport := &Transport{Credentials: given, Base: &account{}}
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
	}
	// Keys whose end is told by a clock that is wrong are used all the same, as they are for other requests.
	inAccount(t, account{life: -time.Hour}, func(t *testing.T, _ *account, transport *Transport) {
		send(t, transport)
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
	})
}

// Outside of synctest's bubbles, in which a mutex that is waited for stops the clock.
func TestOnceDoesNotWaitForALogin(t *testing.T) {
	t.Parallel()
	transport := &Transport{Base: &account{}, Credentials: Credentials{Keys: permanent}}
	transport.mu.Lock() // as a login does
	status := make(chan int, 1)
	go func() { status <- sendOnce(t, transport) }()
	select {
	case got := <-status:
		assert.Zero(t, got)
	case <-time.After(30 * time.Second):
		t.Error("it waited")
	}
	transport.mu.Unlock()
	assert.Equal(t, http.StatusOK, sendOnce(t, transport))
}

func TestOnceReturnsNetworkErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	base := carrier(func(*http.Request) (*http.Response, error) { return nil, broken })
	transport := &Transport{Credentials: Credentials{Keys: permanent}, Base: base}
	_, err := transport.Once().RoundTrip(newRequest(t, http.MethodPost, taskURL, "{}"))
	assert.Equal(t, broken, err)
}
