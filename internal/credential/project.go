package credential

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
)

// Project looks up the id of a project by its name, which is the region's for a region's main project (KeystoneListProjects).
// The transport has to log the request in. None or several of exactly that name is an error that lists what the response holds.
func (i IAM) Project(ctx context.Context, name string) (string, error) {
	op := fmt.Sprintf("look up project %q", name)
	r, err := i.send(ctx, op, http.MethodGet, "/v3/projects?name="+url.QueryEscape(name), nil, nil)
	if err != nil {
		return "", err
	}
	var answer struct {
		Projects []struct{ ID, Name string }
	}
	if err := r.decode(op, &answer); err != nil {
		return "", err
	}
	var ids, others []string
	for _, project := range answer.Projects {
		switch project.Name {
		case name:
			ids = append(ids, project.ID)
		case "":
			return "", nonsense(op, r.Answer)
		default:
			others = append(others, fmt.Sprintf("%q (%s)", project.Name, project.ID))
		}
	}
	switch {
	case answer.Projects == nil:
		return "", nonsense(op, r.Answer)
	case len(ids) == 0:
		listed := ""
		if len(others) > 0 {
			listed = ", but " + strings.Join(others, ", ")
		}
		return "", unfit(op, r.Answer, fmt.Errorf(
			"these credentials know no project of that name%s: give project_id, or the right region or project_name", listed))
	case len(ids) > 1:
		return "", unfit(op, r.Answer, fmt.Errorf("there are several: %s: give one of them as project_id", strings.Join(ids, ", ")))
	case !client.ValidID(ids[0]):
		return "", nonsense(op, r.Answer)
	}
	return ids[0], nil
}
