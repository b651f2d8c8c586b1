package config

// The login methods, by the first of their inputs.
const (
	byToken            = "auth_token"
	byKeys             = "access_key"
	byAgency           = "provider_urn"
	byIdentityProvider = "idp_id"
	byPassword         = "username"
	byECS              = "ecs_metadata"
	byPod              = "pod_identity"
)

// methodOf returns the login method of a config, or "".
func methodOf(c *Config) string {
	if c.Login.Method == nil {
		return ""
	}
	return c.Login.Method.Inputs[0]
}

// loginSummary is a Login as tests compare it.
type loginSummary struct {
	method, from string
	values       vars
	idToken      IDToken
}

func login(method, from string, values vars, idToken IDToken) loginSummary {
	return loginSummary{method, from, values, idToken}
}

func loginOf(c *Config) loginSummary {
	return loginSummary{methodOf(c), c.Login.From, c.Login.Values, c.Login.IDToken}
}
