package result

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/poll"
)

// What a login was refused for has another remedy than what DMS refuses.
func TestLoginErrorsHaveMessagesAndHintsOfTheirOwn(t *testing.T) {
	t.Parallel()
	hinted := func(status int, service, hint string) *credential.Error {
		e := login(status, service)
		e.Hint = hint
		return e
	}
	impossible := login(200, "IAM")
	impossible.Request.Class, impossible.Reason = client.Rejected, "several projects have this name"
	hangs := login(0, "the ID token's file")
	hangs.Reason = "the ID token's file could not be read in time"
	elsewhere := login(0, "IAM")
	elsewhere.Request.Err = &net.DNSError{Name: "iam.test", IsNotFound: true}
	page := login(200, "STS")
	page.Request.Err = client.ErrNotJSON
	page404, page403 := login(404, "STS"), hinted(403, "STS", "compare provider_urn")
	page404.Request.Foreign, page403.Request.Foreign = true, true
	unavailable := func(e *credential.Error) error { return ending(poll.ErrUnavailable, e) }

	for name, test := range map[string]struct {
		err           error
		message, hint string
	}{
		"DMS refuses the credentials": {
			failed(401, "", ""), "The API refused the credentials (401).", "the method's hint"},
		"401": {hinted(401, "IAM", "check the password"),
			"Login failed: IAM refused the credentials (401).", "check the password"},
		"403": {hinted(403, "STS", "compare provider_urn"),
			"Login failed: permission denied by STS (403).", "compare provider_urn"},
		"404": {hinted(404, "STS", "compare provider_urn"),
			"Login failed: STS rejected the request (404).", "compare provider_urn"},
		"the credentials cannot look up the project": {login(401, "IAM"),
			"Login failed: IAM refused the credentials (401).", "the method's hint"},
		"403 without a hint": {login(403, "the metadata service"),
			"Login failed: permission denied by the metadata service (403).", "the method's hint"},
		"400 without a hint": {login(400, "IAM"), "Login failed: IAM rejected the request (400).", ""},
		"a reason":           {impossible, "Login failed: several projects have this name.", ""},
		"503": {unavailable(login(503, "IAM")),
			"IAM returned no valid response (503); the task's state is unknown.",
			"IAM is failing: run again later, or raise max_outage"},
		"a page instead": {page404, "Something in between seems to have responded instead of STS (404); " +
			"the task's state is unknown.",
			"STS did not return the API's JSON: check region and endpoint, and whether a proxy, a firewall or a login page is in between"},
		"a page that refuses": {page403, "Something in between seems to have responded instead of STS (403).",
			"STS did not return the API's JSON: check region and endpoint, and whether a proxy, a firewall or a login page is in between"},
		"503 of a service with an article": {unavailable(login(503, "the metadata service")),
			"The metadata service returned no valid response (503); the task's state is unknown.",
			"the metadata service is failing: run again later, or raise max_outage"},
		"no response": {unavailable(login(0, "STS")),
			"Could not reach STS; the task's state is unknown.", "could not reach STS: check the network and the proxy"},
		"no such host": {unavailable(elsewhere), "Could not reach IAM: its host name does not exist; the task's state is unknown.",
			"the host name iam.test does not exist: check region and endpoint"},
		"a login page": {unavailable(page), "STS returned no valid response; the task's state is unknown.",
			"STS did not return the API's JSON: check region and endpoint, and whether a proxy, a firewall or a login page is in between"},
		"a file that hangs": {unavailable(hangs),
			"Login failed: the ID token's file could not be read in time; the task's state is unknown.", ""},
	} {
		r := reportOf(&client.Task{}, test.err)
		assert.Equal(t, test.message, r.Message(), name)
		assert.Equal(t, test.hint, r.hint(&Request{CredentialsHint: "the method's hint"}), name)
	}
}

func TestHintsNameWhoIsAtFault(t *testing.T) {
	t.Parallel()
	unverified := func(err error) *client.Error {
		return unreachable(&tls.CertificateVerificationError{Err: err})
	}
	at := func(phase client.Phase, text string) *client.Error {
		e := unreachable(errors.New(text))
		e.Phase = phase
		return e
	}
	broken := func(status int, text string) *client.Error {
		e := failed(status, "", "")
		e.Err = errors.New(text)
		return e
	}
	refused := func(status int) *client.Error { return atProxy("http", client.ProxyError{StatusCode: status}) }
	lost := func(err error) *client.Error { return atProxy("http", client.ProxyError{Err: err}) }
	otherHost := x509.HostnameError{Certificate: &x509.Certificate{}, Host: "dms.test"}
	unknown := x509.UnknownAuthorityError{}
	notFound := func(name string) error { return &net.DNSError{Name: name, IsNotFound: true} }
	page := broken(200, "")
	page.Err = client.ErrNotJSON
	for want, e := range map[string]*client.Error{
		"for another host":                          unverified(otherHost),
		"has expired or is not yet valid":           unverified(x509.CertificateInvalidError{Reason: x509.Expired}),
		"SSL_CERT_FILE to the file of its CA":       unverified(unknown),
		"a machine without CA certificates needs":   unverified(unknown),
		"certificate is not trusted":                unverified(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}),
		"the host name dms.cn-nrth-4.test does not": unreachable(notFound("dms.cn-nrth-4.test")),
		"does not speak TLS: check the endpoint":    unreachable(tls.RecordHeaderError{}),
		"https://dms.test did not return the API's": failed(302, "", ""),
		"a proxy, a firewall or a login page":       page,
		"and whether a proxy, a firewall or ":       foreign(404),
		"API's JSON: check region and endpoint":     foreign(403),
		"https://dms.test did not send a whole res": broken(200, "the response was cut off"),
		"whole response: check the network and":     broken(503, "the response is larger than 1 MiB"),
		"GODEBUG=tlsmlkem=0":                        silentHandshake(t),
		"accepts connections but does not respond":  at(client.Sending, "malformed HTTP response"),
		"could not reach https://dms.test: check":   unreachable(errors.New("refused")),
		"could not reach https://dms.test: check t": unreachable(&net.DNSError{Name: "dms.test", IsTemporary: true}),

		"the proxy requires a login: give it in HTTPS_PROXY=http://user:password@host:port, with %40 for @": refused(407),
		"the proxy proxy.test:3128 refused user jane: correct the login in HTTPS_PROXY=": atProxy("http",
			client.ProxyError{StatusCode: 407, LoginSent: true}),
		"the proxy proxy.test:3128 accepts logins by NTLM or Negotiate only": atProxy("http",
			client.ProxyError{StatusCode: 407, LoginSent: true, Schemes: "NTLM or Negotiate"}),
		"the proxy requires a login: give it": atProxy("http",
			client.ProxyError{StatusCode: 407}),
		"proxy.test:3128 does not allow connections to https://dms.test":             refused(403),
		"proxy.test:3128 could not connect to https://dms.test: check re":            refused(503),
		"proxy.test:3128 could not connect to https://dms.test: check":               lost(errors.New("unknown error host unreachable")),
		"proxy.test:3128 does not open tunnels: check HTTPS_PROXY":                   refused(404),
		"the host name proxy.nowhere of the proxy does not exist: check HTTPS_PROXY": lost(notFound("proxy.nowhere")),
		"with a certificate that verifies":                                           atProxy("https", client.ProxyError{Err: unverified(unknown).Err}),
		"could not get through the proxy proxy.test:3128: check HTTPS_PROXY, and":    lost(errors.New("refused")),
		"its URL has to begin with http:// unless the proxy itself speaks TLS": atProxy("https",
			client.ProxyError{Err: tls.RecordHeaderError{}}),
	} {
		for _, reason := range []error{poll.ErrUnavailable, poll.ErrMisconfigured} {
			if reason == poll.ErrMisconfigured && !e.Misconfigured() {
				continue
			}
			r := reportOf(&client.Task{}, ending(reason, e))
			assert.Contains(t, r.hint(&Request{Endpoint: "https://dms.test"}), want, reason)
		}
	}
}

func TestHintRaisesTheLimitThatEndedTheWait(t *testing.T) {
	t.Parallel()
	for _, limit := range []poll.Limit{poll.MaxOutage, poll.Timeout} {
		end := &poll.End{Reason: poll.ErrUnavailable, Limit: limit, After: time.Minute, Err: failed(503, "", "")}
		r := reportOf(&client.Task{}, end)
		assert.Equal(t, "the API is failing: run again later, or raise "+string(limit), r.hint(&Request{}))
	}
}

func TestHintSaysThatAServerRespondedBefore(t *testing.T) {
	t.Parallel()
	for _, phase := range []client.Phase{client.Connecting, client.Sending} {
		e := unreachable(errors.New("refused"))
		e.Phase = phase
		r := reportOf(new(documented()), ending(poll.ErrUnavailable, e))
		assert.Equal(t, "https://dms.test responded before: check the network, or run again later",
			r.hint(&Request{Endpoint: "https://dms.test"}))
	}
}

func TestHintNamesTheHostThatWasSigned(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"verify aksk signature fail, canonicalRequest:GET|/v2/p1/||host:internal.test|x-sdk-date:20260102T030405Z||host|e3b0": "the request was sent " +
			"to the host dms.test, but arrived for the host internal.test",
		"verify aksk signature fail, canonicalRequest:GET|/v2/p1/||host:DMS.test|x-sdk-date:20260102T030405Z||host|e3b0": "the method's hint",
		"Incorrect IAM authentication information": "the method's hint",
	} {
		r := reportOf(&client.Task{}, failed(401, "APIGW.0301", message))
		assert.Contains(t, r.hint(&Request{Endpoint: "https://dms.test", CredentialsHint: "the method's hint"}), want)
	}
}
