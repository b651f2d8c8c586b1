package result

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// hint returns what to do about a result; empty: that is not known.
func (r Report) hint(request Request) string {
	e, login := responseError(r.Err), loginError(r.Err)
	switch {
	case r.Result == Failure && r.Target.Until != "":
		return "the instance does not recover from this status by itself: see it in the cloud console"
	case r.Result == Failure:
		return "the API does not say why a task failed: see the instance's background tasks in the cloud console"
	case r.Result == Timeout && e != nil:
		return "to see the task's state, poll once with " + request.spell("timeout", "0")
	case r.Result == Timeout:
		return r.timeoutHint(request)
	case e == nil:
		return ""
	case r.Result == NotFound:
		return r.notFoundHint(e)
	case r.Result == Unavailable, errors.Is(r.Err, poll.ErrMisconfigured):
		return r.unavailableHint(e, request)
	case login != nil && (r.Result == Denied || r.Result == Usage):
		return loginHint(login, request)
	case r.Result == Denied:
		return r.deniedHint(e, request)
	case r.Result == Usage:
		return "check that region, project_id, instance_id and task_id belong together"
	}
	return ""
}

// spell returns an input with a value as it is given where this run was started.
func (r Request) spell(input, value string) string {
	if r.InActions {
		return input + ": " + value
	}
	return "--" + config.Input{Name: input}.Flag() + " " + value
}

func (r Report) timeoutHint(request Request) string {
	hint := fmt.Sprintf("raise timeout, or use %s to exit 0", request.spell("succeed_on", Timeout.Name))
	if slices.Contains(request.SucceedOn, Timeout.Name) {
		hint = "to wait longer, raise timeout"
	}
	switch _, open, _ := r.count(); {
	case r.Target.Until != "":
		return hint
	case open > 1:
		return "the tasks keep running: " + hint
	}
	return "the task keeps running: " + hint
}

func (r Report) notFoundHint(e *client.Error) string {
	var none *client.NoTaskError
	switch {
	case e.NoSuchAPI():
		return "check region and endpoint"
	case r.isSearch() && errors.As(e, &none):
		return "set since to just before the call that starts the task, using a correct clock; " +
			"names are case-sensitive and must match exactly"
	}
	if r.Target.Until != "" {
		return "check that region, project and instance belong together"
	}
	return "check that region, project, instance and task belong together; " +
		"the ids of scheduled, migration and connector tasks belong to other APIs"
}

// loginHint returns what to do about a login that was refused. One without a hint of its own used credentials
// that the user gave.
func loginHint(login *credential.Error, request Request) string {
	if login.Hint == "" && login.Reason == "" && login.Request.Denied() {
		return request.CredentialsHint
	}
	return login.Hint
}

func (r Report) deniedHint(e *client.Error, request Request) string {
	switch {
	case e.Forbidden():
		return fmt.Sprintf("grant the permission %s in this project (DMS ReadOnlyAccess includes it), and check project_id",
			r.permission())
	case e.OtherProject():
		return "the token is for another project: set project_id to the token's"
	}
	return request.CredentialsHint
}

// permission returns the action that the requests for the target need.
func (r Report) permission() string {
	const task, instance = "dms:instance:getBackgroundTask", "dms:instance:get"
	switch r.Target.Until {
	case "":
		return task
	case target.Idle:
		return instance + " and " + task
	}
	return instance
}

func (r Report) unavailableHint(e *client.Error, request Request) string {
	login := loginError(r.Err)
	address, check := request.Endpoint, "the network, the proxy and the endpoint"
	if login != nil {
		address, check = login.Service, "the network and the proxy"
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var proxy *client.ProxyError
	switch {
	case login != nil && login.Reason != "":
		return login.Hint
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host name %s does not exist: check region and endpoint", dns.Name)
	case errors.As(e.Err, &certificate):
		return certificateHint(certificate)
	case errors.As(e.Err, &proxy) && proxy.LoginRequired():
		return "the proxy requires a login: HTTPS_PROXY=http://user:password@host:port"
	case e.Throttled():
		return "too many requests from this account: poll less often (interval, max_interval), " +
			"or wait for fewer tasks at once"
	case !e.Answered():
		return fmt.Sprintf("could not reach %s: check %s", address, check)
	case e.Unexpected():
		return fmt.Sprintf("%s did not return the API's JSON: check region and endpoint, "+
			"and whether a proxy or a login page is in between", address)
	}
	return r.service() + " is failing: run again later, or raise max_outage"
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
		"set SSL_CERT_FILE to the file of its CA"
}
