package credential

import (
	"context"
	"net/http"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
)

// Password logs an IAM user in for a token of one project (KeystoneCreateUserTokenByPassword).
type Password struct {
	IAM                        IAM
	Username, Password, Domain string
	ProjectID, ProjectName     string // the project that the token is for: its id, else its name
}

// Login gets a new token. It lives 24 hours, or until the user changes.
func (p Password) Login(ctx context.Context) (Credentials, error) {
	const op = "log in by password"
	project := map[string]any{"name": p.ProjectName}
	if p.ProjectID != "" {
		project = map[string]any{"id": p.ProjectID}
	}
	user := map[string]any{"name": p.Username, "password": p.Password, "domain": map[string]any{"name": p.Domain}}
	body := map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}},
		"scope":    map[string]any{"project": project},
	}}
	r, err := p.IAM.send(ctx, op, http.MethodPost, "/v3/auth/tokens?nocatalog=true", nil, body)
	if err != nil {
		return Credentials{}, err
	}
	var answer struct {
		Token struct {
			ExpiresAt string `json:"expires_at"`
			Project   struct{ ID, Name string }
		}
	}
	token := r.header.Get("X-Subject-Token")
	if err := r.decode(op, &answer); err != nil {
		return Credentials{}, err
	}
	scope := answer.Token.Project
	if token == "" || scope.ID != "" && !client.ValidID(scope.ID) {
		return Credentials{}, nonsense(op, r.Answer)
	}
	ours := scope.Name == p.ProjectName
	if p.ProjectID != "" {
		ours = strings.EqualFold(scope.ID, p.ProjectID)
	}
	if !ours {
		scope.ID = "" // so that the project asked for is looked up
	}
	return Credentials{Token: token, ProjectID: scope.ID, Expires: expiry(answer.Token.ExpiresAt, r.Answer)}, nil
}
