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

// actionsRoutes are what a GitHub Actions job with "id-token: write" is given.
func actionsRoutes() []route {
	return []route{{kind: "id-token", method: http.MethodGet, path: idTokenPath, answer: (*Server).idTokenOfJob}}
}

// ActionsURL is for ACTIONS_ID_TOKEN_REQUEST_URL. It has a query already, as GitHub's has, which must come back.
func (s *Server) ActionsURL() string { return s.URL + idTokenPath + "?api-version=" + apiVersion }

// idTokenOfJob gives the job an ID token for the audience it names, or for the default one, the owner's page.
// GitHub's refusals are not documented: here a wrong bearer is 401, and a query that has lost what was in the URL 400.
func (s *Server) idTokenOfJob(c *call) *Answer {
	scheme, bearer, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	query := c.request.URL.Query()
	switch {
	case !strings.EqualFold(scheme, "bearer"), bearer == "", !equal(bearer, s.cloud.ActionsToken):
		return refuseJob(http.StatusUnauthorized, "Unauthorized")
	case query.Get("api-version") != apiVersion:
		return refuseJob(http.StatusBadRequest, "The query must have api-version="+apiVersion)
	}
	token := s.IDToken(cmp.Or(query.Get("audience"), "https://github.com/dmswait"), idTokenLifetime)
	return answerJSON(struct {
		Count int    `json:"count"`
		Value string `json:"value"`
	}{len(token), token})
}

func refuseJob(status int, message string) *Answer {
	return &Answer{Status: status, Body: compact(map[string]string{"message": message})}
}
