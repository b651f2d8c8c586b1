package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Metadata is how the metadata service of the machine behaves. It has two versions: in the second one asks for a token
// first. The zero Metadata has both, and no agency.
type Metadata struct {
	// Agency says that the machine has one: who asks is given its keys. Else the answer is 401 with the text
	// "Please configure Cloud Service Agency first".
	Agency bool
	// TokenStatus turns version 2 off: it is the answer to who asks for a token (404, 405 or 503 in the cloud),
	// and keys are given without one. 0: tokens are given.
	TokenStatus int
	// TokenRequired turns version 1 off: keys are not given without a token (401). With a TokenStatus, nobody gets keys.
	TokenRequired bool
}

// ecsKeysLifetime is documented. The real service gives the same keys to all who ask until 10 minutes before their end.
const ecsKeysLifetime = time.Hour

// maxSessionTTL bounds X-Metadata-Token-Ttl-Seconds: it is what clients ask for. That more is refused is a guess.
const maxSessionTTL = 21600

// metadataRoutes are what a machine in the cloud finds at 169.254.169.254.
func metadataRoutes() []route {
	return []route{
		{kind: "metadata-token", method: http.MethodPut, path: "/meta-data/latest/api/token", answer: (*Server).metadataToken},
		{kind: "metadata-keys", method: http.MethodGet, path: "/openstack/latest/securitykey", answer: (*Server).metadataKeys},
	}
}

func (s *Server) metadataToken(c *call) *Answer {
	if status := s.cloud.Metadata.TokenStatus; status != 0 {
		return answerText(status, http.StatusText(status))
	}
	seconds, err := strconv.Atoi(c.request.Header.Get("X-Metadata-Token-Ttl-Seconds"))
	if err != nil || seconds < 1 || seconds > maxSessionTTL {
		return answerText(http.StatusBadRequest, "X-Metadata-Token-Ttl-Seconds must be from 1 to "+strconv.Itoa(maxSessionTTL))
	}
	return answerText(http.StatusOK, s.issueSession(c.now.Add(time.Duration(seconds)*time.Second)))
}

// metadataKeys refuses a bad token also where none is needed, as long as there are tokens at all.
func (s *Server) metadataKeys(c *call) *Answer {
	m, session := s.cloud.Metadata, c.request.Header.Get("X-Metadata-Token")
	judged := m.TokenRequired || session != "" && m.TokenStatus == 0
	switch {
	case judged && !s.ledger.session(session, c.now):
		return answerText(http.StatusUnauthorized, "401 Unauthorized")
	case !m.Agency: // the same status: only the text tells the two apart
		return answerText(http.StatusUnauthorized, "401 Unauthorized\n\nPlease configure Cloud Service Agency first\n")
	}
	a := answerJSON(s.issueKeys(s.expiry(c.now, ecsKeysLifetime)).credential())
	a.Header = http.Header{"X-Request-Id": nil}
	return a
}

func answerText(status int, text string) *Answer {
	return &Answer{
		Status: status,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Request-Id": nil},
		Body:   text,
	}
}
