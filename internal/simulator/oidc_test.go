package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func keysBody(token, seconds string) string {
	return `{"auth":{"identity":{"methods":["token"],"token":{"id":"` + token + `","duration_seconds":` +
		seconds + `}}}}`
}

func TestIDTokenIsExchangedForTokenAndKeys(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	response, body := post(t, server, "/v3.0/OS-AUTH/id-token/tokens",
		`{"auth":{"id_token":{"id":"`+server.IDToken("whoever", time.Minute)+`"}}}`, "X-Idp-Id", "idp")
	assert.Equal(t, http.StatusCreated, response.StatusCode, body)
	assert.Contains(t, body, `"expires_at":"2026-01-03T12:00:00.000000Z"`)
	assert.Contains(t, body, `"methods":["mapped"]`)
	assert.NotContains(t, body, `"project"`)
	token := response.Header.Get("X-Subject-Token")

	for seconds, want := range map[string]string{
		"900":   "2026-01-02T12:15:00.000000Z",
		"21600": "2026-01-02T18:00:00.000000Z",
		"86400": "2026-01-03T12:00:00.000000Z",
		"null":  "2026-01-02T12:15:00.000000Z",
	} {
		response, body = post(t, server, "/v3.0/OS-CREDENTIAL/securitytokens", keysBody(token, seconds))
		assert.Equal(t, http.StatusCreated, response.StatusCode, body)
		keys := readCredential(t, body)
		assert.Equal(t, want, keys.Expires)
		status, body := getSigned(t, server, example, "20260102T120000Z", keys)
		assert.Equal(t, http.StatusOK, status, body)
	}
	response, _ = post(t, server, "/v3.0/OS-CREDENTIAL/securitytokens",
		`{"auth":{"identity":{"methods":["token"]}}}`, "X-Auth-Token", token)
	assert.Equal(t, http.StatusCreated, response.StatusCode, "the token may be in the header")
}

func TestIdentityProviderLoginIsRejected(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	s := fullCloud(clock.Now)
	s.Tokens = []string{token}
	server, otherServer := start(t, s), start(t, s)
	const tokens, keys = "/v3.0/OS-AUTH/id-token/tokens", "/v3.0/OS-CREDENTIAL/securitytokens"
	idToken := func(id string) string { return `{"auth":{"id_token":{"id":"` + id + `"}}}` }
	good := idToken(server.IDToken("a", time.Minute))
	for name, test := range map[string]struct {
		path, body, provider string
		status               int
		code, message        string
	}{
		"unknown provider": {tokens, good, "other", 404, "IAM.0004", "Could not find identity provider: other."},
		"no provider":      {tokens, good, "", 400, "IAM.0011", "header X-Idp-Id is missing"},
		"no id token":      {tokens, `{"auth":{}}`, "idp", 400, "IAM.0011", "auth.id_token.id is missing"},
		"malformed body":   {tokens, `{`, "idp", 400, "IAM.0011", "request body is invalid"},
		"expired": {tokens, idToken(server.IDToken("a", 0)), "idp", 401, "IAM.0001",
			"id token expired at 2026-01-02T12:00:00.000Z"},
		"from another server": {tokens, idToken(otherServer.IDToken("a", time.Minute)), "idp", 401,
			"IAM.0001", "id token has a bad signature"},
		"not a JWT": {tokens, idToken("abc"), "idp", 401, "IAM.0001", "id token has 1 parts, not 3"},
		"unknown project": {tokens, good[:len(good)-2] + `,"scope":{"project":{"name":"x"}}}}`, "idp", 401,
			"IAM.0001", "requires authentication"},
		"keys, bad token": {keys, keysBody("x", "900"), "", 401, "IAM.0001", "decrypt token fail"},
		"keys, 899 seconds": {keys, keysBody(token, "899"), "", 400, "IAM.0011",
			"duration_seconds must be an integer from 900 to 86400"},
		"keys, seconds as a string": {keys, keysBody(token, `"900"`), "", 400, "IAM.0011",
			"duration_seconds must be an integer"},
		"keys, no method": {keys, `{"auth":{"identity":{"token":{"id":"` + token + `"}}}}`, "", 400,
			"IAM.0011", `auth.identity.methods must have \"token\"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := post(t, server, test.path, test.body, "X-Idp-Id", test.provider)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Contains(t, body, `{"error_code":"`+test.code+`","error_msg":"`)
			assert.Contains(t, body, test.message)
		})
	}
	for _, path := range []string{tokens, keys} {
		response, body := post(t, server, path, good, "Content-Type", "text/plain", "X-Idp-Id", "idp")
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		assert.Contains(t, body, "content type must be application/json")
	}
}
