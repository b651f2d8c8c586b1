package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// requestSession requests a token of the metadata service.
func requestSession(t *testing.T, server *simulator.Server, ttl string) (*http.Response, string) {
	t.Helper()
	r := newRequest(t, t.Context(), server.URL+"/meta-data/latest/api/token", "X-Auth-Token", "",
		"X-Metadata-Token-Ttl-Seconds", ttl)
	r.Method = http.MethodPut
	return do(t, client(t), r)
}

func sessionToken(t *testing.T, server *simulator.Server) string {
	t.Helper()
	response, session := requestSession(t, server, "21600")
	require.Equal(t, http.StatusOK, response.StatusCode)
	return session
}

func TestMetadataReturnsKeysOfAgency(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, fullCloud(clock.Now))
	response, session := requestSession(t, server, "60")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
	assert.Regexp(t, "^simmetadata-[0-9A-Z]{26}$", session)

	for _, given := range []string{session, ""} {
		response, body := get(t, server, "/openstack/latest/securitykey", "X-Metadata-Token", given)
		assert.Equal(t, http.StatusOK, response.StatusCode, body)
		assert.Empty(t, response.Header.Get("X-Request-Id"), "only the gateway sends it")
		keys := readCredential(t, body)
		assert.Equal(t, "2026-01-02T13:00:00.000000Z", keys.Expires)
		status, body := getSigned(t, server, example, "20260102T120000Z", keys)
		assert.Equal(t, http.StatusOK, status, body)
	}
	clock.Set(time.Minute)
	response, body := get(t, server, "/openstack/latest/securitykey", "X-Metadata-Token", session)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode, "expired")
	assert.NotContains(t, body, "Agency")
}

func TestMetadataVersionsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		metadata             simulator.Metadata
		token, keys, without int // status of PUT, of GET with the token from it, and of GET without
		bad                  int // status of GET with a wrong token
	}{
		"both":               {simulator.Metadata{Agency: true}, 200, 200, 200, 401},
		"version 1 off":      {simulator.Metadata{Agency: true, TokenRequired: true}, 200, 200, 401, 401},
		"version 2 off, 404": {simulator.Metadata{Agency: true, TokenStatus: 404}, 404, 200, 200, 200},
		"version 2 off, 405": {simulator.Metadata{Agency: true, TokenStatus: 405}, 405, 200, 200, 200},
		"version 2 off, 503": {simulator.Metadata{Agency: true, TokenStatus: 503}, 503, 200, 200, 200},
		"both off": {simulator.Metadata{Agency: true, TokenStatus: 503,
			TokenRequired: true}, 503, 401, 401, 401},
		"no agency":                   {simulator.Metadata{}, 200, 401, 401, 401},
		"no agency and version 2 off": {simulator.Metadata{TokenStatus: 404}, 404, 401, 401, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, simulator.Simulator{Metadata: test.metadata})
			response, session := requestSession(t, server, "21600")
			assert.Equal(t, test.token, response.StatusCode)
			if test.token != http.StatusOK {
				session = ""
			}
			for _, want := range []struct {
				session string
				status  int
			}{{session, test.keys}, {"", test.without}, {"wrong", test.bad}} {
				response, body := get(t, server, "/openstack/latest/securitykey", "X-Metadata-Token", want.session)
				assert.Equal(t, want.status, response.StatusCode, "with %q", want.session)
				text := "Please configure Cloud Service Agency first"
				if !test.metadata.Agency && want.session != "wrong" {
					assert.Contains(t, body, text)
				} else if test.metadata.Agency {
					assert.NotContains(t, body, text)
				}
			}
		})
	}
}

func TestMetadataTokenRequiresLifetime(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{})
	for ttl, status := range map[string]int{"1": 200, "21600": 200, "": 400, "0": 400, "21601": 400, "6h": 400} {
		response, _ := requestSession(t, server, ttl)
		assert.Equal(t, status, response.StatusCode, ttl)
	}
}
