package result

import (
	"errors"
	"fmt"
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

// Message returns one sentence in our own words. Of the service's text it holds the status, the code and ids only, and
// it names no host, region or project.
func (r Report) Message() string {
	switch r.Result {
	case Success, Failure, Cancelled:
		if took, ok := r.Task.Elapsed(r.At); ok {
			return fmt.Sprintf("%s ended with %s after %s.", r.task(), r.status(), Human(took))
		}
		return fmt.Sprintf("%s ended with %s.", r.task(), r.status())
	case Timeout:
		if responseError(r.Err) != nil { // the last response was missing or failing
			return fmt.Sprintf("%s was last seen %s; after %s its state is unknown%s.",
				r.task(), r.status(), Human(r.Waited), r.cause())
		}
		return fmt.Sprintf("%s was still %s after %s.", r.task(), r.status(), Human(r.Waited))
	case Running:
		return fmt.Sprintf("%s is %s.", r.task(), r.status())
	case NotFound:
		if e := responseError(r.Err); e != nil && e.NoSuchAPI() {
			return fmt.Sprintf("The endpoint has no such API%s.", r.cause())
		}
		return fmt.Sprintf("%s was not found%s.", r.task(), r.cause())
	case Unavailable:
		service := r.service()
		return fmt.Sprintf("%s returned no valid response%s; the task's state is unknown.",
			strings.ToUpper(service[:1])+service[1:], r.cause())
	case Denied:
		return r.denied()
	case Usage:
		return r.usage()
	case Internal:
		return "Internal error: this is a bug in dmswait."
	}
	return r.interrupted()
}

func (r Report) denied() string {
	e := responseError(r.Err)
	switch {
	case loginError(r.Err) != nil:
		return fmt.Sprintf("Login failed: %s refused the credentials%s.", r.service(), r.cause())
	case e != nil && e.Forbidden():
		return fmt.Sprintf("Permission denied by the API%s.", r.cause())
	}
	return fmt.Sprintf("The API refused the credentials%s.", r.cause())
}

func (r Report) usage() string {
	var faults config.Faults
	if errors.As(r.Err, &faults) {
		return fmt.Sprintf("Invalid input: %s.", strings.Join(faults.Inputs(), ", "))
	}
	login := loginError(r.Err)
	switch {
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

func (r Report) task() string {
	if sanitize.IsWord(r.TaskID) {
		return "Task " + r.TaskID
	}
	return "The task"
}

func (r Report) status() string {
	// Secrets are redacted before anything is truncated: half a secret cannot be recognized.
	if status := sanitize.Word(r.Secrets.Redact(string(r.Task.Status))); status != "" {
		return status
	}
	return "running"
}

// service names who returned the response that decided, as within a sentence.
func (r Report) service() string {
	if login := loginError(r.Err); login != nil {
		return login.Service
	}
	return "the API"
}

// cause returns the status and code of the response that decided, in parentheses; empty: there was none.
func (r Report) cause() string {
	e := responseError(r.Err)
	if e == nil || e.Response.StatusCode == 0 || e.Response.StatusCode == 200 {
		return ""
	}
	if code := r.Secrets.Redact(e.Code); sanitize.IsWord(code) {
		return fmt.Sprintf(" (%d %s)", e.Response.StatusCode, code)
	}
	return fmt.Sprintf(" (%d)", e.Response.StatusCode)
}

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

// Human writes a duration as people say it: 300ms, 5.2s, 1m30s, 1h.
func Human(d time.Duration) string {
	switch {
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
