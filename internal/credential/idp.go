package credential

import (
	"context"
	"net/http"
)

// identityProvider exchanges an OIDC ID token through an IAM identity provider.
var identityProvider = &Method{
	Inputs:   []string{"idp_id"},
	Required: []string{"idp_id"},
	IDToken:  true,
	IAM:      true,
	Describe: func(values map[string]string) string {
		return "an ID token for identity provider " + values["idp_id"]
	},
	Hint: unusable,
	New: func(s *Setup) Login {
		return (&IdentityProvider{IAM: s.IAM, ID: s.Values["idp_id"], IDToken: s.IDToken}).Get
	},
}

// IdentityProvider exchanges an ID token for temporary keys through an IAM identity provider (v3.0), in two
// steps like the official SDK.
type IdentityProvider struct {
	IAM     IAM
	ID      string // of the identity provider
	IDToken IDToken
}

// keySeconds is the lifetime requested for the keys; it is the official SDK's.
const keySeconds = 21600

// Get gets new keys.
func (p *IdentityProvider) Get(ctx context.Context) (Credentials, error) {
	r, err := p.IDToken.exchange(ctx, func(idToken string) (*reply, error) {
		return p.IAM.send(ctx, &call{
			op:     "log in with the identity provider",
			method: http.MethodPost,
			url:    "/v3.0/OS-AUTH/id-token/tokens",
			header: http.Header{"X-Idp-Id": {p.ID}},
			body:   map[string]any{"auth": map[string]any{"id_token": map[string]any{"id": idToken}}},
		})
	})
	if err != nil {
		return Credentials{}, p.withHint(err)
	}
	token := r.header.Get("X-Subject-Token")
	if token == "" {
		return Credentials{}, r.malformed()
	}
	p.IAM.learned(token)
	r, err = p.IAM.send(ctx, &call{
		op:     "get temporary keys",
		method: http.MethodPost,
		url:    "/v3.0/OS-CREDENTIAL/securitytokens",
		body: map[string]any{"auth": map[string]any{"identity": map[string]any{
			"methods": []string{"token"},
			"token":   map[string]any{"id": token, "duration_seconds": keySeconds},
		}}},
	})
	if err != nil {
		return Credentials{}, p.withHint(err)
	}
	return decodeKeys(r)
}

func (p *IdentityProvider) withHint(err error) error {
	return withHint(err, "compare idp_id with the console, and the token's issuer, audience and subject "+
		"with the provider's conversion rules")
}
