package credential

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// ecsAgency takes the temporary keys of the agency of the ECS that the program runs on. It is used on request only.
var ecsAgency = &Method{
	Inputs:   []string{"ecs_metadata"},
	Required: []string{"ecs_metadata"},
	Describe: func(map[string]string) string { return "the agency of this ECS" },
	Hint:     unusable,
	New: func(s *Setup) Login {
		return (&Metadata{Exchange: s.direct(metadataTimeout), Address: s.MetadataAddress}).Get
	},
}

const (
	// MetadataAddress is where an ECS finds its metadata service: a link-local address, which no proxy serves.
	MetadataAddress = "http://169.254.169.254"

	// metadataTimeout is the official SDK's: the service is near, or not there.
	metadataTimeout = 3 * time.Second

	// noAgency is what the metadata service says on an ECS without an agency, until somebody gives it one.
	noAgency = "Please configure Cloud Service Agency first"

	checkAgency = "check the agency of this ECS"
	hopLimit    = "in a container, use the network of the ECS, or let the metadata service's responses travel another hop"
)

// Metadata gets the temporary keys of the agency of the ECS that the program runs on.
type Metadata struct {
	Exchange Exchange // must not use a proxy
	Address  string   // base URL of the metadata service
}

// Get gets the current keys, which the service renews by itself. Version 2 of the service requires a token; version 1
// has none.
func (m *Metadata) Get(ctx context.Context) (Credentials, error) {
	get := &call{
		service: "the metadata service",
		op:      "get keys from the metadata service",
		method:  http.MethodGet,
		url:     m.Address + "/openstack/latest/securitykey",
		header:  http.Header{},
	}
	hint := checkAgency
	token, err := m.token(ctx, get)
	switch {
	case isUnanswered(err) && ctx.Err() == nil:
		hint = hopLimit // the responses with tokens travel no further than the ECS; version 1 may do without
	case err != nil:
		return Credentials{}, withHint(err, checkAgency)
	}
	if token != "" {
		m.Exchange.learned(token)
		get.header.Set("X-Metadata-Token", token)
	}
	r, err := m.Exchange.send(ctx, get)
	var e *client.Error
	switch {
	case errors.As(err, &e) && strings.Contains(e.Message, noAgency):
		return Credentials{}, withoutAgency(get, &e.Response)
	case isUnanswered(err):
		return Credentials{}, notAnECS(err)
	case err != nil:
		return Credentials{}, withHint(err, hint)
	case strings.Contains(string(r.body), noAgency):
		return Credentials{}, withoutAgency(get, &r.Response)
	}
	return decodeKeys(r)
}

// token gets the token that version 2 of the service requires; empty: it is version 1.
func (m *Metadata) token(ctx context.Context, get *call) (string, error) {
	put := *get
	put.method, put.url = http.MethodPut, m.Address+"/meta-data/latest/api/token"
	put.header = http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}}
	r, err := m.Exchange.send(ctx, &put)
	var e *client.Error
	switch {
	case errors.As(err, &e) && isVersion1(e.Response.StatusCode):
		return "", nil
	case err != nil:
		return "", err
	}
	token := strings.TrimSpace(string(r.body))
	if token == "" {
		return "", r.malformed()
	}
	return token, nil
}

// isVersion1 reports whether the response to a request for a token means that the service has none.
func isVersion1(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
		return true
	}
	return false
}

func isUnanswered(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && !e.Answered()
}

// notAnECS returns the error about a metadata service that does not answer. It is a failing response, since a machine
// may still be starting, but mostly a mistake.
func notAnECS(err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Request.NotThere = true
		e.Reason = "this is not an ECS, or a container without access to the metadata service"
		e.Hint = "use ecs_metadata only on an ECS with an agency; " + hopLimit
	}
	return err
}

func withoutAgency(c *call, response *client.Response) error {
	return c.impossible(response, "this ECS has no agency",
		errors.New("this ECS has no agency: assign one, or use another login method"))
}
