package result

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// trouble says, as the beginning of a sentence, why there was no valid response.
func (r Report) trouble(e *client.Error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	service := r.service()
	switch {
	case e == nil:
	case e.ProxyRefusedLogin():
		return "The proxy refused the login" + r.cause()
	case e.AtProxy() != nil:
		return "Could not get through the proxy" + r.cause()
	case e.Foreign:
		return "Something in between seems to have responded instead of " + service + r.cause()
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return "Could not reach " + service + ": its host name does not exist"
	case errors.As(e.Err, &certificate):
		return "Could not reach " + service + ": its certificate does not verify"
	case !e.Answered() && e.Phase < client.Sending && r.responded():
		return capitalized(service) + " can no longer be reached"
	case !e.Answered() && e.Phase < client.Sending:
		return "Could not reach " + service
	case !e.Answered() && r.responded():
		return capitalized(service) + " no longer responds"
	}
	return capitalized(service) + " returned no valid response" + r.cause()
}

// responded reports whether the service whose response decided had responded before.
func (r Report) responded() bool { return r.Task.Response.StatusCode != 0 && loginError(r.Err) == nil }

// networkHint returns what to do where there was no valid response.
func (r Report) networkHint(e *client.Error, request Request) string {
	login := loginError(r.Err)
	address := request.Endpoint
	if login != nil {
		address = login.Service
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case login != nil && login.Reason != "":
		return login.Hint
	case e.AtProxy() != nil:
		return proxyHint(e, address)
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host name %s does not exist: check region and endpoint", dns.Name)
	case errors.As(e.Err, &certificate):
		return certificateHint(e.Err)
	case errors.As(e.Err, &plain):
		return address + " does not speak TLS: check the endpoint, its port, and whether something in between responds"
	case e.Throttled():
		return "too many requests from this account: poll less often (interval, max_interval), " +
			"or wait for fewer tasks at once"
	case !e.Answered():
		return r.unansweredHint(e, address)
	case e.Foreign, errors.Is(e.Err, client.ErrNotJSON), e.Err == nil && e.Unexpected():
		return fmt.Sprintf("%s did not return the API's JSON: check region and endpoint, "+
			"and whether a proxy, a firewall or a login page is in between", address)
	case e.Err != nil:
		return fmt.Sprintf("%s did not send a whole response: check the network and what is in between, or run again later",
			address)
	case errors.Is(r.Err, poll.ErrNoResponse):
		return r.service() + " is failing: run again later, or raise timeout"
	}
	return r.service() + " is failing: run again later, or raise max_outage"
}

// unansweredHint returns what to do where a server was not reached, or did not respond in HTTP.
func (r Report) unansweredHint(e *client.Error, address string) string {
	switch {
	case r.responded():
		return address + " responded before: check the network, or run again later"
	case errors.Is(e.Err, client.ErrNoHandshake):
		return address + " does not respond to the TLS handshake: an old firewall in between may drop large ones; " +
			"try again with the environment variable GODEBUG=tlsmlkem=0"
	case e.Phase == client.Sending:
		return address + " accepts connections but does not respond as the API does: check the endpoint, or run again later"
	case loginError(r.Err) != nil:
		return fmt.Sprintf("could not reach %s: check the network and the proxy", address)
	}
	return fmt.Sprintf("could not reach %s: check the network, the proxy and the endpoint", address)
}

// escapes says how to write a login in the URL of a proxy.
const escapes = "in HTTPS_PROXY=http://user:password@host:port, with %40 for @, %3A for :, %2F for /, %23 for # and %25 for %"

// proxyHint returns what to do where a request did not get through its proxy.
func proxyHint(e *client.Error, address string) string {
	refusal, proxy := e.AtProxy(), "the proxy "+e.Proxy.Host
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch schemes := refusal.Schemes; {
	case len(schemes) > 0 && !slices.Contains(schemes, "Basic"):
		return fmt.Sprintf("%s accepts logins by %s only, which dmswait does not support: "+
			"use a proxy without a login, or a local one that logs in there", proxy, strings.Join(schemes, " and "))
	case refusal.LoginRefused():
		return fmt.Sprintf("%s refused user %s: correct the login %s; more attempts may lock the account",
			proxy, e.Proxy.User, escapes)
	case refusal.LoginRequired():
		return "the proxy requires a login: give it " + escapes
	case refusal.StatusCode == 403:
		return fmt.Sprintf("%s does not allow connections to %s: have that host allowed, or check region and endpoint",
			proxy, address)
	case refusal.Unreachable():
		return fmt.Sprintf("%s could not connect to %s: check region and endpoint, and whether the proxy can resolve "+
			"and reach that host", proxy, address)
	case refusal.StatusCode != 0:
		return proxy + " does not open tunnels: check HTTPS_PROXY"
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host name %s of the proxy does not exist: check HTTPS_PROXY", dns.Name)
	case errors.As(e.Err, &certificate):
		return "the certificate of " + proxy + " does not verify: check HTTPS_PROXY, " +
			"or set SSL_CERT_FILE to the file of its CA"
	case e.Proxy.Scheme == "https":
		return "could not get through " + proxy + ": check HTTPS_PROXY; unless the proxy itself speaks TLS, " +
			"its URL begins with http://"
	}
	return "could not get through " + proxy + ": check HTTPS_PROXY, and that the proxy is running"
}

func certificateHint(err error) string {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return "the certificate is for another host: check the endpoint"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not yet valid: check the local clock and the endpoint"
	case errors.Is(err, client.ErrNoRoots):
		return "this machine has no CA certificates: install them (the package is mostly called ca-certificates), " +
			"or set SSL_CERT_FILE to a file of them"
	}
	return "the server's certificate is not trusted: behind a proxy that replaces certificates, " +
		"set SSL_CERT_FILE to the file of its CA"
}
