package credential

import (
	"context"
	"net/http"

	"github.com/dmswait/dmswait/internal/client"
)

// trustAgency exchanges an OIDC ID token for temporary keys of a trust agency.
var trustAgency = &Method{
	Inputs:   []string{"provider_urn", "agency_urn"},
	Required: []string{"provider_urn", "agency_urn"},
	IDToken:  true,
	STS:      true,
	New: func(s Setup) Login {
		return Agency{
			Exchange:    s.Exchange,
			Endpoint:    s.STS,
			ProviderURN: s.Values["provider_urn"],
			AgencyURN:   s.Values["agency_urn"],
			IDToken:     s.IDToken,
		}
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

func (a Agency) String() string { return "an ID token for agency " + a.AgencyURN }

// Hint returns what to do about a refusal.
func (a Agency) Hint(refusal *client.Error) string {
	if !refusal.Login {
		return unusable
	}
	return "compare provider_urn, agency_urn and oidc_audience with the console, and the token's subject with oidc:sub " +
		"in the trust policy; in GitHub Actions the job needs permissions: id-token: write"
}

// Get gets new keys.
func (a Agency) Get(ctx context.Context) (Credentials, error) {
	const op = "assume the agency"
	idToken, err := a.IDToken(ctx)
	if err != nil {
		return Credentials{}, err
	}
	r, err := a.Exchange.send(ctx, op, http.MethodPost, a.Endpoint+"/v5/agencies/assume-with-oidc", nil, map[string]any{
		"provider_urn":        a.ProviderURN,
		"agency_urn":          a.AgencyURN,
		"agency_session_name": "dmswait",
		"id_token":            idToken,
		"duration_seconds":    agencySeconds,
	})
	if err != nil {
		return Credentials{}, err
	}
	var answer struct {
		Credentials struct {
			AccessKey     string `json:"access_key_id"`
			SecretKey     string `json:"secret_access_key"`
			SecurityToken string `json:"security_token"`
			Expiration    string `json:"expiration"`
		}
	}
	if err := r.decode(op, &answer); err != nil {
		return Credentials{}, err
	}
	keys := answer.Credentials
	return temporary(op, r, keys.AccessKey, keys.SecretKey, keys.SecurityToken, keys.Expiration)
}

// temporary checks that temporary keys are whole.
func temporary(op string, r reply, accessKey, secretKey, securityToken, expires string) (Credentials, error) {
	if accessKey == "" || secretKey == "" || securityToken == "" {
		return Credentials{}, nonsense(op, r.Answer)
	}
	return Credentials{
		Keys:    Keys{AccessKey: accessKey, SecretKey: secretKey, SecurityToken: securityToken},
		Expires: expiry(expires, r.Answer),
	}, nil
}
