package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func passwordBody(name, password, domain, scope string) string {
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"` + name +
		`","password":"` + password +
		`","domain":{"name":"` + domain + `"}}}},"scope":` + scope + `}}`
}

func TestTokenByPassword(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	for name, scope := range map[string]string{
		"by id":          `{"project":{"id":"` + otherProject + `"}}`,
		"by name":        `{"project":{"name":"cn-north-4_prod"}}`,
		"by both":        `{"project":{"id":"` + otherProject + `","name":"cn-north-4_prod"}}`,
		"no project":     `{}`,
		"account scoped": `{"domain":{"name":"d"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := post(t, server, "/v3/auth/tokens?nocatalog=true", passwordBody("u", "p", "d", scope),
				"Content-Type", "application/json;charset=utf8")
			assert.Equal(t, http.StatusCreated, response.StatusCode, body)
			assert.Regexp(t, "^simtoken-", response.Header.Get("X-Subject-Token"))
			assert.Regexp(t, "^[0-9a-f]{32}$", response.Header.Get("X-IAM-Trace-Id"))
			assert.NotEmpty(t, response.Header.Get("X-Request-Id"), "the official SDK rejects a token without it")
			assert.NotContains(t, body, response.Header.Get("X-Subject-Token"))

			var issued struct {
				Token struct {
					ExpiresAt string `json:"expires_at"`
					IssuedAt  string `json:"issued_at"`
					Methods   []string
					Project   *struct{ ID, Name string }
					User      struct {
						Name   string
						Domain struct{ Name string }
					}
				}
			}
			require.NoError(t, json.Unmarshal([]byte(body), &issued))
			assert.Equal(t, "2026-01-03T12:00:00.000000Z", issued.Token.ExpiresAt)
			assert.Equal(t, "2026-01-02T12:00:00.000000Z", issued.Token.IssuedAt)
			assert.Equal(t, []string{"password"}, issued.Token.Methods)
			assert.Equal(t, "u", issued.Token.User.Name)
			assert.Equal(t, "d", issued.Token.User.Domain.Name)
			if name == "no project" || name == "account scoped" {
				assert.Nil(t, issued.Token.Project)
				return
			}
			require.NotNil(t, issued.Token.Project)
			assert.Equal(t, struct{ ID, Name string }{otherProject, "cn-north-4_prod"}, *issued.Token.Project)
		})
	}
}

func TestUnscopedTokenIsRejectedByDMS(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	response, _ := post(t, server, "/v3/auth/tokens", passwordBody("u", "p", "d", `{}`))
	response, body := get(t, server, example, "X-Auth-Token", response.Header.Get("X-Subject-Token"))
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
	assert.Contains(t, body, `"error_code":"DMS.10240104"`)
}

func TestTokenByPasswordIsRejected(t *testing.T) {
	t.Parallel()
	s := fullCloud((&fakeClock{}).Now)
	s.Users = append(s.Users, simulator.User{Name: "v", Password: "q", Domain: "e"})
	server := start(t, s)
	good := passwordBody("u", "p", "d", `{}`)
	for name, test := range map[string]struct {
		body    string
		headers []string
		status  int
		message string
	}{
		"another's password": {passwordBody("u", "q", "d", `{}`), nil, 401, "The username or password is wrong."},
		"unknown user":       {passwordBody("w", "p", "d", `{}`), nil, 401, "The username or password is wrong."},
		"another account":    {passwordBody("u", "p", "e", `{}`), nil, 401, "The username or password is wrong."},
		"unknown project": {passwordBody("u", "p", "d", `{"project":{"name":"cn-north"}}`), nil, 401,
			"The request you have made requires authentication."},
		"id and name of two": {passwordBody("u", "p", "d",
			`{"project":{"id":"`+otherProject+`","name":"cn-north-4"}}`), nil,
			401, "The request you have made requires authentication."},
		"empty project": {passwordBody("u", "p", "d", `{"project":{}}`), nil, 400,
			"auth.scope.project must have id or name"},
		"no password": {passwordBody("u", "", "d", `{}`), nil, 400,
			"auth.identity.password.user must have name, password and domain.name"},
		"another method": {`{"auth":{"identity":{"methods":["token"]}}}`, nil, 400,
			`auth.identity.methods must be [\"password\"]`},
		"keys in another case": {`{"Auth":{"Identity":{"Methods":["password"]}}}`, nil, 400,
			`auth.identity.methods must be [\"password\"]`},
		"not an object": {`[]`, nil, 400, "request body is invalid: "},
		"truncated":     {good[:20], nil, 400, "request body is invalid: "},
		"empty":         {"", nil, 400, "request body is invalid: "},
		"not JSON": {good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400,
			"content type must be application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := post(t, server, "/v3/auth/tokens", test.body, test.headers...)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Empty(t, response.Header.Get("X-Subject-Token"))
			title := map[int]string{400: "Bad Request", 401: "Unauthorized"}[test.status]
			assert.Contains(t, body, `,"title":"`+title+`"}}`)
			assert.Contains(t, body, `{"error":{"code":`)
			assert.Contains(t, body, test.message)
		})
	}
}

func TestProjectsAreFoundByExactName(t *testing.T) {
	t.Parallel()
	const twin = "11111111111111111111111111111111"
	s := fullCloud((&fakeClock{}).Now)
	s.Keys = map[string]string{"AK": "SK"}
	s.Projects = append(s.Projects, simulator.Project{ID: twin, Name: "twice"},
		simulator.Project{ID: otherProject, Name: "twice"})
	server := start(t, s)
	for query, want := range map[string][]string{
		"?name=cn-north-4":      {simulator.DefaultProjectID},
		"?name=cn-north-4_prod": {otherProject},
		"?name=twice":           {twin, otherProject},
		"?name=cn-north":        {},
		"?name=":                {},
		"":                      {simulator.DefaultProjectID, otherProject, twin, otherProject},
	} {
		_, byToken := get(t, server, "/v3/projects"+query)
		status, bySignature := getSigned(t, server, "/v3/projects"+query, "20260102T120000Z",
			issuedKeys{Access: "AK", Secret: "SK"})
		assert.Equal(t, http.StatusOK, status, bySignature)
		assert.Equal(t, byToken, bySignature)
		var list struct {
			Links    map[string]*string
			Projects []struct {
				ID, Name string
				Enabled  bool
			}
		}
		require.NoError(t, json.Unmarshal([]byte(byToken), &list))
		assert.Equal(t, server.URL+"/v3/projects"+query, *list.Links["self"])
		require.NotNil(t, list.Projects, "an empty list is not null")
		got := []string{}
		for _, p := range list.Projects {
			assert.True(t, p.Enabled)
			got = append(got, p.ID)
		}
		assert.Equal(t, want, got, query)
	}
}

func TestProjectsRejectionHasIAMFormat(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	for name, headers := range map[string][]string{
		"no login":      {"X-Auth-Token", ""},
		"unknown token": {"X-Auth-Token", "x"},
		"bad signature": {
			"Authorization", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=00",
			"X-Sdk-Date", "20260102T120000Z",
		},
	} {
		response, body := get(t, server, "/v3/projects?name=cn-north-4", headers...)
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
		assert.Regexp(t, `^{"error":{"code":401,"message":".+","title":"Unauthorized"}}$`, body, name)
		assert.NotEmpty(t, response.Header.Get("X-IAM-Trace-Id"), name)
	}
}
