package simulator

import (
	"cmp"
	"net/http"
	"strings"
)

const (
	idTokenPath = "/actions/id-token"
	apiVersion  = "2.0"
)

// actionsRoutes returns what a GitHub Actions job with the permission "id-token: write" can call.
func actionsRoutes() []route {
	return []route{{kind: "id-token", method: http.MethodGet, path: idTokenPath, handle: (*Server).jobIDToken}}
}

// ActionsURL returns a value for ACTIONS_ID_TOKEN_REQUEST_URL. Like GitHub's, it has a query that the
// request must keep.
func (s *Server) ActionsURL() string { return s.URL + idTokenPath + "?api-version=" + apiVersion }

// jobIDToken issues an ID token for the requested audience; by default, that is the page of the owner.
// GitHub does not document errors: 401 for a wrong bearer token and 400 for a lost query are guesses.
func (s *Server) jobIDToken(c *call) *Response {
	scheme, bearer, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	query := c.request.URL.Query()
	switch {
	case !strings.EqualFold(scheme, "bearer"), bearer == "", !equal(bearer, s.cloud.ActionsToken):
		return actionsFault(http.StatusUnauthorized, "Unauthorized")
	case query.Get("api-version") != apiVersion:
		return actionsFault(http.StatusBadRequest, "The query must have api-version="+apiVersion)
	}
	token := s.IDToken(cmp.Or(query.Get("audience"), "https://github.com/dmswait"), idTokenLifetime)
	return jsonResponse(struct {
		Count int    `json:"count"`
		Value string `json:"value"`
	}{len(token), token})
}

func actionsFault(status int, message string) *Response {
	return &Response{Status: status, Body: compactJSON(map[string]string{"message": message})}
}
