package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// getIDToken requests an ID token as a job does.
func getIDToken(t *testing.T, url, authorization string) (*http.Response, string) {
	t.Helper()
	return do(t, client(t), newRequest(t, t.Context(), url, "X-Auth-Token", "", "Authorization", authorization))
}

func TestIDTokenForRequestedAudience(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, fullCloud(clock.Now))
	assert.Equal(t, server.URL+"/actions/id-token?api-version=2.0", server.ActionsURL())
	for query, want := range map[string]string{
		"&audience=sts.huaweicloud.com": "sts.huaweicloud.com",
		"&audience=a%2Fb%26c":           "a/b&c",
		"":                              "https://github.com/dmswait",
	} {
		response, body := getIDToken(t, server.ActionsURL()+query, "bearer jobt0ken")
		assert.Equal(t, http.StatusOK, response.StatusCode, body)
		var issued struct {
			Count int
			Value string
		}
		require.NoError(t, json.Unmarshal([]byte(body), &issued))
		assert.Len(t, issued.Value, issued.Count)
		assert.Contains(t, server.Issued(), issued.Value)

		parts := strings.Split(issued.Value, ".")
		require.Len(t, parts, 3)
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		require.NoError(t, err)
		var claims struct {
			Iss, Aud, Sub string
			Iat, Exp      int64
		}
		require.NoError(t, json.Unmarshal(payload, &claims))
		assert.Equal(t, want, claims.Aud)
		assert.Equal(t, noon.Unix(), claims.Iat)
		assert.Equal(t, noon.Add(5*time.Minute).Unix(), claims.Exp)
		assert.NotEmpty(t, claims.Iss)
		assert.NotEmpty(t, claims.Sub)
	}
}

func TestJobIDTokenExpiresAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	s := fullCloud(clock.Now)
	s.Lifetime = time.Hour // does not affect ID tokens
	server := start(t, s)
	_, body := getIDToken(t, server.ActionsURL()+"&audience="+simulator.DefaultAudience, "bearer jobt0ken")
	var issued struct{ Value string }
	require.NoError(t, json.Unmarshal([]byte(body), &issued))
	for at, status := range map[time.Duration]int{5*time.Minute - time.Nanosecond: 200, 5 * time.Minute: 401} {
		clock.Set(at)
		response, body := post(t, server, "/v5/agencies/assume-with-oidc", assumeBody(issued.Value, "900"))
		assert.Equal(t, status, response.StatusCode, body)
	}
}

func TestIDTokenRequestIsRejected(t *testing.T) {
	t.Parallel()
	server, closed := start(t, fullCloud((&fakeClock{}).Now)), start(t, simulator.Simulator{})
	path := server.URL + "/actions/id-token"
	for name, test := range map[string]struct {
		url, authorization string
		status             int
	}{
		"scheme in another case": {server.ActionsURL(), "Bearer jobt0ken", 200},
		"wrong bearer token":     {server.ActionsURL(), "bearer other", 401},
		"no scheme":              {server.ActionsURL(), "jobt0ken", 401},
		"no authorization":       {server.ActionsURL(), "", 401},
		"cloud without a token":  {closed.ActionsURL(), "bearer jobt0ken", 401},
		"empty token":            {closed.ActionsURL(), "bearer ", 401},
		"query replaced":         {path + "?audience=a", "bearer jobt0ken", 400},
		"second question mark":   {server.ActionsURL() + "?audience=a", "bearer jobt0ken", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := getIDToken(t, test.url, test.authorization)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Equal(t, test.status == 200, strings.Contains(body, `"value"`))
		})
	}
}
