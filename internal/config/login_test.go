package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// loginInputs are complete inputs for each login method.
var loginInputs = map[string]vars{
	byToken: {"DMSWAIT_AUTH_TOKEN": "s3cretAT"},
	byKeys:  {"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "s3cretSK"},
	byAgency: {"DMSWAIT_PROVIDER_URN": "iam::a:oidcProvider:b",
		"DMSWAIT_AGENCY_URN": "iam::a:agency:b", "DMSWAIT_ID_TOKEN": "s3cretID"},
	byIdentityProvider: {"DMSWAIT_IDP_ID": "gitlab", "DMSWAIT_ID_TOKEN": "s3cretID"},
	byPassword:         {"DMSWAIT_USERNAME": "u", "DMSWAIT_PASSWORD": "s3cretPW", "DMSWAIT_DOMAIN_NAME": "d"},
	byECS:              {"DMSWAIT_ECS_METADATA": "true"},
}

func TestEveryLoginMethodIsSelectedByItsInputs(t *testing.T) {
	t.Parallel()
	for method, inputs := range loginInputs {
		c, faults := parse(withoutCredentials().with(inputs))
		assert.Empty(t, faults, method)
		assert.Equal(t, method, methodOf(c))
		assert.Equal(t, "DMSWAIT_"+strings.ToUpper(method), c.Login.From)
	}
}

func TestTwoLoginMethodsAreAFaultThatNamesBoth(t *testing.T) {
	t.Parallel()
	order := []string{byToken, byKeys, byAgency, byIdentityProvider, byPassword, byECS}
	for n, one := range order {
		for _, other := range order[n+1:] {
			a, b := loginInputs[one], loginInputs[other]
			elsewhere := vars{}
			for name, value := range b {
				elsewhere[strings.Replace(name, "DMSWAIT_", "PLUGIN_", 1)] = value
			}
			for _, environment := range []vars{a.with(b), a.with(elsewhere).with(vars{"CI": "woodpecker"})} {
				_, faults := parse(withoutCredentials().with(environment))
				if assert.Len(t, faults, 1, "%v", environment) {
					assert.True(t, strings.HasPrefix(faults[0], other+" cannot be combined with "+one), faults[0])
				}
			}
		}
	}
	three := loginInputs[byToken].with(loginInputs[byPassword]).with(loginInputs[byECS])
	_, faults := parse(withoutCredentials().with(three))
	assert.Equal(t, []string{
		"username cannot be combined with auth_token: use one login method",
		"ecs_metadata cannot be combined with auth_token: use one login method",
	}, faults, "a third method as well")
}

func TestIncompleteLoginMethodNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for method, inputs := range loginInputs {
		for _, missing := range slices.Sorted(maps.Keys(inputs)) {
			if len(inputs) == 1 {
				continue
			}
			environment := withoutCredentials().with(inputs).with(vars{missing: ""})
			_, faults := parse(environment)
			input := strings.ToLower(strings.TrimPrefix(missing, "DMSWAIT_"))
			if method == byIdentityProvider && input == "idp_id" {
				assert.Equal(t, []string{"id_token is not enough to log in: provider_urn and agency_urn, or " +
					"idp_id, are required as well"}, faults)
				continue
			}
			assert.Len(t, faults, 1, "%s without %s", method, input)
			assert.Len(t, faultsOf(faults, input), 1, "%s without %s", method, input)
			assert.Contains(t, faults[0], missing, "the fault says how to set it")
		}
	}
}

func TestIDTokenIsForKeylessMethodsOnly(t *testing.T) {
	t.Parallel()
	for method, inputs := range loginInputs {
		_, faults := parse(withoutCredentials().with(inputs).with(vars{"DMSWAIT_ID_TOKEN": "s3cretID"}))
		if method == byAgency || method == byIdentityProvider {
			assert.Empty(t, faults)
			continue
		}
		if assert.Len(t, faults, 1, method) {
			assert.True(t, strings.HasPrefix(faults[0], "id_token cannot be combined with "+method), faults[0])
		}
	}
	family := vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "s3cretSK", "DMSWAIT_ID_TOKEN": "s3cretID"}
	_, faults := parse(withoutCredentials().with(family))
	assert.Equal(t, []string{"id_token is not enough to log in: provider_urn and agency_urn, or idp_id, are " +
		"required as well"}, faults)
}

func TestIDTokenComesFromTheFirstSourceThatHasOne(t *testing.T) {
	t.Parallel()
	own, theirs := tempFile(t, "own\n"), tempFile(t, "theirs\n")
	places := []struct {
		vars    vars
		want    IDToken
		secrets []string
	}{
		{vars{"DMSWAIT_ID_TOKEN": "given"}, IDToken{Value: "given"}, []string{"given"}},
		{vars{"DMSWAIT_ID_TOKEN_FILE": own}, IDToken{File: own}, []string{"own"}},
		{vars{"HUAWEICLOUD_SDK_ID_TOKEN_FILE": theirs}, IDToken{File: theirs}, []string{"theirs"}},
		{vars{"ACTIONS_ID_TOKEN_REQUEST_URL": "https://t/?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner"},
			IDToken{ActionsURL: "https://t/?a=b", ActionsRequestToken: "runner"}, []string{"runner"}},
	}
	for method, inputs := range map[string]vars{
		byAgency:           {"DMSWAIT_PROVIDER_URN": "p", "DMSWAIT_AGENCY_URN": "a"},
		byIdentityProvider: {"DMSWAIT_IDP_ID": "gitlab"},
	} {
		for first := range places {
			environment := withoutCredentials().with(inputs)
			for _, place := range slices.Backward(places[first:]) {
				if first == 0 && place.want.File == own { // together they are a fault
					continue
				}
				environment = environment.with(place.vars)
			}
			c, faults := parse(environment)
			assert.Empty(t, faults)
			assert.Equal(t, method, methodOf(c))
			assert.Equal(t, places[first].want, c.Login.IDToken)
			assert.Equal(t, places[first].secrets, c.Secrets())
		}
	}
}

func TestSDKsIDTokenFileIsReadBeforehand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	for path, want := range map[string]string{
		missing:           "cannot be read from its file: " + refusal(t, missing),
		folder:            "cannot be read from its file: " + refusal(t, folder),
		tempFile(t, "\n"): "cannot be read from its file: it is empty",
	} {
		_, faults := parse(withoutCredentials().with(vars{"DMSWAIT_IDP_ID": "gitlab",
			"HUAWEICLOUD_SDK_ID_TOKEN_FILE": path}))
		assert.Equal(t, []string{"HUAWEICLOUD_SDK_ID_TOKEN_FILE " + want}, faults)
	}
}

func TestMissingIDTokenInActionsNamesThePermission(t *testing.T) {
	t.Parallel()
	keyless := withoutCredentials().with(vars{"DMSWAIT_PROVIDER_URN": "p", "DMSWAIT_AGENCY_URN": "a"})
	_, faults := parse(keyless.with(inActions(t)))
	assert.Len(t, faults, 1)
	assert.Contains(t, faults[0], "permissions: { id-token: write")
	for _, half := range []vars{nil, {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://t/"},
		{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cretRunner"}} {
		c, faults := parse(keyless.with(half))
		assert.Equal(t, []string{"id_token is required (DMSWAIT_ID_TOKEN or DMSWAIT_ID_TOKEN_FILE): the OIDC " +
			"token to log in with"}, faults)
		assert.Equal(t, half["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], strings.Join(c.Secrets(), ""),
			"masked nevertheless")
	}
}

func TestDefaultAudienceIsThatOfSTS(t *testing.T) {
	t.Parallel()
	c, _ := parse(complete())
	assert.Equal(t, "sts.huaweicloud.com", c.Login.Audience)
}

func TestInputThatIsNotInActionYMLIsNotRequestedUnderWith(t *testing.T) {
	t.Parallel()
	_, faults := parse(withoutCredentials().with(inActions(t)).with(vars{"DMSWAIT_USERNAME": "u",
		"DMSWAIT_DOMAIN_NAME": "d"}))
	assert.Equal(t, []string{"password is required with username and domain_name (DMSWAIT_PASSWORD or " +
		"DMSWAIT_PASSWORD_FILE)"}, faults)
}

func TestMissingCredentialsListTheLoginMethods(t *testing.T) {
	t.Parallel()
	for _, home := range []string{"", "/nonexistent"} {
		_, faults := parse(withoutCredentials().with(vars{"HOME": home, "USERPROFILE": home}))
		if assert.Len(t, faults, 1) {
			for _, method := range []string{
				"credentials are required", "provider_urn", "agency_urn", "id_token", "access_key", "secret_key",
				"auth_token", "idp_id", "username", "password", "domain_name",
				"ecs_metadata", "pod_identity", "HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "HUAWEI_CLOUD_ACCESS_KEY_ID",
				"OS_ACCESS_KEY",
				"~/.huaweicloud/credentials",
			} {
				assert.Contains(t, faults[0], method)
			}
		}
	}
}

func TestEverySecretIsMaskedAndInNoFault(t *testing.T) {
	t.Parallel()
	sources := []vars{
		{"DMSWAIT_ID_TOKEN_FILE": tempFile(t, "s3cretFiled"), "DMSWAIT_IDP_ID": "x"},
		{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "s3cretSK",
			"HUAWEICLOUD_SDK_SECURITY_TOKEN": "s3cretST"},
		{"HUAWEICLOUD_SDK_IDP_ID": "x", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": tempFile(t, "s3cretTheirs"),
			"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "s3cretUnused"},
		{"HW_SECRET_KEY": "s3cretHalf", "HW_SECURITY_TOKEN": "s3cretHalfST"},
		{"HUAWEI_CLOUD_ACCESS_KEY_ID": "A K", "HUAWEI_CLOUD_SECRET_ACCESS_KEY": "s3cret Blank"},
		{"DMSWAIT_CREDENTIALS_FILE": tempFile(t,
			"[basic]\nak=AK\nsk=s3cretProfile\nsecurity_token=s3cretProfileST\nproject_id=a/b\n")},
		{"DMSWAIT_CREDENTIALS_FILE": tempFile(t, "[basic]\nsk=s3cretHalf\n")},
		{"DMSWAIT_IDP_ID": "x", "ACTIONS_ID_TOKEN_REQUEST_URL": "u",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cretRunner"},
	}
	sources = append(sources, slices.Collect(maps.Values(loginInputs))...)
	for _, source := range sources {
		for _, wrong := range []vars{nil, {"DMSWAIT_REGION": ""}, {"DMSWAIT_AUTH_TOKEN": "s3cret other"},
			{"GITHUB_ACTIONS": "true"}} {
			c, faults := parse(withoutCredentials().with(source).with(wrong))
			assert.NotContains(t, strings.Join(faults, "\n"), "s3cret")
			if wrong["DMSWAIT_AUTH_TOKEN"] != "" {
				continue // with an input, families are not read
			}
			var want []string
			for name, value := range source {
				switch {
				case strings.HasSuffix(name, "_ID_TOKEN_FILE"), name == "DMSWAIT_CREDENTIALS_FILE":
					content, _ := readText(t.Context(), value)
					for word := range strings.FieldsFuncSeq(content,
						func(r rune) bool { return r == '=' || r == '\n' }) {
						if strings.HasPrefix(word, "s3cret") {
							want = append(want, word)
						}
					}
				case strings.HasPrefix(value, "s3cret"):
					want = append(want, value)
				}
			}
			assert.ElementsMatch(t, want, c.Secrets(), fmt.Sprint(source))
		}
	}
}

func TestProfileGivenAsAnInputIsALoginMethod(t *testing.T) {
	t.Parallel()
	profile := vars{"DMSWAIT_CREDENTIALS_FILE": tempFile(t, "[basic]\nak=AK9\nsk=SK9\n")}
	for method, inputs := range loginInputs {
		_, faults := parse(withoutCredentials().with(inputs).with(profile))
		if assert.Len(t, faults, 1, method) {
			assert.True(t, strings.HasPrefix(faults[0], "credentials_file cannot be combined with "+method), faults[0])
		}
	}
	_, faults := parse(withoutCredentials().with(profile).with(vars{"DMSWAIT_ID_TOKEN": "ey.J"}))
	assert.Equal(t, []string{"id_token cannot be combined with credentials_file: use one login method"}, faults)
	three := loginInputs[byToken].with(loginInputs[byKeys]).with(profile)
	_, faults = parse(withoutCredentials().with(three))
	assert.Equal(t, []string{
		"access_key cannot be combined with auth_token: use one login method",
		"credentials_file cannot be combined with auth_token: use one login method",
	}, faults)
	_, faults = parse(withoutCredentials().with(vars{"DMSWAIT_CREDENTIALS_FILE": "a\x00b", "HW_ACCESS_KEY": "AK"}))
	assert.Len(t, faults, 1, "nothing else is used instead of a path that is not valid")
}

func TestMissingCredentialsNameWhatGitHubWithholds(t *testing.T) {
	t.Parallel()
	const (
		ofFork = "; GitHub gives a run for a pull request from a fork neither an ID token nor secrets, " +
			"whatever its permissions"
		ofDependabot = "; GitHub gives a run that Dependabot starts no ID token, " +
			"and only the secrets that are stored for Dependabot"
		ofCaller   = "; a reusable workflow gets no more than the workflow that calls it has"
		permission = "id_token cannot be requested by this job: add permissions: { id-token: write, contents: read }"
	)
	keyless := vars{"DMSWAIT_IDP_ID": "x"}
	halfKey := vars{"DMSWAIT_ACCESS_KEY": "AK", "INPUT_SECRET_KEY": ""}
	const secretKey = "secret_key is required with access_key (under with:, or in DMSWAIT_SECRET_KEY)"
	for name, test := range map[string]struct {
		run            vars
		token, secrets string
	}{
		"a push":                     {vars{"GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "octocat"}, ofCaller, ""},
		"a pull request":             {vars{"GITHUB_EVENT_NAME": "pull_request"}, ofFork, ofFork},
		"a review":                   {vars{"GITHUB_EVENT_NAME": "pull_request_review"}, ofFork, ofFork},
		"a pull request, privileged": {vars{"GITHUB_EVENT_NAME": "pull_request_target"}, ofCaller, ""},
		"Dependabot": {vars{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_ACTOR": "dependabot[bot]"},
			ofDependabot, ofDependabot},
		"Dependabot's push": {vars{"GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "dependabot[bot]"},
			ofDependabot, ofDependabot},
	} {
		inRun := withoutCredentials().with(inActions(t)).with(test.run)
		_, faults := parse(inRun.with(keyless))
		assert.Equal(t, []string{permission + test.token}, faults, name)
		_, faults = parse(inRun.with(halfKey))
		assert.Equal(t, []string{secretKey + test.secrets}, faults, name)
		_, faults = parse(inRun)
		if assert.Len(t, faults, 1, name) {
			assert.True(t, strings.HasSuffix(faults[0], "a profile in ~/.huaweicloud/credentials"+test.secrets), faults[0])
		}
	}
	_, faults := parse(withoutCredentials().with(vars{"GITHUB_EVENT_NAME": "pull_request"}).with(halfKey))
	assert.Len(t, faults, 1)
	assert.NotContains(t, faults[0], "GitHub", "not outside of it")
}
