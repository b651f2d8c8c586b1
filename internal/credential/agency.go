package credential

import (
	"context"
	"net/http"
)

// IDToken gets an OIDC ID token. They live some minutes, so each exchange asks for a new one.
type IDToken func(context.Context) (string, error)

// Agency exchanges an ID token for temporary keys of a trust agency (STS v5, AssumeAgencyWithOIDC): keyless, in one step.
type Agency struct {
	Exchange    Exchange
	Endpoint    string // STS's base URL
	ProviderURN string // iam::<account>:oidcProvider:<name>
	AgencyURN   string // iam::<account>:agency:<name>
	IDToken     IDToken
}

// agencySeconds is how long the keys are asked for; a wait that takes longer gets new ones.
const agencySeconds = 3600

// Login gets new keys.
func (a Agency) Login(ctx context.Context) (Credentials, error) {
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
