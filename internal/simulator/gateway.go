package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// route is one API: its path, the kind of its requests, and its answer. A service is a list of routes in a file
// of its own, and one line in routes; whether it asks for a login is its own affair ([Server.login]).
type route struct {
	kind, method string
	path         string // a segment in braces stands for any one that is not empty, and hands it on by that name
	answer       func(*Server, *call) *Answer
}

// routes are all APIs of the cloud. No two services share a path, so one server can stand in for all their hosts.
func routes() []route {
	return slices.Concat(dmsRoutes(), iamRoutes(), oidcRoutes(), stsRoutes(), metadataRoutes(), actionsRoutes())
}

// call is a request on its way to an answer.
type call struct {
	request *http.Request
	body    []byte
	ids     map[string]string // from the path, by the names in the route
	now     time.Time         // by the cloud's clock
}

// found is what a path asks for. Without routes there is no such API.
type found struct {
	kind   string
	routes []route // one for each method
	ids    map[string]string
}

func find(path string) found {
	f := found{kind: "other"}
	for _, r := range routes() {
		if ids, ok := match(r.path, path); ok {
			f = found{kind: r.kind, routes: append(f.routes, r), ids: ids}
		}
	}
	return f
}

// match compares segment by segment. Fixed ones are compared as they are: the cloud's paths know no case but one.
func match(pattern, path string) (map[string]string, bool) {
	wanted, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wanted) != len(got) {
		return nil, false
	}
	ids := map[string]string{}
	for i, segment := range wanted {
		name, variable := strings.CutPrefix(segment, "{")
		switch {
		case variable && got[i] != "":
			ids[strings.TrimSuffix(name, "}")] = got[i]
		case segment != got[i]:
			return nil, false
		}
	}
	return ids, true
}

// answer is the ordinary one: the gateway's refusals first, then the service's word.
func (s *Server) answer(f found, c *call) *Answer {
	if len(f.routes) == 0 {
		return Fault(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
	}
	if len(c.body) > maxBody {
		return Fault(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
	}
	allowed := []string{}
	for _, r := range f.routes {
		if r.method == c.request.Method {
			return r.answer(s, c)
		}
		allowed = append(allowed, r.method)
	}
	refusal := Fault(http.StatusMethodNotAllowed, "APIGW.0201", "Method not allowed")
	refusal.Header.Set("Allow", strings.Join(allowed, ", "))
	return refusal
}
