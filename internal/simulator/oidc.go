package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// The documented limits of duration_seconds for temporary keys. The lower one is also the default.
const minKeySeconds, maxKeySeconds = 900, 86400

// oidcRoutes returns IAM's own APIs that exchange an ID token for an IAM token, and the IAM token for keys.
func oidcRoutes() []route {
	return []route{
		{
			kind: "idp-token", method: http.MethodPost, path: "/v3.0/OS-AUTH/id-token/tokens",
			handle: (*Server).tokenByIDToken,
		},
		{
			kind: "idp-keys", method: http.MethodPost, path: "/v3.0/OS-CREDENTIAL/securitytokens",
			handle: (*Server).keysByToken,
		},
	}
}

// tokenByIDToken issues a token, which is unscoped unless a project is requested. The 404 for an unknown
// provider is documented; the 401 for an invalid ID token is a guess.
func (s *Server) tokenByIDToken(c *call) *Response {
	d, err := c.document()
	if err != nil {
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	provider, idToken := c.request.Header.Get("X-Idp-Id"), d.text("auth", "id_token", "id")
	switch {
	case provider == "":
		return iamFault(c, http.StatusBadRequest, "header X-Idp-Id is missing")
	case idToken == "":
		return iamFault(c, http.StatusBadRequest, "auth.id_token.id is missing")
	case !slices.Contains(s.cloud.IdentityProviders, provider):
		return iamFault(c, http.StatusNotFound, "Could not find identity provider: "+provider+".")
	}
	claims, err := s.verifyIDToken(idToken, c.now)
	if err != nil {
		return iamFault(c, http.StatusUnauthorized, err.Error())
	}
	project, fault := s.scopeProject(c, d)
	if fault != nil {
		return fault
	}
	return s.tokenResponse(c, "mapped", newNamed(provider), claims.Subject, project)
}

// keysByToken issues temporary keys for a token, which may be unscoped, in the body or in X-Auth-Token.
func (s *Server) keysByToken(c *call) *Response {
	d, err := c.document()
	if err != nil {
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	if methods, _ := d.at("auth", "identity", "methods").([]any); !slices.Contains(methods, any("token")) {
		return iamFault(c, http.StatusBadRequest, `auth.identity.methods must have "token"`)
	}
	seconds, err := d.integer(minKeySeconds, maxKeySeconds, minKeySeconds,
		"auth", "identity", "token", "duration_seconds")
	if err != nil {
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	token := cmp.Or(d.text("auth", "identity", "token", "id"), c.request.Header.Get("X-Auth-Token"))
	if _, denied := s.checkToken(token, c.now); denied != nil {
		return iamFault(c, http.StatusUnauthorized, denied.reason)
	}
	key := s.issueKeys(s.expiry(c.now, time.Duration(seconds)*time.Second))
	return iamResponse(http.StatusCreated, key.json())
}

type (
	credentialJSON struct {
		Credential keysJSON `json:"credential"`
	}
	keysJSON struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	}
)

// json returns the key in the format that IAM and the metadata service share.
func (k accessKey) json() credentialJSON {
	return credentialJSON{keysJSON{k.access, k.secret, k.securityToken, iamTime(k.expires)}}
}
