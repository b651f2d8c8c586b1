package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/jsontext"
)

// IAM is the identity service. Some regions have no IAM host of their own, so there may be a second endpoint,
// for when the name of the first does not exist here or, behind a proxy, the proxy cannot connect to it.
type IAM struct {
	Exchange
	Endpoints []string // base URLs
}

// send makes one request for a path below the endpoints.
func (i *IAM) send(ctx context.Context, c *call) (r *reply, err error) {
	c.service = "IAM"
	path := c.url
	for n, endpoint := range i.Endpoints {
		c.url = endpoint + path
		r, err = i.Exchange.send(ctx, c)
		var e *client.Error
		if n+1 == len(i.Endpoints) || !errors.As(err, &e) || !e.HostUnknown() {
			break
		}
	}
	return r, err
}

// Project looks up the id of a project by its name (KeystoneListProjects). A region's main project has the region's
// name. The transport has to log the request in. It is an error, which lists what the response holds, if there is no
// project with exactly that name, or more than one.
func (i *IAM) Project(ctx context.Context, name string) (string, error) {
	r, err := i.send(ctx, &call{
		op:     fmt.Sprintf("look up project %q", name),
		method: http.MethodGet,
		url:    "/v3/projects?name=" + url.QueryEscape(name),
	})
	var e *client.Error
	if errors.As(err, &e) && e.Response.StatusCode == http.StatusUnauthorized {
		return "", err // about the credentials, not about the project
	}
	if err != nil {
		return "", withHint(err, "set project_id, or grant the permission iam:projects:listProjects")
	}
	body, ok := members(r.body)
	projects := jsontext.NewReader(body["projects"])
	if !ok || projects.Next() != '[' {
		return "", r.malformed()
	}
	var ids, others []string
	for projects.Enter(); projects.More(); {
		project, ok := texts(projects.Value(), "name", "id")
		switch {
		case !ok || project[0] == "":
			return "", r.malformed()
		case project[0] == name:
			ids = append(ids, project[1])
		default:
			others = append(others, fmt.Sprintf("%q (%s)", project[0], project[1]))
		}
	}
	switch {
	case len(ids) == 0:
		problem := "no project with this name is visible to these credentials"
		if len(others) > 0 {
			problem += ", only " + strings.Join(others, ", ")
		}
		return "", r.call.impossible(&r.Response, "the project was not found",
			errors.New(problem+": check region and project_name, or set project_id"))
	case len(ids) > 1:
		return "", r.call.impossible(&r.Response, "several projects have this name",
			fmt.Errorf("several projects have this name: %s: set project_id to one of them", strings.Join(ids, ", ")))
	case !client.ValidID(ids[0]):
		return "", r.malformed()
	}
	return ids[0], nil
}
