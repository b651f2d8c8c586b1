package simulator

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Project is a project as IAM knows it: what is in a region, or a part of that.
type Project struct {
	ID   string
	Name string // the region's ("cn-north-4"), or that with a suffix ("cn-north-4_prod")
}

// User is an IAM user with a password.
type User struct {
	Name, Password string
	Domain         string // name of the account
}

// tokenLifetime is documented.
const tokenLifetime = 24 * time.Hour

// iamRoutes are the APIs of Identity and Access Management that are Keystone's too.
func iamRoutes() []route {
	return []route{
		{kind: "iam-token", method: http.MethodPost, path: "/v3/auth/tokens", answer: (*Server).tokenByPassword},
		{kind: "projects", method: http.MethodGet, path: "/v3/projects", answer: (*Server).listProjects},
	}
}

// tokenByPassword issues a token. A wrong name, password or account is answered 401, and nothing tells which it was.
func (s *Server) tokenByPassword(c *call) *Answer {
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
		return iamFault(c, http.StatusBadRequest, "auth.identity.password.user must have name, password and domain.name")
	case !slices.Contains(s.cloud.Users, user):
		return iamFault(c, http.StatusUnauthorized, "The username or password is wrong.")
	}
	project, refusal := s.scopeProject(c, d)
	if refusal != nil {
		return refusal
	}
	return s.answerToken(c, "password", reference(user.Domain), user.Name, project)
}

// scopeProject finds the project a token is asked for, by id or by name; the zero Project where none is.
// What IAM says to an unknown one is not documented: Keystone, which it comes from, says 401, as to a wrong password.
func (s *Server) scopeProject(c *call, d document) (Project, *Answer) {
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

// The shapes of IAM's JSON.
type (
	named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	owned struct {
		Domain named  `json:"domain"`
		ID     string `json:"id"`
		Name   string `json:"name"`
	}
	tokenAnswer struct {
		Catalog   []named  `json:"catalog"`
		ExpiresAt string   `json:"expires_at"`
		IssuedAt  string   `json:"issued_at"`
		Methods   []string `json:"methods"`
		Project   *owned   `json:"project,omitempty"`
		Roles     []named  `json:"roles"`
		User      owned    `json:"user"`
	}
	links struct {
		Self     string  `json:"self"`
		Previous *string `json:"previous"`
		Next     *string `json:"next"`
	}
	projectAnswer struct {
		DomainID string `json:"domain_id"`
		Enabled  bool   `json:"enabled"`
		ID       string `json:"id"`
		IsDomain bool   `json:"is_domain"`
		Links    links  `json:"links"`
		Name     string `json:"name"`
	}
	projectList struct {
		Links    links           `json:"links"`
		Projects []projectAnswer `json:"projects"`
	}
)

// answerToken issues a token and tells what it is. Without a project it is an unscoped one.
func (s *Server) answerToken(c *call, method string, domain named, user string, project Project) *Answer {
	expires := s.expiry(c.now, tokenLifetime)
	answer := tokenAnswer{
		Catalog:   []named{},
		ExpiresAt: iamTime(expires),
		IssuedAt:  iamTime(c.now),
		Methods:   []string{method},
		Roles:     []named{reference("te_admin")},
		User:      owned{domain, reference(domain.Name + "/" + user).ID, user},
	}
	if project != (Project{}) {
		answer.Project = &owned{domain, project.ID, project.Name}
	}
	a := answerIAM(http.StatusCreated, map[string]tokenAnswer{"token": answer})
	a.Header.Set("X-Subject-Token", s.issueToken(grant{scope(project.ID), expires}))
	return a
}

// listProjects gives the projects of exactly this name, or all.
func (s *Server) listProjects(c *call) *Answer {
	if _, denied := s.login(c); denied != nil {
		return iamFault(c, http.StatusUnauthorized, denied.reason)
	}
	query := c.request.URL.Query()
	list := projectList{Links: links{Self: s.URL + c.request.URL.RequestURI()}, Projects: []projectAnswer{}}
	for _, p := range s.cloud.Projects {
		if query.Has("name") && query.Get("name") != p.Name {
			continue
		}
		list.Projects = append(list.Projects, projectAnswer{
			DomainID: reference("simulator").ID,
			Enabled:  true,
			ID:       p.ID,
			Links:    links{Self: s.URL + "/v3/projects/" + p.ID},
			Name:     p.Name,
		})
	}
	return answerIAM(http.StatusOK, list)
}

// iamFault is IAM's refusal: Keystone's shape, but for the v3.0 APIs, which have codes.
func iamFault(c *call, status int, message string) *Answer {
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

func answerIAM(status int, value any) *Answer {
	a := answerJSON(value)
	a.Status = status
	a.Header = http.Header{"X-Iam-Trace-Id": {randomID()}} // beside X-Request-Id, without which the official SDK takes no token
	return a
}

// reference gives a thing the id that its name always has.
func reference(name string) named { return named{hexSHA256([]byte(name))[:32], name} }

func iamTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
