package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// The documented bounds of duration_seconds of temporary keys; the lower one is the default too.
const minKeys, maxKeys = 900, 86400

// oidcRoutes are IAM's own APIs for those who come with an ID token: it is changed for an IAM token, and that for keys.
func oidcRoutes() []route {
	return []route{
		{kind: "idp-token", method: http.MethodPost, path: "/v3.0/OS-AUTH/id-token/tokens", answer: (*Server).tokenByIDToken},
		{kind: "idp-keys", method: http.MethodPost, path: "/v3.0/OS-CREDENTIAL/securitytokens", answer: (*Server).keysByToken},
	}
}

// tokenByIDToken issues a token, unscoped unless a project is asked for. The documentation has 404 for what is not found;
// that a bad ID token is 401 is likely, not known.
func (s *Server) tokenByIDToken(c *call) *Answer {
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
	said, err := s.checkIDToken(idToken, c.now)
	if err != nil {
		return iamFault(c, http.StatusUnauthorized, err.Error())
	}
	project, refusal := s.scopeProject(c, d)
	if refusal != nil {
		return refusal
	}
	return s.answerToken(c, "mapped", reference(provider), said.Subject, project)
}

// keysByToken issues temporary keys to who has a token, an unscoped one too. It may be in the body or in X-Auth-Token.
func (s *Server) keysByToken(c *call) *Answer {
	d, err := c.document()
	if err != nil {
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	methods, _ := d.at("auth", "identity", "methods").([]any)
	seconds, err := d.number(minKeys, maxKeys, minKeys, "auth", "identity", "token", "duration_seconds")
	switch {
	case !slices.Contains(methods, any("token")):
		return iamFault(c, http.StatusBadRequest, `auth.identity.methods must have "token"`)
	case err != nil:
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	token := cmp.Or(d.text("auth", "identity", "token", "id"), c.request.Header.Get("X-Auth-Token"))
	if _, denied := s.checkToken(token, c.now); denied != nil {
		return iamFault(c, http.StatusUnauthorized, denied.reason)
	}
	key := s.issueKeys(s.expiry(c.now, time.Duration(seconds)*time.Second))
	return answerIAM(http.StatusCreated, key.credential())
}

type (
	credentialAnswer struct {
		Credential credential `json:"credential"`
	}
	credential struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	}
)

// credential is a key in the shape that IAM and the metadata service share.
func (k accessKey) credential() credentialAnswer {
	return credentialAnswer{credential{k.access, k.secret, k.securityToken, iamTime(k.expires)}}
}
