package report

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
)

// hint tells what to do, where that is known; e is the answer that decided, or nil.
func hint(result Result, asked Asked, e *client.Error) string {
	switch {
	case result == Failure:
		return "the API does not say why a task failed: look at the instance's background tasks in the console"
	case result == Timeout && e != nil:
		return "how the task stands now is not known: look once more, with timeout 0"
	case result == Timeout:
		return "the task goes on: give it longer with timeout, or exit 0 with succeed_on: timeout"
	case e == nil:
		return ""
	case result == NotFound:
		return notFoundHint(asked, e)
	case result == Unavailable:
		return unavailableHint(asked, e)
	case e.Login && (result == Denied || result == Usage):
		return loginHint(asked, e)
	case result == Denied:
		return deniedHint(asked, e)
	case result == Usage:
		return "compare region, project_id, instance_id and task_id with the console: they must belong together"
	}
	return ""
}

func notFoundHint(asked Asked, e *client.Error) string {
	switch {
	case e.NoSuchAPI():
		return "check region and endpoint"
	case asked.TaskName != "" && e.Answer.StatusCode == 200:
		return "take since just before the call that starts the task, by a right clock; the name must be equal to the letter"
	}
	return "check that region, project, instance and task belong together; scheduled, migration and connector tasks have ids of other APIs, which this one does not know"
}

// loginHint is about logins that were refused, or can't work.
func loginHint(asked Asked, e *client.Error) string {
	switch {
	case e.Unfit: // the error itself says what to do
		return ""
	case strings.HasPrefix(e.Op, "look up project"):
		return "give project_id, or the permission iam:projects:listProjects"
	case asked.As == AsAgency:
		return "compare provider_urn, agency_urn and oidc_audience with the console, and the token's subject with the trust policy's oidc:sub; in GitHub Actions the job needs the permission id-token: write"
	case asked.As == AsProvider:
		return "compare idp_id with the console, and the token's issuer, audience and subject with the identity provider's rules"
	case asked.As == AsUser:
		return "check username, password and domain_name (the account); the user must be allowed to log in by program"
	case asked.As == AsECS:
		return "check the agency of this ECS"
	}
	return ""
}

func deniedHint(asked Asked, e *client.Error) string {
	switch {
	case e.Answer.StatusCode == 403:
		return "grant the permission dms:instance:getBackgroundTask in this project (DMS ReadOnlyAccess has it); check project_id, too"
	case e.Code == "DMS.10240104":
		return "the token is for another project: project_id must be the token's"
	case asked.As == AsToken:
		return "the token is wrong, expired (they live 24 hours at most) or for another region: get a new one"
	case asked.As == AsKeys:
		return "check that access_key and secret_key belong together and are active; temporary keys need their security_token and expire; do not try wrong keys often: more than 5 failures in a row lock an access key for 5 minutes"
	}
	return "the login worked, but what it brought was refused: check region and project_id"
}

func unavailableHint(asked Asked, e *client.Error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var proxy *client.ProxyError
	status, who := e.Answer.StatusCode, asked.Endpoint
	if e.Login {
		who = "the service to log in at"
	}
	switch {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host name %s does not exist: check region and endpoint", dns.Name)
	case errors.As(e.Err, &certificate):
		return certificateHint(certificate)
	case errors.As(e.Err, &proxy) && proxy.StatusCode == 407:
		return "the proxy wants a login: HTTPS_PROXY=http://user:password@host:port"
	case e.Throttled():
		return "the account's requests are throttled: poll less often (interval, max_interval), or wait for fewer tasks at once"
	case status == 0:
		return fmt.Sprintf("%s was not reached, or did not answer: check network, proxy and endpoint", who)
	case status/100 == 2 || status/100 == 3:
		return fmt.Sprintf("%s does not answer as the API does: check region and endpoint, and whether a proxy or a login page stands between", who)
	}
	return "the API has trouble of its own: run it again, or bear with it for longer by max_outage"
}

func certificateHint(err error) string {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return "the certificate is for another host: check the endpoint"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate is expired or not yet valid: check the local clock, and the endpoint"
	}
	return "the server's certificate is not trusted: behind a proxy that replaces certificates, name its CA's file in SSL_CERT_FILE"
}
