package credential

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainHeader returns the headers of every login, and more.
func plainHeader(more ...string) http.Header {
	header := http.Header{"Accept": {"application/json"}, "User-Agent": {"dmswait/1.0.0"}}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	return header
}

func TestAgencyIsAssumedInOneStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &service{responses: []any{scripted{201, nil, `{"assumed_agency":{},"credentials":{"access_key_id":"AK",` +
			`"secret_access_key":"SK","security_token":"ST","expiration":"2000-01-01T01:00:00Z"}}`}}}
		creds, err := (&Agency{
			Exchange:    c.exchange(),
			Endpoint:    "https://sts.test",
			ProviderURN: "iam::a:oidcProvider:b",
			AgencyURN:   "iam::a:agency:b",
			IDToken:     GivenToken("ey.ID"),
		}).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Empty(t, creds.Token+creds.ProjectID)
		assert.True(t, time.Now().Add(time.Hour).Equal(creds.Expires))
		assert.Equal(t, []sentRequest{{
			"POST https://sts.test/v5/agencies/assume-with-oidc", plainHeader("Content-Type", "application/json"),
			`{"agency_session_name":"dmswait","agency_urn":"iam::a:agency:b","duration_seconds":3600,` +
				`"id_token":"ey.ID","provider_urn":"iam::a:oidcProvider:b"}`,
		}}, c.requests)
	})
}

func TestIdentityProviderLogsInInTwoSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &service{responses: []any{
			scripted{201, http.Header{"X-Subject-Token": {"unscoped"}}, `{"token":{}}`},
			scripted{201, nil, metadataKeys},
		}}
		creds, err := (&IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("ey.ID")}).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Empty(t, creds.Token)
		assert.True(t, time.Now().Add(6*time.Hour).Equal(creds.Expires))
		assert.Equal(t, []sentRequest{
			{"POST https://iam.test/v3.0/OS-AUTH/id-token/tokens",
				plainHeader("Content-Type", "application/json", "X-Idp-Id", "gitlab"),
				`{"auth":{"id_token":{"id":"ey.ID"}}}`},
			{"POST https://iam.test/v3.0/OS-CREDENTIAL/securitytokens",
				plainHeader("Content-Type", "application/json"),
				`{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":21600,"id":"unscoped"}}}}`},
		}, c.requests)
	})
}

// tokenReply returns IAM's response with a token.
func tokenReply(token, body string) scripted {
	return scripted{201, http.Header{"X-Subject-Token": {token}}, body}
}

func TestPasswordIsExchangedForATokenOfOneProject(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, scope := range []struct{ id, name, want string }{
			{"p1", "n", `{"id":"p1"}`},
			{"", "cn-north-4", `{"name":"cn-north-4"}`},
		} {
			c := &service{responses: []any{tokenReply("MIIE",
				`{"token":{"expires_at":"2000-01-02T00:00:00.000000Z","project":{"id":"p1","name":"cn-north-4"}}}`)}}
			creds, err := (&Password{
				IAM:         c.iam(),
				Username:    "u",
				Password:    `p"\ö`,
				Domain:      "d",
				ProjectID:   scope.id,
				ProjectName: scope.name,
			}).Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Credentials{Token: "MIIE", ProjectID: "p1", Expires: creds.Expires}, creds)
			assert.True(t, time.Now().Add(24*time.Hour).Equal(creds.Expires))
			assert.Equal(t, []sentRequest{{
				"POST https://iam.test/v3/auth/tokens?nocatalog=true", plainHeader("Content-Type", "application/json"),
				`{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"d"},` +
					`"name":"u","password":"p\"\\ö"}}},"scope":{"project":` + scope.want + `}}}`,
			}}, c.requests)
		}
	})
}

func TestTokenMayLackAProjectButNotHaveAnInvalidOne(t *testing.T) {
	t.Parallel()
	login := func(r scripted) (Credentials, error) {
		return (&Password{IAM: (&service{responses: []any{r}}).iam()}).Get(t.Context())
	}
	creds, err := login(tokenReply("MIIE", `{"token":{}}`))
	require.NoError(t, err)
	assert.Equal(t, Credentials{Token: "MIIE"}, creds)

	_, err = login(tokenReply("MIIE", `{"token":{"project":{"id":"../x"}}}`))
	assert.True(t, loginError(t, err).Failing())
	_, err = login(tokenReply("", `{"token":{"project":{"id":"p1"}}}`))
	assert.True(t, loginError(t, err).Failing())
}

func TestIncompleteKeysAreAnOutage(t *testing.T) {
	t.Parallel()
	for which, form := range map[string]struct {
		body string
		keys []string
	}{
		"agency": {
			`{"credentials":{"access_key_id":"A","secret_access_key":"S","security_token":"T"}}`,
			[]string{"access_key_id", "secret_access_key", "security_token"},
		},
		"keys of the identity provider": {
			`{"credential":{"access":"A","secret":"S","securitytoken":"T"}}`,
			[]string{"access", "secret", "securitytoken"},
		},
		"metadata": {
			`{"credential":{"access":"A","secret":"S","securitytoken":"T"}}`,
			[]string{"access", "secret", "securitytoken"},
		},
	} {
		get := func(body string) error { return logins[which](&service{responses: []any{ok(body)}})(t.Context()) }
		assert.NoError(t, get(form.body), which)
		for _, key := range form.keys {
			err := get(strings.Replace(form.body, `"`+key+`"`, `"x"`, 1))
			assert.True(t, loginError(t, err).Failing(), "%s without %s", which, key)
		}
	}
}

func TestIntermediateTokenIsReportedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for which, secret := range map[string]string{"keys of the identity provider": "unscoped", "metadata": "token"} {
		c := &service{responses: []any{scripted{status: 400, body: `{"error_msg":"bad token ` + secret + `"}`}}}
		var learned []string
		c.learned = func(secrets ...string) {
			assert.Len(t, c.requests, 1, which)
			learned = append(learned, secrets...)
		}
		assert.Error(t, logins[which](c)(t.Context()), which)
		assert.Len(t, c.requests, 2, which)
		assert.Equal(t, []string{secret}, learned, which)
	}
}

func TestEachExchangeRequestsANewIDToken(t *testing.T) {
	t.Parallel()
	keys := ok(`{"credentials":{"access_key_id":"AK","secret_access_key":"SK","security_token":"ST"}}`)
	unscoped, temporary := tokenReply("t", ""), ok(metadataKeys)
	n := 0
	idToken := func(context.Context) (string, error) { n++; return strings.Repeat("i", n), nil }
	c := &service{responses: []any{keys, keys, unscoped, temporary, unscoped, temporary}}
	agency := Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: idToken}
	provider := IdentityProvider{IAM: c.iam(), IDToken: idToken}
	for _, login := range []Login{agency.Get, agency.Get, provider.Get, provider.Get} {
		_, err := login(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 4, n)
	for i, token := range map[int]string{0: `"i"`, 1: `"ii"`, 2: `"iii"`, 4: `"iiii"`} {
		assert.Contains(t, c.requests[i].body, token)
	}
}

func TestNothingIsExchangedWithoutAnIDToken(t *testing.T) {
	t.Parallel()
	broken := errors.New("no ID token")
	none := func(context.Context) (string, error) { return "", broken }
	c := &service{}
	_, err := (&Agency{Exchange: c.exchange(), IDToken: none}).Get(t.Context())
	assert.ErrorIs(t, err, broken)
	_, err = (&IdentityProvider{IAM: c.iam(), IDToken: none}).Get(t.Context())
	assert.ErrorIs(t, err, broken)
	assert.Empty(t, c.requests)
}

func TestProjectIsLookedUpByName(t *testing.T) {
	t.Parallel()
	c := &service{responses: []any{ok(`{"links":{},"projects":[{"id":"0123456789abcdef0123456789abcdef",` +
		`"name":"cn-north-4_a&b c"}]}`)}}
	id, err := new(c.iam()).Project(t.Context(), "cn-north-4_a&b c")
	require.NoError(t, err)
	assert.Equal(t, "0123456789abcdef0123456789abcdef", id)
	assert.Equal(t, []sentRequest{{"GET https://iam.test/v3/projects?name=cn-north-4_a%26b+c", plainHeader(), ""}}, c.requests)
}

func TestProjectWithAnotherNameIsNotUsed(t *testing.T) {
	t.Parallel()
	c := &service{responses: []any{ok(`{"projects":[{"id":"p1","name":"cn-north-4_prod"},{"id":"p2","name":"cn-north-4"},` +
		`{"id":"../p3","name":"other"}]}`)}}
	id, err := new(c.iam()).Project(t.Context(), "cn-north-4")
	require.NoError(t, err)
	assert.Equal(t, "p2", id)

	for _, test := range []struct{ id, name, project, want string }{
		{"", "n", `{"id":"p1","name":"n"}`, "p1"},
		{"", "n", `{"id":"p1","name":"n_prod"}`, ""},
		{"", "n", `{"id":"p1"}`, ""},
		{"p1", "n", `{"id":"P1","name":"n_prod"}`, "P1"},
		{"p1", "n", `{"id":"p2","name":"n"}`, ""},
	} {
		c := &service{responses: []any{tokenReply("MIIE", `{"token":{"project":`+test.project+`}}`)}}
		creds, err := (&Password{IAM: c.iam(), ProjectID: test.id, ProjectName: test.name}).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Credentials{Token: "MIIE", ProjectID: test.want}, creds, test)
	}
}

func TestNoOrSeveralProjectsAreFinal(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct{ reason, text string }{
		`{"projects":[]}`: {"the project was not found",
			`no project with this name is visible to these credentials: check region and project_name, or set project_id`},
		// IAM might ignore the name: the tasks of another project are not the requested ones.
		`{"projects":[{"id":"p1","name":"n_prod"},{"id":"p2","name":"N"}]}`: {"the project was not found",
			`no project with this name is visible to these credentials, only "n_prod" (p1), "N" (p2): ` +
				`check region and project_name, or set project_id`},
		`{"projects":[{"id":"p1","name":"n\n"}]}`: {"the project was not found",
			`no project with this name is visible to these credentials, only "n\n" (p1): ` +
				`check region and project_name, or set project_id`},
		`{"projects":[{"id":"p1","name":"n"},{"id":"p2","name":"n"}]}`: {"several projects have this name",
			`several projects have this name: p1, p2: set project_id to one of them`},
		`{"projects":[{"id":"p0","name":"n_prod"},{"id":"p1","name":"n"},{"id":"p2","name":"n"}]}`: {
			"several projects have this name",
			`several projects have this name: p1, p2: set project_id to one of them`},
	} {
		_, err := new((&service{responses: []any{ok(body)}}).iam()).Project(t.Context(), "n")
		assert.True(t, loginError(t, err).Rejected(), body)
		assert.EqualError(t, err, `look up project "n": `+want.text, body)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, Error{Request: e.Request, Service: "IAM", Reason: want.reason}, *e, body)
	}
}

func TestMalformedProjectListIsAnOutage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"projects":[{"id":"p1","name":"n"},{"id":"p2"}]}`,
		`{"projects":[{"id":"../p1","name":"n"}]}`,
		`{"projects":null}`,
		`{"projects":[{"id":"../p1"}]}`,
		`{"projects":[{"name":"n"}]}`,
		`{"projects":[null]}`,
	} {
		_, err := new((&service{responses: []any{ok(body)}}).iam()).Project(t.Context(), "n")
		assert.True(t, loginError(t, err).Failing(), body)
		assert.EqualError(t, err, `look up project "n": 200: the response is not the API's JSON`, body)
	}
}

func TestProjectLookupReturnsTheErrorOfItsLogin(t *testing.T) {
	t.Parallel()
	sts := &service{responses: []any{scripted{403, nil, `{"error_code":"STS5.1","error_msg":"not trusted"}`}}}
	iam := &service{}
	agency := Agency{Exchange: sts.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}
	transport := &Transport{Base: iam, Login: agency.Get}
	exchange := iam.exchange()
	exchange.Transport = transport
	_, err := (&IAM{exchange, []string{"https://iam.test"}}).Project(t.Context(), "n")
	assert.True(t, loginError(t, err).Denied())
	assert.Equal(t, "assume the agency: 403 STS5.1: not trusted", err.Error())
	assert.Empty(t, iam.requests)
}
