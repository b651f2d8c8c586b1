package credential

import (
	"context"
	"net/http"
)

// trustAgency exchanges an OIDC ID token for temporary keys of a trust agency.
var trustAgency = &Method{
	Inputs:   []string{"provider_urn", "agency_urn"},
	Required: []string{"provider_urn", "agency_urn"},
	IDToken:  true,
	STS:      true,
	Describe: func(values map[string]string) string { return "an ID token for agency " + values["agency_urn"] },
	Hint:     unusable,
	New: func(s *Setup) Login {
		return (&Agency{
			Exchange:    s.Exchange,
			Endpoint:    s.STS,
			ProviderURN: s.Values["provider_urn"],
			AgencyURN:   s.Values["agency_urn"],
			IDToken:     s.IDToken,
		}).Get
	},
}

// Agency exchanges an ID token for temporary keys of a trust agency, in one step (STS v5, AssumeAgencyWithOIDC).
type Agency struct {
	Exchange    Exchange
	Endpoint    string // STS's base URL
	ProviderURN string // iam::<account>:oidcProvider:<name>
	AgencyURN   string // iam::<account>:agency:<name>
	IDToken     IDToken
}

// agencySeconds is the lifetime requested for the keys. A wait that takes longer gets new ones.
const agencySeconds = 3600

// Get gets new keys.
func (a *Agency) Get(ctx context.Context) (Credentials, error) {
	r, err := a.IDToken.exchange(ctx, func(idToken string) (*reply, error) {
		return a.Exchange.send(ctx, &call{
			service: "STS",
			op:      "assume the agency",
			method:  http.MethodPost,
			url:     a.Endpoint + "/v5/agencies/assume-with-oidc",
			body: map[string]any{
				"provider_urn":        a.ProviderURN,
				"agency_urn":          a.AgencyURN,
				"agency_session_name": "dmswait",
				"id_token":            idToken,
				"duration_seconds":    agencySeconds,
			},
		})
	})
	if err != nil {
		return Credentials{}, withHint(err, "compare provider_urn, agency_urn and oidc_audience with the console, "+
			"and the token's subject with oidc:sub in the trust policy")
	}
	return temporary(r, "credentials", "access_key_id", "secret_access_key", "security_token", "expiration")
}
