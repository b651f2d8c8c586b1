package result

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"

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
		"503 of a service with an article": {unavailable(login(503, "the metadata service")),
			"The metadata service returned no valid response (503); the task's state is unknown.",
			"the metadata service is failing: run again later, or raise max_outage"},
		"no response": {unavailable(login(0, "STS")),
			"Could not reach STS; the task's state is unknown.", "could not reach STS: check the network and the proxy"},
		"no such host": {unavailable(elsewhere), "Could not reach IAM; the task's state is unknown.",
			"the host name iam.test does not exist: check region and endpoint"},
		"a login page": {unavailable(page), "STS returned no valid response; the task's state is unknown.",
			"STS did not return the API's JSON: check region and endpoint, and whether a proxy or a login page is in between"},
		"a file that hangs": {unavailable(hangs),
			"Login failed: the ID token's file could not be read in time; the task's state is unknown.", ""},
	} {
		r := reportOf(client.Task{}, test.err)
		assert.Equal(t, test.message, r.Message(), name)
		assert.Equal(t, test.hint, r.hint(Request{CredentialsHint: "the method's hint"}), name)
	}
}

func TestHintsNameWhatIsInBetween(t *testing.T) {
	t.Parallel()
	unverified := func(err error) *client.Error {
		return unreachable(&tls.CertificateVerificationError{Err: err})
	}
	otherHost := x509.HostnameError{Certificate: &x509.Certificate{}, Host: "dms.test"}
	noHost := &net.DNSError{Name: "dms.cn-nrth-4.test", IsNotFound: true}
	redirect := failed(302, "", "")
	page := failed(200, "", "")
	page.Err = client.ErrNotJSON
	for want, e := range map[string]*client.Error{
		"for another host":                             unverified(otherHost),
		"has expired or is not yet valid":              unverified(x509.CertificateInvalidError{Reason: x509.Expired}),
		"SSL_CERT_FILE":                                unverified(x509.UnknownAuthorityError{}),
		"certificate is not trusted":                   unverified(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}),
		"https://dms.test did not return the API's":    redirect,
		"whether a proxy or a login page":              page,
		"could not reach https://dms.test: check":      unreachable(errors.New("refused")),
		"could not reach https://dms.test: check the ": unreachable(&net.DNSError{Name: "dms.test", IsTemporary: true}),
		"HTTPS_PROXY=http://user:password@host:port":   unreachable(&client.ProxyError{StatusCode: 407}),
		"the host name dms.cn-nrth-4.test does not ex": unreachable(noHost),
	} {
		r := reportOf(client.Task{}, ending(poll.ErrUnavailable, e))
		assert.Contains(t, r.hint(Request{Endpoint: "https://dms.test"}), want)
	}
}
