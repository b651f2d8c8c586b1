package credential

import (
	"context"
	"net/http"

	"github.com/dmswait/dmswait/internal/client"
)

// userPassword logs an IAM user in.
var userPassword = &Method{
	Inputs:   []string{"username", "password", "domain_name"},
	Required: []string{"username", "password", "domain_name"},
	IAM:      true,
	New: func(s Setup) Login {
		return Password{
			IAM:         s.IAM,
			Username:    s.Values["username"],
			Password:    s.Values["password"],
			Domain:      s.Values["domain_name"],
			ProjectID:   s.ProjectID,
			ProjectName: s.ProjectName,
		}
	},
}

// Password logs an IAM user in for a token of one project (KeystoneCreateUserTokenByPassword).
type Password struct {
	IAM                        IAM
	Username, Password, Domain string
	ProjectID, ProjectName     string // the project that the token is for: its id, else its name
}

func (p Password) String() string { return "user " + p.Username + " of " + p.Domain }

// Hint returns what to do about a refusal.
func (p Password) Hint(refusal *client.Error) string {
	if !refusal.Login {
		return unusable
	}
	return "check username, password and domain_name (the account), and that the user may log in programmatically"
}

// Get gets a new token. It is valid for 24 hours, or until the user changes.
func (p Password) Get(ctx context.Context) (Credentials, error) {
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
			Project   struct{ ID string }
		}
	}
	token := r.header.Get("X-Subject-Token")
	if err := r.decode(op, &answer); err != nil {
		return Credentials{}, err
	}
	if project := answer.Token.Project.ID; token == "" || project != "" && !client.ValidID(project) {
		return Credentials{}, nonsense(op, r.Answer)
	}
	return Credentials{Token: token, ProjectID: answer.Token.Project.ID, Expires: expiry(answer.Token.ExpiresAt, r.Answer)}, nil
}
