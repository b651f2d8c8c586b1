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

// askJob returns a GET as a job sends it to the URL it was given.
func askJob(t *testing.T, url, authorization string) (*http.Response, string) {
	t.Helper()
	return do(t, client(t), ask(t, t.Context(), url, "X-Auth-Token", "", "Authorization", authorization))
}

func TestJobIsGivenAnIDTokenForItsAudience(t *testing.T) {
	t.Parallel()
	clock := &movable{}
	server := start(t, issuing(clock.Now))
	assert.Equal(t, server.URL+"/actions/id-token?api-version=2.0", server.ActionsURL())
	for query, want := range map[string]string{
		"&audience=sts.huaweicloud.com": "sts.huaweicloud.com",
		"&audience=a%2Fb%26c":           "a/b&c",
		"":                              "https://github.com/dmswait",
	} {
		response, body := askJob(t, server.ActionsURL()+query, "bearer jobt0ken")
		assert.Equal(t, http.StatusOK, response.StatusCode, body)
		var answer struct {
			Count int
			Value string
		}
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		assert.Len(t, answer.Value, answer.Count)
		assert.Contains(t, server.Issued(), answer.Value)

		parts := strings.Split(answer.Value, ".")
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

func TestIDTokenOfAJobLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	clock := &movable{}
	s := issuing(clock.Now)
	s.Lifetime = time.Hour // not meant
	server := start(t, s)
	_, body := askJob(t, server.ActionsURL()+"&audience="+simulator.DefaultAudience, "bearer jobt0ken")
	var answer struct{ Value string }
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	for at, status := range map[time.Duration]int{5*time.Minute - time.Nanosecond: 200, 5 * time.Minute: 401} {
		clock.Set(at)
		response, body := post(t, server, "/v5/agencies/assume-with-oidc", assumeBody(answer.Value, "900"))
		assert.Equal(t, status, response.StatusCode, body)
	}
}

func TestJobIsRefusedAnIDToken(t *testing.T) {
	t.Parallel()
	server, closed := start(t, issuing((&movable{}).Now)), start(t, simulator.Simulator{})
	path := server.URL + "/actions/id-token"
	for name, test := range map[string]struct {
		url, authorization string
		status             int
	}{
		"other case":         {server.ActionsURL(), "Bearer jobt0ken", 200},
		"another bearer":     {server.ActionsURL(), "bearer other", 401},
		"no scheme":          {server.ActionsURL(), "jobt0ken", 401},
		"no login":           {server.ActionsURL(), "", 401},
		"no permission":      {closed.ActionsURL(), "bearer jobt0ken", 401},
		"empty, none known":  {closed.ActionsURL(), "bearer ", 401},
		"query replaced":     {path + "?audience=a", "bearer jobt0ken", 400},
		"query of two marks": {server.ActionsURL() + "?audience=a", "bearer jobt0ken", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := askJob(t, test.url, test.authorization)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Equal(t, test.status == 200, strings.Contains(body, `"value"`))
		})
	}
}
