package credential

import (
	"context"
	"net/http"
)

// IdentityProvider exchanges an ID token for temporary keys by way of an IAM identity provider (v3.0), as the official SDK does it: in two steps.
type IdentityProvider struct {
	IAM     IAM
	ID      string // of the identity provider
	IDToken IDToken
}

// keySeconds is how long the keys are asked for, as by the SDK.
const keySeconds = 21600

// Login gets new keys.
func (p IdentityProvider) Login(ctx context.Context) (Credentials, error) {
	const op = "log in by the identity provider"
	idToken, err := p.IDToken(ctx)
	if err != nil {
		return Credentials{}, err
	}
	r, err := p.IAM.send(ctx, op, http.MethodPost, "/v3.0/OS-AUTH/id-token/tokens", http.Header{"X-Idp-Id": {p.ID}},
		map[string]any{"auth": map[string]any{"id_token": map[string]any{"id": idToken}}})
	if err != nil {
		return Credentials{}, err
	}
	token := r.header.Get("X-Subject-Token")
	if token == "" {
		return Credentials{}, nonsense(op, r.Answer)
	}
	p.IAM.learned(token)
	return keysForToken(ctx, p.IAM, token)
}

// keysForToken exchanges a token for temporary keys (CreateTemporaryAccessKeyByToken).
func keysForToken(ctx context.Context, iam IAM, token string) (Credentials, error) {
	const op = "get temporary keys"
	identity := map[string]any{"methods": []string{"token"}, "token": map[string]any{"id": token, "duration_seconds": keySeconds}}
	r, err := iam.send(ctx, op, http.MethodPost, "/v3.0/OS-CREDENTIAL/securitytokens", nil, map[string]any{"auth": map[string]any{"identity": identity}})
	if err != nil {
		return Credentials{}, without(token, err)
	}
	return decodeKeys(op, r)
}

// decodeKeys reads temporary keys in the form of IAM and of the metadata service.
func decodeKeys(op string, r reply) (Credentials, error) {
	var answer struct {
		Credential struct {
			Access, Secret, SecurityToken string
			ExpiresAt                     string `json:"expires_at"`
		}
	}
	if err := r.decode(op, &answer); err != nil {
		return Credentials{}, err
	}
	keys := answer.Credential
	return temporary(op, r, keys.Access, keys.Secret, keys.SecurityToken, keys.ExpiresAt)
}
