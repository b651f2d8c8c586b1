package credential

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// MetadataAddress is where an ECS finds its metadata service: a link-local address, which no proxy serves.
const MetadataAddress = "http://169.254.169.254"

// metadataTimeout is the official SDK's: the service is next door, or not there.
const metadataTimeout = 3 * time.Second

// noAgency is what the metadata service says on an ECS that has no agency. It stays so until somebody gives it one.
const noAgency = "Please configure Cloud Service Agency first"

// ecsAgency takes the temporary keys of the agency of the ECS that the program runs on. It is used on request only.
var ecsAgency = &Method{
	Inputs:   []string{"ecs_metadata"},
	Required: []string{"ecs_metadata"},
	New:      func(s Setup) Login { return NewMetadata(s.MetadataAddress, s.Exchange.UserAgent, s.Wrap) },
}

// Metadata gets the temporary keys of the agency of the ECS that the program runs on.
type Metadata struct {
	exchange Exchange
	address  string
}

// NewMetadata returns a Metadata that sends its requests to address, never through a proxy, by the transport that wrap
// returns.
func NewMetadata(address, userAgent string, wrap func(*http.Transport) http.RoundTripper) Metadata {
	transport := client.NewTransport(metadataTimeout)
	transport.Proxy = nil
	return Metadata{Exchange{Transport: wrap(transport), UserAgent: userAgent, Timeout: metadataTimeout}, address}
}

func (m Metadata) String() string { return "the agency of this ECS" }

// Hint returns what to do about a refusal.
func (m Metadata) Hint(refusal *client.Error) string {
	if !refusal.Login {
		return unusable
	}
	return "check the agency of this ECS"
}

// Get gets the current keys, which the service renews by itself. Version 2 of the service requires a token; version 1
// has none.
func (m Metadata) Get(ctx context.Context) (Credentials, error) {
	const op = "get keys from the metadata service"
	header, token := http.Header{}, ""
	r, err := m.exchange.send(ctx, op, http.MethodPut, m.address+"/meta-data/latest/api/token", http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}}, nil)
	var e *client.Error
	switch {
	case err == nil:
		token = strings.TrimSpace(string(r.body))
		if token == "" {
			return Credentials{}, nonsense(op, r.Answer)
		}
		header.Set("X-Metadata-Token", token)
	case errors.As(err, &e) && isVersion1(e.Answer.StatusCode):
	default:
		return Credentials{}, err
	}
	r, err = m.exchange.send(ctx, op, http.MethodGet, m.address+"/openstack/latest/securitykey", header, nil)
	switch {
	case errors.As(err, &e) && strings.Contains(e.Message, noAgency):
		return Credentials{}, unfit(op, e.Answer, errors.New("this ECS has no agency: give it one, or log in another way"))
	case err != nil:
		return Credentials{}, without(token, err)
	case strings.Contains(string(r.body), noAgency):
		return Credentials{}, unfit(op, r.Answer, errors.New("this ECS has no agency: give it one, or log in another way"))
	}
	return decodeKeys(op, r)
}

func isVersion1(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusServiceUnavailable
}
