package credential_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
)

// loginInputs returns the inputs that log in, by name.
func loginInputs() map[string]config.Input {
	inputs := map[string]config.Input{}
	for _, input := range config.Inputs() {
		if input.Group == config.GroupLogin {
			inputs[input.Name] = input
		}
	}
	return inputs
}

func TestEveryInputOfALoginMethodExists(t *testing.T) {
	t.Parallel()
	inputs := loginInputs()
	selects := map[string]bool{}
	for _, method := range credential.Methods {
		require.NotEmpty(t, method.Required)
		assert.Subset(t, method.Inputs, method.Required)
		for _, name := range method.Inputs {
			assert.Contains(t, inputs, name)
			assert.False(t, selects[name], "%s selects two methods", name)
			selects[name] = true
		}
	}
}

func TestEveryLoginMethodHasAHint(t *testing.T) {
	t.Parallel()
	for _, method := range credential.Methods {
		assert.NotEmpty(t, method.Hint, method.Required)
	}
}

func TestDescriptionOfALoginMethodContainsNoSecret(t *testing.T) {
	t.Parallel()
	for _, method := range credential.Methods {
		values, secrets := map[string]string{}, []string{}
		for name, input := range loginInputs() {
			values[name] = "value-of-" + name
			if input.Secret {
				secrets = append(secrets, values[name])
			}
		}
		text := method.Describe(values)
		for _, secret := range secrets {
			assert.NotContains(t, text, secret)
		}
		assert.NotContains(t, text, values["access_key"], "only its last four characters")
		assert.NotContains(t, text, "\n")
	}
}

func TestLoginMethodsAreDescribed(t *testing.T) {
	t.Parallel()
	described := map[string]string{}
	values := map[string]string{
		"access_key":   "FAKEAK0EXAMPLE0ONLY0",
		"provider_urn": "iam::a:oidcProvider:b",
		"agency_urn":   "iam::a:agency:ci",
		"idp_id":       "gitlab",
		"username":     "deploy",
		"domain_name":  "example",
	}
	for _, method := range credential.Methods {
		described[strings.Join(method.Required, " + ")] = method.Describe(values)
	}
	assert.Equal(t, map[string]string{
		"auth_token":                        "an IAM token",
		"access_key + secret_key":           "access key …NLY0",
		"provider_urn + agency_urn":         "an ID token for agency iam::a:agency:ci",
		"idp_id":                            "an ID token for identity provider gitlab",
		"username + password + domain_name": "user deploy of example",
		"ecs_metadata":                      "the agency of this ECS",
		"pod_identity":                      "the pod identity of this pod",
	}, described)

	keys := credential.Methods[1]
	assert.Equal(t, "access key …K1", keys.Describe(map[string]string{"access_key": "K1"}))
	assert.Equal(t, "temporary access key …LE12",
		keys.Describe(map[string]string{"access_key": "EXAMPLE12", "security_token": "s"}))
}

func TestLoginMethodSendsNothingUntilItLogsIn(t *testing.T) {
	t.Parallel()
	for _, method := range credential.Methods {
		login := method.New(&credential.Setup{
			Values:   map[string]string{},
			Exchange: credential.Exchange{Transport: unreachable{t}},
			Wrap:     func(*http.Transport) http.RoundTripper { return unreachable{t} },
		})
		assert.NotNil(t, login, method.Required)
	}
}

// unreachable is a transport that is not to be used.
type unreachable struct{ t *testing.T }

func (u unreachable) RoundTrip(req *http.Request) (*http.Response, error) {
	u.t.Errorf("%s %s was sent", req.Method, req.URL)
	return nil, http.ErrServerClosed
}
