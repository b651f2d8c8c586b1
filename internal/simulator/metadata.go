package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Metadata configures the metadata service of the machine, which has two versions: the second one
// requires a token. The zero Metadata supports both versions, and has no agency.
type Metadata struct {
	// Agency gives the machine an agency, whose keys are returned. Without one, the response is 401 with
	// the text "Please configure Cloud Service Agency first".
	Agency bool
	// TokenStatus turns version 2 off: it is the status of the response to a request for a token (404,
	// 405 or 503 in the cloud), and keys need no token. If 0, tokens are issued.
	TokenStatus int
	// TokenRequired turns version 1 off: without a token, the response is 401. If TokenStatus is set as
	// well, nobody gets keys.
	TokenRequired bool
}

// ecsKeysLifetime is documented. The real service returns the same keys until 10 minutes before they expire.
const ecsKeysLifetime = time.Hour

// maxSessionTTL is the limit of X-Metadata-Token-Ttl-Seconds. It is what clients request; that more is
// rejected is a guess.
const maxSessionTTL = 21600

// metadataRoutes returns what an ECS finds at 169.254.169.254.
func metadataRoutes() []route {
	return []route{
		{
			kind: "metadata-token", method: http.MethodPut, path: "/meta-data/latest/api/token",
			handle: (*Server).metadataToken,
		},
		{
			kind: "metadata-keys", method: http.MethodGet, path: "/openstack/latest/securitykey",
			handle: (*Server).metadataKeys,
		},
	}
}

func (s *Server) metadataToken(c *call) *Response {
	if status := s.cloud.Metadata.TokenStatus; status != 0 {
		return textResponse(status, http.StatusText(status))
	}
	seconds, err := strconv.Atoi(c.request.Header.Get("X-Metadata-Token-Ttl-Seconds"))
	if err != nil || seconds < 1 || seconds > maxSessionTTL {
		return textResponse(http.StatusBadRequest,
			"X-Metadata-Token-Ttl-Seconds must be from 1 to "+strconv.Itoa(maxSessionTTL))
	}
	return textResponse(http.StatusOK, s.issueSession(c.now.Add(time.Duration(seconds)*time.Second)))
}

// metadataKeys rejects an invalid token even if none is required, unless version 2 is off.
func (s *Server) metadataKeys(c *call) *Response {
	m, session := s.cloud.Metadata, c.request.Header.Get("X-Metadata-Token")
	checked := m.TokenRequired || session != "" && m.TokenStatus == 0
	switch {
	case checked && !s.ledger.session(session, c.now):
		return textResponse(http.StatusUnauthorized, "401 Unauthorized")
	case !m.Agency: // the same status: only the text differs
		return textResponse(http.StatusUnauthorized,
			"401 Unauthorized\n\nPlease configure Cloud Service Agency first\n")
	}
	response := jsonResponse(s.issueKeys(s.expiry(c.now, ecsKeysLifetime)).json())
	response.Header = http.Header{"X-Request-Id": nil}
	return response
}

func textResponse(status int, text string) *Response {
	return &Response{
		Status: status,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Request-Id": nil},
		Body:   text,
	}
}
