package credential

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Under synctest, time stands still at midnight, 1 January 2000 UTC, unless somebody sleeps.

func TestSecondAttemptIsMadeOnlyIfTheClockIsOffByMoreThan5Minutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead    time.Duration
		attempts int
	}{
		"right":                     {0, 1},
		"5m behind":                 {5 * time.Minute, 1},
		"5m ahead":                  {-5 * time.Minute, 1},
		"5m1s behind":               {5*time.Minute + time.Second, 2},
		"5m1s ahead":                {-5*time.Minute - time.Second, 2},
		"5m2s behind":               {5*time.Minute + 2*time.Second, 2},
		"5m2s ahead":                {-5*time.Minute - 2*time.Second, 2},
		"years behind":              {30 * 365 * 24 * time.Hour, 2},
		"behind beyond all dates":   {1 << 62, 2},
		"years ahead of the server": {-25 * 365 * 24 * time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				transport := withKeys(func(*http.Request) (*http.Response, error) {
					attempts++
					return response(http.StatusUnauthorized, time.Now().Add(c.ahead)), nil
				})
				assert.Equal(t, http.StatusUnauthorized, send(t, transport))
				assert.Equal(t, c.attempts, attempts)
			})
		})
	}
}

func TestSecondAttemptIsSignedWithTheServersTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead  time.Duration
		second string
	}{
		"behind": {time.Hour, "20000101T010000Z"},
		"ahead":  {-time.Hour, "19991231T230000Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var corrections []time.Duration
				g := &gate{ahead: c.ahead}
				transport := withKeys(g.RoundTrip)
				transport.ClockCorrected = func(behind time.Duration) { corrections = append(corrections, behind) }
				assert.Equal(t, http.StatusOK, send(t, transport))
				assert.Equal(t, []string{"20000101T000000Z", c.second}, g.dates)
				assert.Equal(t, []time.Duration{c.ahead}, corrections, "behind is positive, ahead is negative")
			})
		})
	}
}

func TestClockCorrectionIsKeptForLaterRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		corrections := 0
		g := &gate{ahead: time.Hour}
		transport := withKeys(g.RoundTrip)
		transport.ClockCorrected = func(time.Duration) { corrections++ }
		for range 3 {
			assert.Equal(t, http.StatusOK, send(t, transport))
			time.Sleep(10 * time.Minute)
		}
		assert.Equal(t, []string{"20000101T000000Z", "20000101T010000Z", "20000101T011000Z", "20000101T012000Z"}, g.dates)
		assert.Equal(t, 1, corrections)
	})
}

func TestClockIsCorrectedAgainAfterAnotherJump(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var corrections []time.Duration
		g := &gate{}
		transport := withKeys(g.RoundTrip)
		transport.ClockCorrected = func(behind time.Duration) { corrections = append(corrections, behind) }
		for _, g.ahead = range []time.Duration{time.Hour, -2 * time.Hour, 0, 6 * time.Minute, 20 * time.Minute} {
			assert.Equal(t, http.StatusOK, send(t, transport))
		}
		assert.Equal(t, []string{
			"20000101T000000Z", "20000101T010000Z",
			"20000101T010000Z", "19991231T220000Z",
			"19991231T220000Z", "20000101T000000Z",
			"20000101T000000Z", // 6 minutes off, which the server accepts
			"20000101T000000Z", "20000101T002000Z",
		}, g.dates)
		assert.Equal(t, []time.Duration{time.Hour, -2 * time.Hour, 0, 20 * time.Minute}, corrections)
	})
}

func TestAtMostTwoAttemptsAreMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var responses []*http.Response
		transport := withKeys(func(*http.Request) (*http.Response, error) {
			// The clock advances by an hour with every response.
			resp := response(http.StatusUnauthorized, time.Now().Add(time.Duration(len(responses)+1)*time.Hour))
			responses = append(responses, resp)
			return resp, nil
		})
		resp, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
		require.NoError(t, err)
		require.Len(t, responses, 2)
		assert.Same(t, responses[1], resp, "the second response, unchanged")
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "body", string(body))
	})
}

func TestOnlyA401IsRetried(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 302, 400, 403, 404, 407, 408, 429, 500, 503} {
		attempts := 0
		transport := withKeys(func(*http.Request) (*http.Response, error) {
			attempts++
			return response(status, time.Now().Add(time.Hour)), nil
		})
		assert.Equal(t, status, send(t, transport))
		assert.Equal(t, 1, attempts, status)
	}
}

func TestA401WithoutAValidDateIsNotRetried(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"", "now", "2000-01-01T05:00:00Z"} {
		attempts := 0
		transport := withKeys(func(*http.Request) (*http.Response, error) {
			attempts++
			resp := response(http.StatusUnauthorized, time.Time{})
			if date != "" {
				resp.Header.Set("Date", date)
			}
			return resp, nil
		})
		assert.Equal(t, http.StatusUnauthorized, send(t, transport))
		assert.Equal(t, 1, attempts, date)
	}
}

func TestTokenIsNotRetriedForAWrongClock(t *testing.T) {
	t.Parallel()
	attempts := 0
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		attempts++
		return response(http.StatusUnauthorized, time.Now().Add(time.Hour)), nil
	})
	transport.Login = given(&Credentials{Token: "MIIEXAMPLE", Keys: permanent})
	assert.Equal(t, http.StatusUnauthorized, send(t, transport))
	assert.Equal(t, 1, attempts)
}

func TestErrorOfTheSecondAttemptIsReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	attempts := 0
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		if attempts++; attempts == 2 {
			return nil, broken
		}
		return response(http.StatusUnauthorized, time.Now().Add(time.Hour)), nil
	})
	_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, 2, attempts)
}

func TestFirstResponseIsReadToItsEndAndClosed(t *testing.T) {
	t.Parallel()
	first := &trackedBody{Reader: strings.NewReader(`{"error_code":"APIGW.0301"}`)}
	second := &trackedBody{Reader: strings.NewReader(`{}`)}
	attempts := 0
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		resp := response(http.StatusUnauthorized, time.Now().Add(time.Hour))
		resp.Body = first
		if attempts++; attempts == 2 {
			assert.True(t, first.ended && first.closed)
			resp.Body = second
		}
		return resp, nil
	})
	_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
	require.NoError(t, err)
	assert.Equal(t, 2, attempts)
	assert.False(t, second.ended || second.closed, "the caller reads the second response")
}

func TestEndlessFirstResponseIsAbandoned(t *testing.T) {
	t.Parallel()
	endless := &trackedBody{Reader: zeros{}}
	attempts := 0
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		if attempts++; attempts == 2 {
			return response(http.StatusOK, time.Now()), nil
		}
		resp := response(http.StatusUnauthorized, time.Now().Add(time.Hour))
		resp.Body = endless
		return resp, nil
	})
	assert.Equal(t, http.StatusOK, send(t, transport))
	assert.True(t, endless.closed)
}

// zeros is a body without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
