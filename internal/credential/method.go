package credential

import (
	"context"
	"net/http"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Method is one way to log in. Each method is declared in a file of its own, and describes itself here.
// Besides, package config knows the inputs of the two methods that can use another tool's credentials:
// access keys and an identity provider (see borrow in family.go).
type Method struct {
	Inputs   []string // any of them selects the method
	Required []string // all of them must be given
	IDToken  bool     // it exchanges an OIDC ID token
	IAM, STS bool     // it logs in there

	// Describe says with what it logs in, for the log's first line. Values are the login inputs by name. It never
	// contains a secret.
	Describe func(values map[string]string) string
	// Hint says what to do where DMS, or IAM's list of projects, refuses the credentials.
	Hint string
	New  func(*Setup) Login
}

// Methods are all login methods. A new one is registered here.
var Methods = []*Method{authToken, accessKey, trustAgency, identityProvider, userPassword, ecsAgency, podIdentity}

// Login logs in and returns new credentials. Its errors are *Errors.
type Login func(context.Context) (Credentials, error)

// Setup is what a method may need in order to log in.
type Setup struct {
	Values                 map[string]string // the login inputs that are given, by name
	IDToken                IDToken
	Exchange               Exchange
	IAM                    IAM
	STS                    string // base URL
	ProjectID, ProjectName string
	MetadataAddress        string // base URL of the ECS metadata service
	PodIdentityURI         string // of CCE's agent
	PodToken               IDToken
	// Wrap prepares a transport of the method's own, as it did the one that Exchange uses.
	Wrap func(*http.Transport) http.RoundTripper
}

// direct returns an Exchange for a service on this machine, or next to it: it never uses a proxy.
func (s *Setup) direct(timeout time.Duration) Exchange {
	transport := client.NewTransport(timeout)
	transport.Proxy = nil
	return Exchange{
		Transport: s.Wrap(transport),
		UserAgent: s.Exchange.UserAgent,
		Timeout:   timeout,
		Learned:   s.Exchange.Learned,
	}
}

// unusable is the hint for methods whose login succeeded but whose credentials DMS refused.
const unusable = "the login succeeded, but the credentials it returned were refused: check region and project_id"
