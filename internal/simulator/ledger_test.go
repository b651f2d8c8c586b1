package simulator_test

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// eachLifetime runs a test with the documented lifetime of what is issued, and with Lifetime set.
func eachLifetime(t *testing.T, name string, documented time.Duration,
	test func(t *testing.T, clock *fakeClock, server *simulator.Server, lifetime time.Duration)) {
	t.Helper()
	for _, lifetime := range []time.Duration{0, 10 * time.Minute} {
		t.Run(name+" "+lifetime.String(), func(t *testing.T) {
			t.Parallel()
			clock := &fakeClock{}
			s := fullCloud(clock.Now)
			s.Lifetime = lifetime
			test(t, clock, start(t, s), cmp.Or(lifetime, documented))
		})
	}
}

func TestIssuedTokenIsAcceptedUntilExpiry(t *testing.T) {
	t.Parallel()
	for name, issue := range tokenIssuers {
		eachLifetime(t, name, 24*time.Hour, func(
			t *testing.T, clock *fakeClock, server *simulator.Server, lifetime time.Duration,
		) {
			issued := issue(t, server, simulator.DefaultProjectID).Header.Get("X-Subject-Token")
			require.NotEmpty(t, issued)

			clock.Set(lifetime - 1)
			for _, path := range []string{example, "/v3/projects"} {
				response, body := get(t, server, path, "X-Auth-Token", issued)
				assert.Equal(t, http.StatusOK, response.StatusCode, body)
			}
			clock.Set(lifetime)
			response, body := get(t, server, example, "X-Auth-Token", issued)
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
			assert.Contains(t, body, `"error_code":"APIGW.0307"`)
			response, body = get(t, server, "/v3/projects", "X-Auth-Token", issued)
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
			assert.Equal(t, `{"error":{"code":401,"message":"The token must be updated.",`+
				`"title":"Unauthorized"}}`, body)
		})
	}
}

func TestTokenOfAnotherProjectIsRejected(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	for name, issue := range tokenIssuers {
		issued := issue(t, server, otherProject).Header.Get("X-Subject-Token")
		response, body := get(t, server, example, "X-Auth-Token", issued)
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
		assert.Contains(t, body, `"error_code":"DMS.10240104"`, name)
		response, _ = get(t, server, "/v3/projects", "X-Auth-Token", issued)
		assert.Equal(t, http.StatusOK, response.StatusCode, name)
	}
}

func TestIssuedKeysAreAcceptedUntilExpiry(t *testing.T) {
	t.Parallel()
	for name, issue := range keyIssuers {
		eachLifetime(t, name, time.Hour, func(
			t *testing.T, clock *fakeClock, server *simulator.Server, lifetime time.Duration,
		) {
			keys := issue(t, server)
			expires, err := time.Parse(time.RFC3339Nano, keys.Expires)
			require.NoError(t, err)
			assert.Equal(t, noon.Add(lifetime), expires)

			clock.Set(lifetime - 1)
			date := clock.Now().Format("20060102T150405Z")
			for _, path := range []string{example, "/v3/projects?name=cn-north-4"} {
				status, body := getSigned(t, server, path, date, keys)
				assert.Equal(t, http.StatusOK, status, body)
				without := keys
				without.SecurityToken = ""
				status, _ = getSigned(t, server, path, date, without)
				assert.Equal(t, http.StatusUnauthorized, status, "without the security token")
			}
			clock.Set(lifetime)
			status, body := getSigned(t, server, example, date, keys)
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Contains(t, body, `"error_code":"APIGW.0301"`)
			assert.Contains(t, body, "security token expired")
		})
	}
}

func TestRevokeInvalidatesEverythingIssued(t *testing.T) {
	t.Parallel()
	s := fullCloud((&fakeClock{}).Now)
	s.Keys = map[string]string{"AK": "SK"}
	s.Metadata.TokenRequired = true
	server := start(t, s)
	const date = "20260102T120000Z"
	sts, password := keyIssuers["STS"], tokenIssuers["password"]

	idToken, session := server.IDToken(simulator.DefaultAudience, time.Hour), sessionToken(t, server)
	keys, issued := sts(t, server), password(t, server, simulator.DefaultProjectID).Header.Get("X-Subject-Token")
	server.Revoke()

	status, body := getSigned(t, server, example, date, keys)
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Contains(t, body, `"error_code":"APIGW.0301"`)
	response, body := get(t, server, example, "X-Auth-Token", issued)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
	assert.Contains(t, body, `"error_code":"APIGW.0301"`)
	response, body = post(t, server, "/v5/agencies/assume-with-oidc", assumeBody(idToken, "3600"))
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
	assert.Contains(t, body, "bad signature")
	response, _ = get(t, server, "/openstack/latest/securitykey", "X-Metadata-Token", session)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)

	status, body = getSigned(t, server, example, date, sts(t, server))
	assert.Equal(t, http.StatusOK, status, "issued later: %s", body)
	status, _ = getSigned(t, server, example, date, issuedKeys{Access: "AK", Secret: "SK"})
	assert.Equal(t, http.StatusOK, status, "not issued")
	response, _ = get(t, server, example)
	assert.Equal(t, http.StatusOK, response.StatusCode, "not issued")
}

func TestIssuedListsEverySecretOnce(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	assert.Empty(t, server.Issued())
	var given []string
	for range 3 {
		for _, issue := range tokenIssuers {
			given = append(given, issue(t, server, simulator.DefaultProjectID).Header.Get("X-Subject-Token"))
		}
		for _, issue := range keyIssuers {
			keys := issue(t, server)
			assert.Regexp(t, `^HSTSIM[0-9A-Z]{14}$`, keys.Access)
			assert.Regexp(t, `^simsecret[0-9A-Z]{31}$`, keys.Secret)
			given = append(given, keys.Secret, keys.SecurityToken)
		}
		given = append(given, sessionToken(t, server), server.IDToken("a", time.Minute),
			server.IDToken("a", time.Minute))
		server.Revoke()
	}
	issued := server.Issued()
	assert.Subset(t, issued, given)
	// Each of the three APIs that need an ID token got one of its own, and one of them also an IAM token.
	assert.Len(t, issued, len(given)+3*4)
	seen := map[string]bool{}
	for _, secret := range issued {
		assert.GreaterOrEqual(t, len(secret), 26)
		assert.False(t, seen[secret], secret)
		seen[secret] = true
	}
	issued[0] = "changed"
	assert.NotEqual(t, "changed", server.Issued()[0])
}

func TestConcurrentLogins(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	var clients sync.WaitGroup
	for range 8 {
		c := client(t)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v3/auth/tokens",
			strings.NewReader(passwordBody("u", "p", "d", `{}`)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		clients.Go(func() {
			response, err := c.Do(r)
			if assert.NoError(t, err) {
				assert.NoError(t, response.Body.Close())
				assert.Equal(t, http.StatusCreated, response.StatusCode)
			}
			server.IDToken("a", time.Minute)
			server.Issued()
			server.Revoke()
		})
	}
	clients.Wait()
	assert.Len(t, server.Issued(), 16)
}

func TestLoginRequestsAreRecordedByKindAndIntercepted(t *testing.T) {
	t.Parallel()
	paths := map[string]string{
		"iam-token":      "/v3/auth/tokens?nocatalog=true",
		"projects":       "/v3/projects?name=cn-north-4",
		"idp-token":      "/v3.0/OS-AUTH/id-token/tokens",
		"idp-keys":       "/v3.0/OS-CREDENTIAL/securitytokens",
		"assume":         "/v5/agencies/assume-with-oidc",
		"id-token":       "/actions/id-token?api-version=2.0&audience=a",
		"metadata-token": "/meta-data/latest/api/token",
		"metadata-keys":  "/openstack/latest/securitykey",
	}
	server := start(t, respondWith(&simulator.Response{Status: http.StatusTeapot}))
	for kind, path := range paths {
		response, _ := get(t, server, path)
		assert.Equal(t, http.StatusTeapot, response.StatusCode, kind)
		assert.Equal(t, 1, server.Count(kind), kind)
	}
	strict := start(t, simulator.Simulator{})
	for kind, path := range paths {
		r := newRequest(t, t.Context(), strict.URL+path)
		r.Method = http.MethodDelete
		response, _ := do(t, client(t), r)
		assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, kind)
	}
}
