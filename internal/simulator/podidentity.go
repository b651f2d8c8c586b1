package simulator

import (
	"net/http"
	"time"
)

const podIdentityPath = "/v1/credentials"

// podKeysLifetime is a guess.
const podKeysLifetime = time.Hour

// podIdentityRoutes returns what a pod of CCE with a pod identity finds at its node's agent.
func podIdentityRoutes() []route {
	return []route{{kind: "pod-identity", method: http.MethodPost, path: podIdentityPath, handle: (*Server).podIdentity}}
}

// PodIdentityURI returns a value for HC_CONTAINER_CREDENTIALS_FULL_URI.
func (s *Server) PodIdentityURI() string { return s.URL + podIdentityPath }

// podIdentity issues temporary keys for the token of a service account, which is sent without a scheme. Errors are
// undocumented: 401 for a wrong token and 400 for a body that is no object are guesses.
func (s *Server) podIdentity(c *call) *Response {
	token := c.request.Header.Get("Authorization")
	if d, err := c.document(); err != nil || d == nil {
		return Fault(http.StatusBadRequest, "CCE.01400001", "the request body is not a JSON object")
	}
	if token == "" || !equal(token, s.cloud.PodToken) {
		return Fault(http.StatusUnauthorized, "CCE.01401001", "the token of the service account is invalid")
	}
	key := s.issueKeys(s.expiry(c.now, podKeysLifetime))
	var body podIdentityJSON
	body.Association = "simulated"
	body.Subject.Namespace, body.Subject.ServiceAccount = "default", "dmswait"
	body.Credentials = podKeysJSON{key.access, key.secret, key.securityToken, formatTime(key.expires)}
	return jsonResponse(body)
}

type (
	podIdentityJSON struct {
		Credentials podKeysJSON `json:"credentials"`
		Association string      `json:"podIdentityAssociationId"`
		Subject     struct {
			Namespace      string `json:"namespace"`
			ServiceAccount string `json:"serviceAccount"`
		} `json:"subject"`
	}
	podKeysJSON struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SecurityToken   string `json:"securityToken"`
		Expiration      string `json:"expiration"`
	}
)
