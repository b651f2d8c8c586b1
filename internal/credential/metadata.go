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

// Metadata gets the temporary keys of the agency of the ECS that we are on.
type Metadata struct {
	exchange Exchange
	address  string
}

// NewMetadata asks at that address, past any proxy, through what wrap makes of the transport.
// For learned, see Exchange.
func NewMetadata(
	address, userAgent string, wrap func(*http.Transport) http.RoundTripper, learned func(secrets ...string),
) Metadata {
	transport := client.NewTransport(metadataTimeout)
	transport.Proxy = nil
	exchange := Exchange{Transport: wrap(transport), UserAgent: userAgent, Timeout: metadataTimeout, Learned: learned}
	return Metadata{exchange, address}
}

// Login gets the keys of the moment; the service renews them by itself. Version 2 of the service wants a token first, version 1 knows none.
func (m Metadata) Login(ctx context.Context) (Credentials, error) {
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
		m.exchange.learned(token)
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
