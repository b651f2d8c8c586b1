package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
)

func assumeBody(idToken, seconds string) string {
	return `{"provider_urn":"` + providerURN + `","agency_urn":"` + agencyURN +
		`","agency_session_name":"dmswait","id_token":"` +
		idToken + `","duration_seconds":` + seconds + `}`
}

func TestAssumeForRequestedDuration(t *testing.T) {
	t.Parallel()
	server := start(t, fullCloud((&fakeClock{}).Now))
	idToken := server.IDToken("sts.huaweicloud.com", time.Minute)
	for seconds, want := range map[string]string{
		"900":   "2026-01-02T12:15:00.000Z",
		"43200": "2026-01-03T00:00:00.000Z",
		"null":  "2026-01-02T13:00:00.000Z",
	} {
		response, body := post(t, server, "/v5/agencies/assume-with-oidc", assumeBody(idToken, seconds))
		assert.Equal(t, http.StatusOK, response.StatusCode, body)
		keys := readCredentials(t, body)
		assert.Equal(t, want, keys.Expires)
		assert.Contains(t, body, `"urn":"sts::acc0unt:assumed-agency:waiter/dmswait"`)
		status, body := getSigned(t, server, example, "20260102T120000Z", keys)
		assert.Equal(t, http.StatusOK, status, body)
	}
}

func TestAgencyWithAnotherAudience(t *testing.T) {
	t.Parallel()
	s := fullCloud((&fakeClock{}).Now)
	s.Agencies[0].Audience = "mine"
	server := start(t, s)
	for audience, status := range map[string]int{"mine": 200, simulator.DefaultAudience: 401, "": 401} {
		response, _ := post(t, server, "/v5/agencies/assume-with-oidc",
			assumeBody(server.IDToken(audience, time.Minute), "900"))
		assert.Equal(t, status, response.StatusCode, audience)
	}
}

func TestAssumeIsRejected(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server, otherServer := start(t, fullCloud(clock.Now)), start(t, fullCloud(clock.Now))
	idToken := server.IDToken(simulator.DefaultAudience, 5*time.Minute)
	good := assumeBody(idToken, "3600")
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	parts := strings.Split(idToken, ".")
	forged := parts[0] + "." + strings.Split(server.IDToken("other", time.Hour), ".")[1] + "." + parts[2]
	for name, test := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"unknown provider": {with(providerURN, "iam::a:oidcProvider:x"), 404, "no such resource: "},
		"unknown agency":   {with(agencyURN, "iam::a:agency:x"), 404, "no such resource: "},
		"no provider":      {with(providerURN, ""), 400, "provider_urn is missing"},
		"no agency":        {with(`"agency_urn"`, `"agencyUrn"`), 400, "agency_urn is missing"},
		"no session name":  {with(`"dmswait"`, `null`), 400, "agency_session_name is missing"},
		"no id token":      {with(`"id_token"`, `"ID_token"`), 400, "id_token is missing"},
		"session of 1 character": {with("dmswait", "é"), 400,
			"agency_session_name must have 2 to 128 characters"},
		"session of 129 characters": {with("dmswait", strings.Repeat("é", 129)), 400,
			"agency_session_name must have"},
		"899 seconds": {with("3600", "899"), 400,
			"duration_seconds must be an integer from 900 to 43200"},
		"43201 seconds":       {with("3600", "43201"), 400, "duration_seconds must be"},
		"half a second":       {with("3600", "3600.5"), 400, "duration_seconds must be"},
		"seconds as a string": {with("3600", `"3600"`), 400, "duration_seconds must be"},
		"not JSON":            {"x", 400, "request body is invalid"},
		"expired": {with(idToken, server.IDToken(simulator.DefaultAudience, -time.Second)),
			401, "id token expired at 2026-01-02T11:59:59.000Z"},
		"another audience": {with(idToken, server.IDToken("other", time.Minute)), 401,
			`id token is for audience \"other\"`},
		"from another server": {with(idToken,
			otherServer.IDToken(simulator.DefaultAudience, time.Minute)), 401, "id token has a bad signature"},
		"forged":    {with(idToken, forged), 401, "id token has a bad signature"},
		"not a JWT": {with(idToken, "a.b"), 401, "id token has 2 parts, not 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := post(t, server, "/v5/agencies/assume-with-oidc", test.body)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Contains(t, body, `{"error_code":"STS5.`)
			assert.Contains(t, body, test.message)
			assert.Contains(t, body, `"request_id":"`+response.Header.Get("X-Request-Id")+`"}`)
		})
	}
	for _, length := range []int{2, 128} {
		response, body := post(t, server, "/v5/agencies/assume-with-oidc",
			with("dmswait", strings.Repeat("é", length)))
		assert.Equal(t, http.StatusOK, response.StatusCode, body)
	}
}

func TestTrustPolicyOfOneSubjectRefusesTheOtherForm(t *testing.T) {
	t.Parallel()
	const byName, byID = "repo:dmswait/simulator:ref:refs/heads/main",
		"repo:dmswait@1000001/simulator@2000002:ref:refs/heads/main"
	for _, immutable := range []bool{false, true} {
		for _, subject := range []string{"", byName, byID} {
			s := fullCloud((&fakeClock{}).Now)
			s.ImmutableSubject = immutable
			s.Agencies[0].Subject = subject
			server := start(t, s)
			response, body := post(t, server, "/v5/agencies/assume-with-oidc", `{"provider_urn":"`+providerURN+
				`","agency_urn":"`+agencyURN+`","agency_session_name":"dmswait","id_token":"`+
				server.IDToken(simulator.DefaultAudience, time.Minute)+`"}`)
			issued := map[bool]string{true: byID, false: byName}[immutable]
			if subject == "" || subject == issued {
				assert.Equal(t, http.StatusOK, response.StatusCode, body)
				assert.Contains(t, body, `"subject_from_id_token":"`+issued+`"`)
				continue
			}
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
			assert.Contains(t, body, `the trust policy does not allow subject \"`+issued)
		}
	}
}
