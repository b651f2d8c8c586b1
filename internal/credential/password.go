package credential

import (
	"context"
	"net/http"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
)

// userPassword logs an IAM user in.
var userPassword = &Method{
	Inputs:   []string{"username", "password", "domain_name"},
	Required: []string{"username", "password", "domain_name"},
	IAM:      true,
	Describe: func(values map[string]string) string {
		return "user " + values["username"] + " of " + values["domain_name"]
	},
	Hint: unusable,
	New: func(s *Setup) Login {
		return (&Password{
			IAM:         s.IAM,
			Username:    s.Values["username"],
			Password:    s.Values["password"],
			Domain:      s.Values["domain_name"],
			ProjectID:   s.ProjectID,
			ProjectName: s.ProjectName,
		}).Get
	},
}

// Password logs an IAM user in for a token of one project (KeystoneCreateUserTokenByPassword).
type Password struct {
	IAM                        IAM
	Username, Password, Domain string
	ProjectID, ProjectName     string // the project that the token is for: its id, otherwise its name
}

// Get gets a new token. It is valid for 24 hours, or until the user changes.
func (p *Password) Get(ctx context.Context) (Credentials, error) {
	project := map[string]any{"name": p.ProjectName}
	if p.ProjectID != "" {
		project = map[string]any{"id": p.ProjectID}
	}
	user := map[string]any{"name": p.Username, "password": p.Password, "domain": map[string]any{"name": p.Domain}}
	r, err := p.IAM.send(ctx, &call{
		op:     "log in with a password",
		method: http.MethodPost,
		url:    "/v3/auth/tokens?nocatalog=true",
		body: map[string]any{"auth": map[string]any{
			"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}},
			"scope":    map[string]any{"project": project},
		}},
	})
	if err != nil {
		return Credentials{}, withHint(err, "check username, password and domain_name (the account), "+
			"and that the user may log in programmatically")
	}
	expires, err := r.texts("token", "expires_at")
	if err != nil {
		return Credentials{}, err
	}
	body, _ := members(r.body)
	described, _ := members(body["token"])
	scope, ok := texts(described["project"], "id", "name")
	token, id := r.header.Get("X-Subject-Token"), scope[0]
	if !ok || token == "" || id != "" && !client.ValidID(id) {
		return Credentials{}, r.malformed()
	}
	matches := scope[1] == p.ProjectName
	if p.ProjectID != "" {
		matches = strings.EqualFold(id, p.ProjectID)
	}
	if !matches {
		id = "" // so that the requested project is looked up
	}
	return Credentials{Token: token, ProjectID: id, Expires: expiry(expires[0], &r.Response)}, nil
}
