package credential

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// inAccount runs a test with a transport that logs in to an account, under a fake clock.
func inAccount(t *testing.T, a account, test func(*testing.T, *account, *Transport)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a.start = time.Now()
		test(t, &a, &Transport{Base: &a, Login: a.login})
	})
}

func minutes(list ...float64) (all []time.Duration) {
	for _, m := range list {
		all = append(all, time.Duration(m*float64(time.Minute)))
	}
	return all
}

func TestCredentialsAreRenewed5MinutesOrAQuarterOfTheirLifeBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		life   time.Duration
		logins []time.Duration // within two hours
	}{
		{time.Hour, minutes(0, 55, 110)},
		{20 * time.Minute, minutes(0, 15, 30, 45, 60, 75, 90, 105, 120)},
		{40 * time.Minute, minutes(0, 35, 70, 105)},
		{16 * time.Minute, minutes(0, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120)},
		{24 * time.Hour, minutes(0)},
		{0, minutes(0)}, // not before a 401
	} {
		inAccount(t, account{life: test.life}, func(t *testing.T, a *account, transport *Transport) {
			for range 481 {
				assert.Equal(t, http.StatusOK, send(t, transport))
				time.Sleep(15 * time.Second)
			}
			assert.Equal(t, test.logins, a.logins)
			assert.Len(t, a.requests, 481)
		})
	}
}

func TestFailedRenewalKeepsTheCredentialsAndIsRetriedAfterAMinute(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		send(t, transport)
		a.broken = errors.New("STS is down")
		time.Sleep(54 * time.Minute)
		for range 359 { // until a second before their end
			time.Sleep(time.Second)
			assert.Equal(t, http.StatusOK, send(t, transport))
		}
		assert.Equal(t, minutes(0, 55, 56, 57, 58, 59), a.logins)
		time.Sleep(time.Second)
		_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
		assert.Equal(t, a.broken, err, "they have expired")
		_, err = transport.Get(t.Context())
		assert.Equal(t, a.broken, err)
		assert.Len(t, a.logins, 8, "and each request attempts")
		assert.NotContains(t, a.requests, "key7")
		a.broken = nil
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Equal(t, "key9", a.requests[len(a.requests)-1])
	})
}

func TestSlowFailedRenewalIsRetriedAMinuteAfterItsEnd(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		send(t, transport)
		a.broken, a.takes = errors.New("STS hangs"), 90*time.Second
		time.Sleep(55 * time.Minute)
		for range 4 {
			assert.Equal(t, http.StatusOK, send(t, transport))
			time.Sleep(20 * time.Second)
		}
		assert.Equal(t, minutes(0, 55, 57.5), a.logins)
		time.Sleep(40 * time.Second) // 59m40s
		_, err := transport.Get(t.Context())
		assert.Equal(t, a.broken, err, "they expired while the login failed")
	})
}

func TestLoginErrorIsReturnedWithoutCredentials(t *testing.T) {
	t.Parallel()
	inAccount(t, account{broken: errors.New("STS is down")}, func(t *testing.T, a *account, transport *Transport) {
		for range 2 {
			_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
			assert.Equal(t, a.broken, err)
		}
		assert.Len(t, a.logins, 2)
		assert.Empty(t, a.requests)
	})
}

func TestA401IsRetriedOnceWithRenewedCredentials(t *testing.T) {
	t.Parallel()
	for _, tokens := range []bool{false, true} {
		inAccount(t, account{tokens: tokens, life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			send(t, transport)
			a.refused = func(name string) bool { return name == "key1" }
			assert.Equal(t, http.StatusOK, send(t, transport))
			assert.Equal(t, http.StatusOK, send(t, transport))
			assert.Equal(t, []string{"key1", "key1", "key2", "key2"}, a.requests)
			assert.Len(t, a.logins, 2)

			a.refused = func(string) bool { return true }
			assert.Equal(t, http.StatusUnauthorized, send(t, transport), "the second response, unchanged")
			assert.Equal(t, []string{"key2", "key3"}, a.requests[4:])
			assert.Equal(t, http.StatusUnauthorized, send(t, transport))
			assert.Equal(t, []string{"key3"}, a.requests[6:], "new ones did not help")
			assert.Len(t, a.logins, 3)
		})
	}
}

func TestA401ForNewCredentialsRenewsNothing(t *testing.T) {
	t.Parallel()
	for _, tokens := range []bool{false, true} {
		for _, beforehand := range []bool{false, true} {
			refusing := account{tokens: tokens, refused: func(string) bool { return true }}
			inAccount(t, refusing, func(t *testing.T, a *account, transport *Transport) {
				if beforehand {
					_, err := transport.Get(t.Context())
					require.NoError(t, err)
				}
				assert.Equal(t, http.StatusUnauthorized, send(t, transport))
				assert.Equal(t, []string{"key1"}, a.requests)
				assert.Len(t, a.logins, 1)
			})
		}
	}
}

func TestRefusedCredentialsAreNotUsedAgainWhenTheRenewalFails(t *testing.T) {
	t.Parallel()
	logIn := call{service: "STS", op: "log in"}
	for _, broken := range []error{
		errors.New("STS is down"),
		logIn.failed(&client.Error{Op: "log in", Response: client.Response{StatusCode: http.StatusServiceUnavailable}}),
	} {
		inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			send(t, transport)
			a.refused = func(name string) bool { return name == "key1" }
			a.broken = broken
			for range 8 { // six failures would lock an access key
				_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
				assert.Equal(t, broken, err, "an outage of the login, and no refusal")
			}
			assert.Equal(t, []string{"key1", "key1"}, a.requests)
			a.broken = nil
			assert.Equal(t, http.StatusOK, send(t, transport))
		})
	}
}

func TestWrongClockIsCorrectedBeforeAnythingIsRenewed(t *testing.T) {
	t.Parallel()
	inAccount(t, account{}, func(t *testing.T, a *account, transport *Transport) {
		g := &gate{}
		transport.Base = g
		assert.Equal(t, http.StatusOK, send(t, transport))
		g.ahead = time.Hour
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Len(t, g.dates, 3)
		assert.Len(t, a.logins, 1)
	})
	inAccount(t, account{}, func(t *testing.T, a *account, transport *Transport) { // new credentials
		transport.Base = &gate{ahead: time.Hour}
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Len(t, a.logins, 1)
	})
	inAccount(t, account{tokens: true}, func(t *testing.T, a *account, transport *Transport) { // a token is not signed
		send(t, transport)
		transport.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("X-Auth-Token") == "key1" {
				return response(http.StatusUnauthorized, time.Now().Add(time.Hour)), nil
			}
			return response(http.StatusOK, time.Now()), nil
		})
		assert.Equal(t, http.StatusOK, send(t, transport))
		assert.Len(t, a.logins, 2)
	})
}

// Outside of a synctest bubble, in which a mutex that somebody waits for stops the clock.
func TestOneLoginRunsAtATime(t *testing.T) {
	t.Parallel()
	const many = 20
	a := &account{start: time.Now(), takes: 20 * time.Millisecond}
	transport := &Transport{Login: a.login}
	var mu sync.Mutex
	refused := ""
	a.refused = func(name string) bool { return name == refused }
	together := func() {
		var inFlight, wait sync.WaitGroup
		inFlight.Add(many)
		arrived := 0
		transport.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			arrived++
			isFirst := arrived <= many
			resp, err := a.RoundTrip(req)
			mu.Unlock()
			if isFirst {
				inFlight.Done()
				inFlight.Wait() // until all are in flight
			}
			return resp, err
		})
		for range many {
			wait.Go(func() { assert.Equal(t, http.StatusOK, send(t, transport)) })
		}
		wait.Wait()
	}
	together()
	assert.Len(t, a.logins, 1, "at the start")
	transport.renewAt = time.Now()
	together()
	assert.Len(t, a.logins, 2, "before they expire")
	refused = "key2"
	together()
	assert.Len(t, a.logins, 3, "after a 401 for all of them")
}

func TestGivenCredentialsNeverExpire(t *testing.T) {
	t.Parallel()
	inAccount(t, account{}, func(t *testing.T, a *account, transport *Transport) {
		for range 3 {
			creds, err := transport.Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "key1", creds.AccessKey)
			assert.Equal(t, http.StatusOK, send(t, transport))
			time.Sleep(48 * time.Hour)
		}
		assert.Len(t, a.logins, 1)
	})
}

func TestEachSecretOfALoginIsReported(t *testing.T) {
	t.Parallel()
	for tokens, want := range map[bool][]string{
		false: {"secret of key1", "token of key1", "", "secret of key2", "token of key2", ""},
		true:  {"", "", "key1", "", "", "key2"},
	} {
		inAccount(t, account{tokens: tokens, life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			var learned []string
			transport.Learned = func(secrets ...string) { learned = append(learned, secrets...) }
			for range 2 {
				_, err := transport.Get(t.Context())
				require.NoError(t, err)
				send(t, transport)
				time.Sleep(56 * time.Minute)
			}
			assert.Equal(t, want, learned)
			a.broken = errors.New("STS is down")
			time.Sleep(56 * time.Minute)
			_, err := transport.Get(t.Context())
			assert.Error(t, err)
			assert.Equal(t, want, learned)
		})
	}
}

func TestGetReturnsTheCredentialsOfRequests(t *testing.T) {
	t.Parallel()
	inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
		for range 3 {
			creds, err := transport.Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "key1", creds.AccessKey)
			send(t, transport)
		}
		assert.Len(t, a.logins, 1)
		assert.Equal(t, []string{"key1", "key1", "key1"}, a.requests)
	})
}
