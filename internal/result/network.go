package result

import (
	"crypto/x509"
	"errors"
	"net"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// trouble says, as the beginning of a sentence, why there was no valid response.
func (r *Report) trouble(e *client.Error) string {
	service, where := r.service(), r.limitAndCause("for")
	unreached, unanswered := "Could not reach "+service+where, false
	if e != nil {
		switch e.Cause() {
		case client.AtProxy:
			if e.ProxyRefusedLogin() {
				return "The proxy refused the login" + where
			}
			return "Could not get through the proxy" + where
		case client.InBetween:
			return "Something in between seems to have responded instead of " + service + where
		case client.NoHost:
			return unreached + ": its host name does not exist"
		case client.BadCertificate:
			return unreached + ": its certificate does not verify"
		}
		unanswered = !e.Answered()
	}
	problem := " returned no valid response"
	switch isReached := !unanswered || e.Phase == client.Sending; {
	case !isReached && !r.responded():
		return unreached
	case !isReached:
		problem = " could no longer be reached"
	case unanswered && r.responded():
		problem = " no longer responded"
	}
	return capitalized(service) + problem + where
}

// responded reports whether the service whose response decided had responded before.
func (r *Report) responded() bool {
	return r.State.Response.StatusCode != 0 && loginError(r.Err) == nil
}

// networkHint returns what to do where there was no valid response.
func (r *Report) networkHint(e *client.Error, request *Request) string {
	login, address, check := loginError(r.Err), request.Endpoint, "the network, the proxy and the endpoint"
	if login != nil {
		address, check = login.Service, "the network and the proxy"
		if login.Reason != "" {
			return login.Hint
		}
	}
	switch e.Cause() {
	case client.AtProxy:
		return proxyHint(e, address)
	case client.NoHost:
		return "the host name " + hostName(e) + " does not exist: check region and endpoint"
	case client.BadCertificate:
		return certificateHint(e.Err)
	case client.NoTLS:
		return address + " does not speak TLS: check the endpoint, its port, and whether something in between responds"
	}
	isCut := e.Answered() && e.Err != nil && !errors.Is(e.Err, client.ErrNotJSON)
	switch {
	case e.Throttled():
		return "too many requests from this account: poll less often (interval, max_interval), " +
			"or wait for fewer tasks at once"
	case isCut:
		return address + " did not send a whole response: check the network and what is in between, or run again later"
	case e.Foreign, e.Unexpected():
		return address + " did not return the API's JSON: check region and endpoint, " +
			"and whether a proxy, a firewall or a login page is in between"
	case e.Answered():
		raise := poll.MaxOutage
		if end := r.end(); end != nil && end.Limit == poll.Timeout {
			raise = end.Limit
		}
		return r.service() + " is failing: run again later, or raise " + string(raise)
	case r.responded():
		return address + " responded before: check the network, or run again later"
	case e.Cause() == client.NoHandshake:
		return address + " does not respond to the TLS handshake: an old firewall in between may drop large ones; " +
			"try again with the environment variable GODEBUG=tlsmlkem=0"
	case e.Phase == client.Sending:
		return address + " accepts connections but does not respond as the API does: check the endpoint, or run again later"
	}
	return "could not reach " + address + ": check " + check
}

// escapes says how to write a login in the URL of a proxy.
const escapes = "in HTTPS_PROXY=http://user:password@host:port, with %40 for @, %3A for :, %2F for /, %23 for # and %25 for %"

// proxyHint returns what to do where a request did not get through its proxy.
func proxyHint(e *client.Error, address string) string {
	refusal, proxy := e.AtProxy(), "the proxy "+e.Proxy.Host
	switch {
	case refusal.Schemes != "":
		return proxy + " accepts logins by " + refusal.Schemes + " only, which dmswait does not support: " +
			"use a proxy without a login, or a local one that logs in there"
	case refusal.LoginRefused():
		return proxy + " refused user " + e.Proxy.User + ": correct the login " + escapes +
			"; more attempts may lock the account"
	case refusal.LoginRequired():
		return "the proxy requires a login: give it " + escapes
	case refusal.StatusCode == 403:
		return proxy + " does not allow connections to " + address + ": have that host allowed, or check region and endpoint"
	case refusal.Unreachable():
		return proxy + " could not connect to " + address + ": check region and endpoint, " +
			"and whether the proxy can resolve and reach that host"
	case refusal.StatusCode != 0:
		return proxy + " does not open tunnels: check HTTPS_PROXY"
	case hostName(e) != "":
		return "the host name " + hostName(e) + " of the proxy does not exist: check HTTPS_PROXY"
	}
	hint := "could not get through " + proxy + ": check HTTPS_PROXY, and that the proxy is running"
	if e.Proxy.Scheme == "https" {
		hint += "; its URL has to begin with http:// unless the proxy itself speaks TLS, with a certificate that verifies"
	}
	return hint
}

// hostName returns the host name that does not exist; empty: that is not the problem.
func hostName(e *client.Error) string {
	var dns *net.DNSError
	if errors.As(e.Err, &dns) && dns.IsNotFound {
		return dns.Name
	}
	return ""
}

func certificateHint(err error) string {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return "the certificate is for another host: check the endpoint"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not yet valid: check the local clock and the endpoint"
	}
	return "the server's certificate is not trusted: behind a proxy that replaces certificates, " +
		"set SSL_CERT_FILE to the file of its CA; a machine without CA certificates needs the package ca-certificates"
}
