package result

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// Report is everything that a finished wait has to say. Every form of it, for people and for machines, is made from
// this one.
type Report struct {
	Result   Result
	Err      error            // why the task's end is not known; nil when it has ended
	TaskID   string           // the task followed; empty when it was not found by name
	Task     client.Task      // as last seen; zero when it never was
	Progress *client.Progress // as last seen; nil when it never was
	Waited   time.Duration    // by this process
	Polls    int              // status requests sent
	At       time.Time        // the end of the wait, by the local clock
	Secrets  *sanitize.Secrets
}

// Message returns one sentence in our own words. Of the service's text it contains the status, the code and ids only,
// and it names no host, region or project.
func (r Report) Message() string {
	task := capitalized(r.task())
	switch r.Result {
	case Success, Failure, Cancelled:
		if took, ok := r.Task.Elapsed(r.At); ok {
			return fmt.Sprintf("%s ended with %s after %s.", task, r.status(), Human(took))
		}
		return fmt.Sprintf("%s ended with %s.", task, r.status())
	case Timeout:
		return r.timedOut()
	case Running:
		return fmt.Sprintf("%s is %s.", task, r.status())
	case NotFound:
		if e := responseError(r.Err); e != nil && e.NoSuchAPI() {
			return fmt.Sprintf("The endpoint has no such API%s.", r.cause())
		}
		return fmt.Sprintf("%s was not found%s.", task, r.cause())
	case Unavailable:
		return r.unavailable()
	case Denied:
		return r.denied()
	case Usage:
		return r.usage()
	}
	if r.Result.Name == interrupted {
		return r.interrupted()
	}
	return "Internal error: this is a bug in dmswait." // Internal, and a result without a message
}

func (r Report) timedOut() string {
	if responseError(r.Err) != nil { // the last response was missing or failing
		return fmt.Sprintf("Timed out after %s: %s was %s when last seen; its state is now unknown%s.",
			Human(r.Waited), r.task(), r.status(), r.cause())
	}
	return fmt.Sprintf("Timed out after %s: %s is still %s.", Human(r.Waited), r.task(), r.status())
}

func (r Report) unavailable() string {
	problem := r.trouble(responseError(r.Err))
	if login := loginError(r.Err); login != nil && login.Reason != "" {
		problem = "Login failed: " + login.Reason
	}
	return problem + "; the task's state is unknown."
}

func (r Report) denied() string {
	problem, e := r.service()+" refused the credentials", responseError(r.Err)
	if e != nil && e.Foreign {
		return r.trouble(e) + "."
	}
	if e != nil && e.Forbidden() {
		problem = "permission denied by " + r.service()
	}
	if loginError(r.Err) != nil {
		return fmt.Sprintf("Login failed: %s%s.", problem, r.cause())
	}
	return fmt.Sprintf("%s%s.", capitalized(problem), r.cause())
}

func (r Report) usage() string {
	var faults config.Faults
	if errors.As(r.Err, &faults) {
		return fmt.Sprintf("Invalid input: %s.", strings.Join(faults.Inputs(), ", "))
	}
	login, e := loginError(r.Err), responseError(r.Err)
	switch {
	case e != nil && e.Misconfigured():
		return r.trouble(e) + "; the task's state is unknown."
	case login == nil:
		return fmt.Sprintf("The API rejected the request%s.", r.cause())
	case login.Reason != "":
		return fmt.Sprintf("Login failed: %s.", login.Reason)
	}
	return fmt.Sprintf("Login failed: %s rejected the request%s.", r.service(), r.cause())
}

func (r Report) interrupted() string {
	var signal Interrupt
	by := ""
	if errors.As(r.Err, &signal) {
		by = fmt.Sprintf(" by %s after %s", signal.Name(), Human(r.Waited))
	}
	if r.Task.Status == "" {
		return fmt.Sprintf("Interrupted%s.", by)
	}
	return fmt.Sprintf("Interrupted%s; the task keeps running.", by)
}

// task names the task within a sentence. An id that is no word may contain anything: it is left out.
func (r Report) task() string {
	if id := r.Secrets.Redact(r.TaskID); sanitize.IsWord(id) {
		return "task " + id
	}
	return "the task"
}

// status returns the status as a word. Secrets are redacted before it is truncated: half a secret cannot be
// recognized.
func (r Report) status() string {
	if status := sanitize.Word(r.Secrets.Redact(string(r.Task.Status))); status != "" {
		return status
	}
	return "running"
}

// service names, within a sentence, the service whose response decided.
func (r Report) service() string {
	if login := loginError(r.Err); login != nil {
		return login.Service
	}
	return "the API"
}

// cause returns the status and code of the response that decided, or the proxy's status, in parentheses; empty: there
// was none.
func (r Report) cause() string {
	e := responseError(r.Err)
	if e != nil && e.AtProxy() != nil && e.AtProxy().StatusCode != 0 {
		return fmt.Sprintf(" (%d)", e.AtProxy().StatusCode)
	}
	if e == nil || !e.Answered() || e.Response.StatusCode == http.StatusOK {
		return ""
	}
	if code := r.Secrets.Redact(e.Code); sanitize.IsWord(code) {
		return fmt.Sprintf(" (%d %s)", e.Response.StatusCode, code)
	}
	return fmt.Sprintf(" (%d)", e.Response.StatusCode)
}

// capitalized returns text as the beginning of a sentence.
func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// responseError returns the failed request that an error is about, or nil.
func responseError(err error) *client.Error {
	var e *client.Error
	errors.As(err, &e)
	return e
}

// loginError returns the failed login that an error is about, or nil.
func loginError(err error) *credential.Error {
	var e *credential.Error
	errors.As(err, &e)
	return e
}
