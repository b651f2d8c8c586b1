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

// plainHeader is what every login sends, and more.
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
		c := &cloud{answers: []any{answer{201, nil, `{"assumed_agency":{},"credentials":{"access_key_id":"AK","secret_access_key":"SK","security_token":"ST","expiration":"2000-01-01T01:00:00Z"}}`}}}
		creds, err := Agency{
			Exchange: c.exchange(), Endpoint: "https://sts.test", ProviderURN: "iam::a:oidcProvider:b", AgencyURN: "iam::a:agency:b", IDToken: GivenToken("ey.ID"),
		}.Login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Empty(t, creds.Token+creds.ProjectID)
		assert.True(t, time.Now().Add(time.Hour).Equal(creds.Expires))
		assert.Equal(t, []call{{
			"POST https://sts.test/v5/agencies/assume-with-oidc", plainHeader("Content-Type", "application/json"),
			`{"agency_session_name":"dmswait","agency_urn":"iam::a:agency:b","duration_seconds":3600,"id_token":"ey.ID","provider_urn":"iam::a:oidcProvider:b"}`,
		}}, c.calls)
	})
}

func TestIdentityProviderLogsInInTwoSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{answers: []any{
			answer{201, http.Header{"X-Subject-Token": {"unscoped"}}, `{"token":{}}`},
			answer{201, nil, `{"credential":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"2000-01-01T06:00:00.000000Z"}}`},
		}}
		creds, err := IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("ey.ID")}.Login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Empty(t, creds.Token)
		assert.True(t, time.Now().Add(6*time.Hour).Equal(creds.Expires))
		assert.Equal(t, []call{
			{"POST https://iam.test/v3.0/OS-AUTH/id-token/tokens", plainHeader("Content-Type", "application/json", "X-Idp-Id", "gitlab"), `{"auth":{"id_token":{"id":"ey.ID"}}}`},
			{"POST https://iam.test/v3.0/OS-CREDENTIAL/securitytokens", plainHeader("Content-Type", "application/json"),
				`{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":21600,"id":"unscoped"}}}}`},
		}, c.calls)
	})
}

func TestPasswordIsExchangedForATokenOfOneProject(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, scope := range []struct{ id, name, want string }{{"p1", "n", `{"id":"p1"}`}, {"", "cn-north-4", `{"name":"cn-north-4"}`}} {
			c := &cloud{answers: []any{answer{201, http.Header{"X-Subject-Token": {"MIIE"}}, `{"token":{"expires_at":"2000-01-02T00:00:00.000000Z","project":{"id":"p1","name":"cn-north-4"}}}`}}}
			creds, err := Password{IAM: c.iam(), Username: "u", Password: `p"\ö`, Domain: "d", ProjectID: scope.id, ProjectName: scope.name}.Login(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Credentials{Token: "MIIE", ProjectID: "p1", Expires: creds.Expires}, creds)
			assert.True(t, time.Now().Add(24*time.Hour).Equal(creds.Expires))
			assert.Equal(t, []call{{
				"POST https://iam.test/v3/auth/tokens?nocatalog=true", plainHeader("Content-Type", "application/json"),
				`{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"d"},"name":"u","password":"p\"\\ö"}}},"scope":{"project":` + scope.want + `}}}`,
			}}, c.calls)
		}
	})
}

func TestTokenMayLackAProjectButNotHaveAnInvalidOne(t *testing.T) {
	t.Parallel()
	token := http.Header{"X-Subject-Token": {"MIIE"}}
	creds, err := Password{IAM: (&cloud{answers: []any{answer{201, token, `{"token":{}}`}}}).iam()}.Login(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Credentials{Token: "MIIE"}, creds)
	for _, a := range []answer{{201, token, `{"token":{"project":{"id":"../x"}}}`}, {201, nil, `{"token":{"project":{"id":"p1"}}}`}} {
		_, err := Password{IAM: (&cloud{answers: []any{a}}).iam()}.Login(t.Context())
		assert.True(t, loginError(t, err).Failing())
	}
}

func TestIncompleteKeysAreAnOutage(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"access", "secret", "securitytoken"} {
		metadata := `{"credential":{"access":"A","secret":"S","securitytoken":"T","expires_at":"2000-01-01T06:00:00Z"}}`
		sts := strings.NewReplacer("credential", "credentials", `"access"`, `"access_key_id"`, `"secret"`, `"secret_access_key"`, "securitytoken", "security_token").Replace(metadata)
		name := map[string]string{"access": "access_key_id", "secret": "secret_access_key", "securitytoken": "security_token"}[missing]
		for which, body := range map[string]string{
			"agency": strings.Replace(sts, `"`+name+`"`, `"x"`, 1), "keys of the identity provider": strings.Replace(metadata, `"`+missing+`"`, `"x"`, 1), "metadata": strings.Replace(metadata, `"`+missing+`"`, `"x"`, 1),
		} {
			assert.True(t, loginError(t, logins[which](&cloud{answers: []any{ok(body)}})(t.Context())).Failing(), "%s without %s", which, missing)
		}
		assert.NoError(t, logins["agency"](&cloud{answers: []any{ok(sts)}})(t.Context()))
		assert.NoError(t, logins["metadata"](&cloud{answers: []any{ok(metadata)}})(t.Context()))
	}
}

func TestIntermediateTokenIsReportedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for which, secret := range map[string]string{"keys of the identity provider": "unscoped", "metadata": "token"} {
		c := &cloud{answers: []any{answer{400, nil, `{"error_code":"IAM.` + secret + `","error_msg":"bad '` + secret + `' given","request_id":"r-` + secret + `"}`}}}
		err := logins[which](c)(t.Context())
		assert.True(t, strings.HasSuffix(err.Error(), ": 400 IAM.***: bad '***' given (request r-***)"), err.Error())
	}
}

func TestEachExchangeRequestsANewIDToken(t *testing.T) {
	t.Parallel()
	keys := ok(`{"credentials":{"access_key_id":"AK","secret_access_key":"SK","security_token":"ST"}}`)
	unscoped, temporary := answer{201, http.Header{"X-Subject-Token": {"t"}}, ""}, ok(`{"credential":{"access":"AK","secret":"SK","securitytoken":"ST"}}`)
	asked := 0
	idToken := func(context.Context) (string, error) { asked++; return strings.Repeat("i", asked), nil }
	c := &cloud{answers: []any{keys, keys, unscoped, temporary, unscoped, temporary}}
	agency := Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: idToken}
	provider := IdentityProvider{IAM: c.iam(), IDToken: idToken}
	for _, login := range []func(context.Context) (Credentials, error){agency.Login, agency.Login, provider.Login, provider.Login} {
		_, err := login(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 4, asked)
	for call, token := range map[int]string{0: `"i"`, 1: `"ii"`, 2: `"iii"`, 4: `"iiii"`} {
		assert.Contains(t, c.calls[call].body, token)
	}
}

func TestNothingIsExchangedWithoutAnIDToken(t *testing.T) {
	t.Parallel()
	broken := errors.New("no ID token")
	none := func(context.Context) (string, error) { return "", broken }
	c := &cloud{}
	_, err := Agency{Exchange: c.exchange(), IDToken: none}.Login(t.Context())
	assert.ErrorIs(t, err, broken)
	_, err = IdentityProvider{IAM: c.iam(), IDToken: none}.Login(t.Context())
	assert.ErrorIs(t, err, broken)
	assert.Empty(t, c.calls)
}

func TestProjectIsLookedUpByName(t *testing.T) {
	t.Parallel()
	c := &cloud{answers: []any{ok(`{"links":{},"projects":[{"id":"0123456789abcdef0123456789abcdef","name":"cn-north-4_a&b c"}]}`)}}
	id, err := c.iam().Project(t.Context(), "cn-north-4_a&b c")
	require.NoError(t, err)
	assert.Equal(t, "0123456789abcdef0123456789abcdef", id)
	assert.Equal(t, []call{{"GET https://iam.test/v3/projects?name=cn-north-4_a%26b+c", plainHeader(), ""}}, c.calls)
}

func TestProjectWithAnotherNameIsNotUsed(t *testing.T) {
	t.Parallel()
	c := &cloud{answers: []any{ok(`{"projects":[{"id":"p1","name":"cn-north-4_prod"},{"id":"p2","name":"cn-north-4"},{"id":"../p3","name":"other"}]}`)}}
	id, err := c.iam().Project(t.Context(), "cn-north-4")
	require.NoError(t, err)
	assert.Equal(t, "p2", id)

	for _, test := range []struct{ id, name, told, want string }{
		{"", "n", `{"id":"p1","name":"n"}`, "p1"},
		{"", "n", `{"id":"p1","name":"n_prod"}`, ""},
		{"", "n", `{"id":"p1"}`, ""},
		{"p1", "n", `{"id":"P1","name":"n_prod"}`, "P1"},
		{"p1", "n", `{"id":"p2","name":"n"}`, ""},
	} {
		c := &cloud{answers: []any{answer{201, http.Header{"X-Subject-Token": {"MIIE"}}, `{"token":{"project":` + test.told + `}}`}}}
		creds, err := Password{IAM: c.iam(), ProjectID: test.id, ProjectName: test.name}.Login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Credentials{Token: "MIIE", ProjectID: test.want}, creds, test)
	}
}

func TestNoOrSeveralProjectsAreFinalAndMalformedListsAreNot(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		rejected bool
		text     string
	}{
		`{"projects":[]}`: {true, `look up project "n": 200: these credentials know no project of that name: give project_id, or the right region or project_name`},
		`{"projects":[{"id":"p1","name":"n"},{"id":"p2","name":"n"}]}`: {true, `look up project "n": 200: there are several: p1, p2: give one of them as project_id`},
		// IAM might take no notice of the name: another project's tasks are not ours.
		`{"projects":[{"id":"p1","name":"n_prod"},{"id":"p2","name":"N"}]}`: {true, `look up project "n": 200: these credentials know no project of that name, ` +
			`but "n_prod" (p1), "N" (p2): give project_id, or the right region or project_name`},
		`{"projects":[{"id":"p1","name":"n\n"}]}`: {true, `look up project "n": 200: these credentials know no project of that name, ` +
			`but "n\n" (p1): give project_id, or the right region or project_name`},
		`{"projects":[{"id":"p0","name":"n_prod"},{"id":"p1","name":"n"},{"id":"p2","name":"n"}]}`: {true, `look up project "n": 200: there are several: p1, p2: give one of them as project_id`},
		`{"projects":[{"id":"p1","name":"n"},{"id":"p2"}]}`:                                        {false, `look up project "n": 200: the answer is not the API's JSON`},
		`{"projects":[{"id":"../p1","name":"n"}]}`:                                                 {false, `look up project "n": 200: the answer is not the API's JSON`},
		`{"projects":null}`:             {false, `look up project "n": 200: the answer is not the API's JSON`},
		`{"projects":[{"id":"../p1"}]}`: {false, `look up project "n": 200: the answer is not the API's JSON`},
		`{"projects":[{"name":"n"}]}`:   {false, `look up project "n": 200: the answer is not the API's JSON`},
		`{"projects":[null]}`:           {false, `look up project "n": 200: the answer is not the API's JSON`},
	} {
		_, err := (&cloud{answers: []any{ok(body)}}).iam().Project(t.Context(), "n")
		e := loginError(t, err)
		assert.Equal(t, want.rejected, e.Rejected(), body)
		assert.Equal(t, !want.rejected, e.Failing(), body)
		assert.Equal(t, want.text, e.Error(), body)
	}
}

func TestProjectLookupReturnsTheErrorOfItsLogin(t *testing.T) {
	t.Parallel()
	sts := &cloud{answers: []any{answer{403, nil, `{"error_msg":"not trusted"}`}}}
	iam := &cloud{}
	transport := &Transport{Base: iam, Login: Agency{Exchange: sts.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login}
	exchange := iam.exchange()
	exchange.Transport = transport
	_, err := IAM{exchange, []string{"https://iam.test"}}.Project(t.Context(), "n")
	assert.True(t, loginError(t, err).Denied())
	assert.Equal(t, "assume the agency: 403: not trusted", err.Error())
	assert.Empty(t, iam.calls)
}
