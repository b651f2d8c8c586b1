package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// route is one API. A service is a function that returns its routes, in a file of its own, and is
// registered in routes. Whether a login is required is up to the handler: see [Server.authenticate].
type route struct {
	kind, method string
	path         string // a segment in braces matches any non-empty one, which becomes an id of that name
	handle       handler
}

type handler = func(*Server, *call) *Response

// routes returns all APIs of the cloud. No two services share a path, so one server stands in for all
// of their hosts.
func routes() []route {
	return slices.Concat(dmsRoutes(), iamRoutes(), oidcRoutes(), stsRoutes(), metadataRoutes(), podIdentityRoutes(),
		actionsRoutes())
}

// call is a request that is being handled.
type call struct {
	request *http.Request
	body    []byte
	ids     map[string]string // from the path, by their names in the route
	now     time.Time         // by the cloud's clock
}

// target is the API that a path belongs to.
type target struct {
	kind   string
	routes []route // one for each method; empty if there is no such API
	ids    map[string]string
}

func lookUp(path string) target {
	t := target{kind: "other"}
	for _, r := range routes() {
		if ids, ok := match(r.path, path); ok {
			t = target{kind: r.kind, routes: append(t.routes, r), ids: ids}
		}
	}
	return t
}

// match reports whether the path has the pattern of a route, and returns its ids. It is case-sensitive,
// as the cloud is.
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

// respond returns the regular response: an error of the gateway, or else the response of the service.
func (s *Server) respond(t target, c *call) *Response {
	if len(t.routes) == 0 {
		return Fault(http.StatusNotFound, "APIGW.0101",
			"The API does not exist or has not been published in the environment")
	}
	if len(c.body) > maxBody {
		return Fault(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
	}
	allowed := []string{}
	for _, r := range t.routes {
		if r.method == c.request.Method {
			return r.handle(s, c)
		}
		allowed = append(allowed, r.method)
	}
	fault := Fault(http.StatusMethodNotAllowed, "APIGW.0201", "Method not allowed")
	fault.Header.Set("Allow", strings.Join(allowed, ", "))
	return fault
}
