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
			send(t, transport) // proves the credentials: another 401 would renew them
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
		transport.ClockCorrected = func(time.Duration) { t.Error("the clock was corrected") }
		send(t, transport)
		g.ahead = time.Hour
		assert.Equal(t, http.StatusUnauthorized, sendOnce(t, transport))
		assert.Len(t, g.dates, 2)

		transport.ClockCorrected = nil
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Equal(t, http.StatusOK, sendOnce(t, transport), "a known correction is used")
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
		assert.Len(t, a.logins, 1, "they are not proven")
	})
}

func TestOnceNeverLogsIn(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour, takes: time.Second}, func(t *testing.T, a *account, transport *Transport) {
		assert.Zero(t, sendOnce(t, transport), "there was no login yet")
		assert.Empty(t, a.requests)
		send(t, transport)
		end := transport.creds.Expires
		time.Sleep(58 * time.Minute) // the renewal is due
		began := time.Now()
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		assert.Zero(t, time.Since(began))
		time.Sleep(time.Until(end) - time.Nanosecond)
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		time.Sleep(time.Nanosecond)
		assert.Zero(t, sendOnce(t, transport), "they have expired: a 401 for them would count towards the lock")
		assert.Equal(t, []string{"key1", "key1", "key1"}, a.requests)
		assert.Len(t, a.logins, 1)

		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		assert.Equal(t, []string{"key2", "key2"}, a.requests[3:])
	})
}

func TestOnceUsesCredentialsWithoutAKnownExpiry(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{
		0,          // unknown, as of a given access key or token
		-time.Hour, // expired on arrival: a clock is wrong
	} {
		inAccount(t, account{life: life}, func(t *testing.T, _ *account, transport *Transport) {
			send(t, transport)
			time.Sleep(48 * time.Hour)
			assert.Equal(t, http.StatusOK, sendOnce(t, transport))
		})
	}
}

// Outside of a synctest bubble, in which a mutex that somebody waits for stops the clock.
func TestOnceDoesNotWaitForALogin(t *testing.T) {
	t.Parallel()
	transport := withKeys((&account{}).RoundTrip)
	assert.Equal(t, http.StatusOK, send(t, transport))
	transport.mu.Lock() // as a login does
	status := make(chan int, 1)
	go func() { status <- sendOnce(t, transport) }()
	select {
	case got := <-status:
		assert.Zero(t, got)
	case <-time.After(30 * time.Second):
		t.Error("it waits")
	}
	transport.mu.Unlock()
	assert.Equal(t, http.StatusOK, sendOnce(t, transport))
}

func TestOnceReturnsNetworkErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	transport := withKeys(func(*http.Request) (*http.Response, error) { return nil, broken })
	_, err := transport.Get(t.Context())
	require.NoError(t, err)
	_, err = transport.Once().RoundTrip(newRequest(t, http.MethodPost, taskURL, "{}"))
	assert.Equal(t, broken, err)
}
