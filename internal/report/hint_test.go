package report

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// TestLoginsAreToldApart: what a login was refused for has another cure than what DMS refuses.
func TestLoginsAreToldApart(t *testing.T) {
	t.Parallel()
	login := func(status int, op string) *client.Error {
		return &client.Error{Op: op, Login: true, Answer: client.Answer{StatusCode: status}}
	}
	unfit := login(200, `look up project "x"`)
	unfit.Unfit, unfit.Err = true, errors.New("there are several: a, b")
	dms := &client.Error{Op: "get task", Answer: client.Answer{StatusCode: 401}}
	for _, c := range []struct {
		err     error
		as      LoginKind
		message string
		hint    string
	}{
		{login(401, "log in by password"), AsUser, "The login was refused (401).", "check username, password"},
		{login(401, "assume the agency"), AsAgency, "The login was refused (401).", "oidc:sub"},
		{login(404, "assume the agency"), AsAgency, "The login can't work as it is (404).", "compare provider_urn"},
		{login(403, "log in by the identity provider"), AsProvider, "The login was refused (403).", "compare idp_id"},
		{login(403, "get keys"), AsECS, "The login was refused (403).", "agency of this ECS"},
		{login(403, `look up project "cn-north-4"`), AsKeys, "The login was refused (403).", "iam:projects:listProjects"},
		{unfit, AsKeys, "The login can't work as it is.", ""},
		{ending(poll.ErrUnavailable, login(503, "assume the agency")), AsAgency, "The login gave no good answer (503); whether the task goes on is not known.", "trouble of its own"},
		{ending(poll.ErrUnavailable, login(0, "assume the agency")), AsAgency, "The login gave no good answer; whether the task goes on is not known.", "the service to log in at was not reached"},
		{dms, AsKeys, "The API refused the credentials (401).", "access_key and secret_key belong together"},
		{dms, AsToken, "The API refused the credentials (401).", "the token is wrong"},
		{dms, AsAgency, "The API refused the credentials (401).", "the login worked"},
	} {
		r := Report{Err: c.err, Result: Conclude(client.Task{}, c.err)}
		assert.Equal(t, c.message, r.Message())
		got := hint(r.Result, Asked{As: c.as, Endpoint: "https://dms.test"}, answerIn(c.err))
		if c.hint == "" {
			assert.Empty(t, got)
		} else {
			assert.Contains(t, got, c.hint)
		}
	}
}

func TestHintsAboutWhatStandsBetween(t *testing.T) {
	t.Parallel()
	wrap := func(err error) *client.Error {
		return &client.Error{Op: "get task", Err: &tls.CertificateVerificationError{Err: err}}
	}
	for want, e := range map[string]*client.Error{
		"for another host":                wrap(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "dms.test"}),
		"expired or not yet valid":        wrap(x509.CertificateInvalidError{Reason: x509.Expired}),
		"SSL_CERT_FILE":                   wrap(x509.UnknownAuthorityError{}),
		"does not answer as the API":      {Op: "get task", Answer: client.Answer{StatusCode: 302}},
		"whether a proxy or a login page": {Op: "get task", Answer: client.Answer{StatusCode: 200}, Err: errors.New("the answer is not the API's JSON")},
	} {
		assert.Contains(t, hint(Unavailable, Asked{Endpoint: "https://dms.test"}, e), want)
	}
}

func TestAnInterruptedWaitSaysThatTheTaskGoesOnOnlyIfItWasSeen(t *testing.T) {
	t.Parallel()
	err := Interrupt{Signal: 15}
	r := Report{Err: err, Result: Conclude(client.Task{}, err)}
	assert.Equal(t, "dmswait was interrupted by SIGTERM after 0 s.", r.Message())
	r.Task.Status = client.Executing
	assert.Equal(t, "dmswait was interrupted by SIGTERM after 0 s; the task goes on.", r.Message())
}
