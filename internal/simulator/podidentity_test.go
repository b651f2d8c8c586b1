package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPodIdentityReturnsKeys(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	assert.Equal(t, server.URL+"/v1/credentials", server.PodIdentityURI())
	response, body := post(t, server, "/v1/credentials", "{}", "Authorization", "podt0ken")
	assert.Equal(t, http.StatusOK, response.StatusCode, body)
	var keys struct {
		Credentials struct{ AccessKeyID, SecretAccessKey, SecurityToken, Expiration string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &keys))
	assert.Equal(t, "2026-01-02T13:00:00.000Z", keys.Credentials.Expiration)
	assert.Equal(t, []string{keys.Credentials.SecretAccessKey, keys.Credentials.SecurityToken}, server.Issued())
	assert.Contains(t, body, `"podIdentityAssociationId":"simulated"`)
	status, body := getSigned(t, server, example, "20260102T120000Z",
		issuedKeys{Access: keys.Credentials.AccessKeyID, Secret: keys.Credentials.SecretAccessKey,
			SecurityToken: keys.Credentials.SecurityToken})
	assert.Equal(t, http.StatusOK, status, body)
}

func TestPodIdentityIsRejected(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	for token, want := range map[string]int{"": 401, "Bearer podt0ken": 401, "other": 401} {
		response, _ := post(t, server, "/v1/credentials", "{}", "Authorization", token)
		assert.Equal(t, want, response.StatusCode, token)
	}
	for _, body := range []string{"", "null", "[]", "x"} {
		response, _ := post(t, server, "/v1/credentials", body, "Authorization", "podt0ken")
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, body)
	}
	s := fullCloud(nil)
	s.PodToken = ""
	response, _ := post(t, start(t, s), "/v1/credentials", "{}", "Authorization", "")
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode, "no token is no token")
}
