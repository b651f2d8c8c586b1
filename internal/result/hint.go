package result

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/target"
)

// hint returns what to do about a result; empty: that is not known.
func (r *Report) hint(request *Request) string {
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
	case r.Result == Unavailable, e.Misconfigured():
		return r.networkHint(e, request)
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
func (r *Request) spell(input, value string) string {
	if r.InActions {
		return input + ": " + value
	}
	return "--" + (&config.Input{Name: input}).Flag() + " " + value
}

func (r *Report) timeoutHint(request *Request) string {
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

func (r *Report) notFoundHint(e *client.Error) string {
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
func loginHint(login *credential.Error, request *Request) string {
	if login.Hint == "" && login.Reason == "" && login.Request.Denied() {
		return request.CredentialsHint
	}
	return login.Hint
}

func (r *Report) deniedHint(e *client.Error, request *Request) string {
	switch {
	case e.Forbidden():
		return fmt.Sprintf("grant the permission %s in this project (DMS ReadOnlyAccess includes it), and check project_id",
			r.permission())
	case e.OtherProject():
		return "the token is for another project: set project_id to the token's"
	}
	if signed, sent := signedHost(e.Message), host(request.Endpoint); signed != "" && !strings.EqualFold(signed, sent) {
		return fmt.Sprintf("the request was sent to the host %s, but arrived for the host %s, so its signature does not "+
			"verify: have the reverse proxy in between keep the Host header", sent, signed)
	}
	return request.CredentialsHint
}

// permission returns the action that the requests for the target need.
func (r *Report) permission() string {
	const task, instance = "dms:instance:getBackgroundTask", "dms:instance:get"
	switch r.Target.Until {
	case "":
		return task
	case target.Idle:
		return instance + " and " + task
	}
	return instance
}

// signedHost returns the host in the canonical request that the gateway shows where a signature does not verify;
// empty: it shows none.
func signedHost(message string) string {
	_, canonical, _ := strings.Cut(message, "canonicalRequest:")
	_, header, _ := strings.Cut(canonical, "|host:")
	signed, _, _ := strings.Cut(header, "|")
	return signed
}

// host returns the host of a URL, with its port.
func host(endpoint string) string {
	_, host, _ := strings.Cut(endpoint, "://")
	return host
}
