package simulator

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Project is a project in IAM: a region, or a subproject of one.
type Project struct {
	ID   string
	Name string // the name of the region ("cn-north-4"), or that with a suffix ("cn-north-4_prod")
}

// User is an IAM user with a password.
type User struct {
	Name, Password string
	Domain         string // name of the account
}

// tokenLifetime is documented.
const tokenLifetime = 24 * time.Hour

// iamRoutes returns the APIs of Identity and Access Management that come from Keystone.
func iamRoutes() []route {
	return []route{
		{kind: "iam-token", method: http.MethodPost, path: "/v3/auth/tokens", handle: (*Server).tokenByPassword},
		{kind: "projects", method: http.MethodGet, path: "/v3/projects", handle: (*Server).listProjects},
	}
}

// tokenByPassword issues a token. The 401 for a wrong name, password or account does not reveal which
// one is wrong.
func (s *Server) tokenByPassword(c *call) *Response {
	d, err := c.document()
	if err != nil {
		return iamFault(c, http.StatusBadRequest, err.Error())
	}
	user := User{
		Name:     d.text("auth", "identity", "password", "user", "name"),
		Password: d.text("auth", "identity", "password", "user", "password"),
		Domain:   d.text("auth", "identity", "password", "user", "domain", "name"),
	}
	switch {
	case !reflect.DeepEqual(d.at("auth", "identity", "methods"), []any{"password"}):
		return iamFault(c, http.StatusBadRequest, `auth.identity.methods must be ["password"]`)
	case user.Name == "", user.Password == "", user.Domain == "":
		return iamFault(c, http.StatusBadRequest,
			"auth.identity.password.user must have name, password and domain.name")
	case !slices.Contains(s.cloud.Users, user):
		return iamFault(c, http.StatusUnauthorized, "The username or password is wrong.")
	}
	project, fault := s.scopeProject(c, d)
	if fault != nil {
		return fault
	}
	return s.tokenResponse(c, "password", newNamed(user.Domain), user.Name, project)
}

// scopeProject returns the project that a token is requested for, by id or by name, or the zero
// Project if none is. The 401 for an unknown one is a guess, after Keystone.
func (s *Server) scopeProject(c *call, d document) (Project, *Response) {
	if d.at("auth", "scope", "project") == nil {
		return Project{}, nil
	}
	id, name := d.text("auth", "scope", "project", "id"), d.text("auth", "scope", "project", "name")
	if id == "" && name == "" {
		return Project{}, iamFault(c, http.StatusBadRequest, "auth.scope.project must have id or name")
	}
	i := slices.IndexFunc(s.cloud.Projects, func(p Project) bool {
		return (id == "" || strings.EqualFold(p.ID, id)) && (name == "" || p.Name == name)
	})
	if i < 0 {
		return Project{}, iamFault(c, http.StatusUnauthorized, "The request you have made requires authentication.")
	}
	return s.cloud.Projects[i], nil
}

// The JSON of IAM.
type (
	named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	inDomain struct {
		Domain named  `json:"domain"`
		ID     string `json:"id"`
		Name   string `json:"name"`
	}
	tokenJSON struct {
		Catalog   []named   `json:"catalog"`
		ExpiresAt string    `json:"expires_at"`
		IssuedAt  string    `json:"issued_at"`
		Methods   []string  `json:"methods"`
		Project   *inDomain `json:"project,omitempty"`
		Roles     []named   `json:"roles"`
		User      inDomain  `json:"user"`
	}
	linksJSON struct {
		Self     string  `json:"self"`
		Previous *string `json:"previous"`
		Next     *string `json:"next"`
	}
	projectJSON struct {
		DomainID string    `json:"domain_id"`
		Enabled  bool      `json:"enabled"`
		ID       string    `json:"id"`
		IsDomain bool      `json:"is_domain"`
		Links    linksJSON `json:"links"`
		Name     string    `json:"name"`
	}
	projectListJSON struct {
		Links    linksJSON     `json:"links"`
		Projects []projectJSON `json:"projects"`
	}
)

// tokenResponse issues a token and describes it. The zero Project makes it unscoped.
func (s *Server) tokenResponse(c *call, method string, domain named, user string, project Project) *Response {
	expires := s.expiry(c.now, tokenLifetime)
	token := tokenJSON{
		Catalog:   []named{},
		ExpiresAt: iamTime(expires),
		IssuedAt:  iamTime(c.now),
		Methods:   []string{method},
		Roles:     []named{newNamed("te_admin")},
		User:      inDomain{domain, newNamed(domain.Name + "/" + user).ID, user},
	}
	if project != (Project{}) {
		token.Project = &inDomain{domain, project.ID, project.Name}
	}
	response := iamResponse(http.StatusCreated, map[string]tokenJSON{"token": token})
	response.Header.Set("X-Subject-Token", s.issueToken(grant{scope(project.ID), expires}))
	return response
}

// listProjects returns the projects with exactly the requested name, or all.
func (s *Server) listProjects(c *call) *Response {
	if _, denied := s.authenticate(c); denied != nil {
		return iamFault(c, http.StatusUnauthorized, denied.reason)
	}
	query := c.request.URL.Query()
	list := projectListJSON{
		Links:    linksJSON{Self: s.URL + c.request.URL.RequestURI()},
		Projects: []projectJSON{},
	}
	for _, p := range s.cloud.Projects {
		if query.Has("name") && query.Get("name") != p.Name {
			continue
		}
		list.Projects = append(list.Projects, projectJSON{
			DomainID: newNamed("simulator").ID,
			Enabled:  true,
			ID:       p.ID,
			Links:    linksJSON{Self: s.URL + "/v3/projects/" + p.ID},
			Name:     p.Name,
		})
	}
	return iamResponse(http.StatusOK, list)
}

// iamFault returns an error of IAM: in Keystone's format, except for the v3.0 APIs, which have codes.
func iamFault(c *call, status int, message string) *Response {
	code := "IAM."
	if strings.HasPrefix(c.request.URL.Path, "/v3.0/") {
		code = map[int]string{
			http.StatusBadRequest:   "IAM.0011",
			http.StatusUnauthorized: "IAM.0001",
			http.StatusNotFound:     "IAM.0004",
		}[status]
	}
	return Fault(status, code, message)
}

func iamResponse(status int, value any) *Response {
	response := jsonResponse(value)
	response.Status = status
	// X-Request-Id is sent as well: without it, the official SDK rejects a token.
	response.Header = http.Header{"X-Iam-Trace-Id": {randomID()}}
	return response
}

// newNamed returns a name with an id derived from it.
func newNamed(name string) named { return named{hexSHA256([]byte(name))[:32], name} }

func iamTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
