package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Report is all that a finished wait has to tell. Every form of it, for people and for machines, is made from this one.
type Report struct {
	Result   Result
	Err      error         // why the task's end is not known; nil when it has ended
	TaskID   string        // the task followed; empty when it was looked for by name and not found
	Task     client.Task   // as last seen; zero when it never was
	Progress string        // the last percentage seen; empty when none was
	Waited   time.Duration // by this process
	Polls    int           // answers asked for about the task
	At       time.Time     // when the wait was over, by the local clock
	Hider    *Hider        // hides secrets that came back
}

// Message is one sentence in our own words. Nothing of the service is in it but status, code and ids.
func (r Report) Message() string {
	task := "The task"
	if id := r.Hider.Hide(r.TaskID); isPlain(id) {
		task = "Task " + id
	}
	status := r.plain(string(r.Task.Status))
	if status == "" {
		status = "running"
	}
	switch r.Result {
	case Success, Failure, Cancelled:
		if took := r.duration(); took != "" {
			return fmt.Sprintf("%s ended with %s after %s s.", task, status, took)
		}
		return fmt.Sprintf("%s ended with %s.", task, status)
	case Timeout:
		if answerIn(r.Err) != nil { // a missing or a failing one
			return fmt.Sprintf("%s was %s when it was last seen; after %s s of waiting, the last answer did not tell of it%s.", task, status, seconds(r.Waited), r.answered())
		}
		return fmt.Sprintf("%s was still %s after %s s of waiting.", task, status, seconds(r.Waited))
	case Running:
		return fmt.Sprintf("%s is %s.", task, status)
	case NotFound:
		if e := answerIn(r.Err); e != nil && e.NoSuchAPI() {
			return fmt.Sprintf("The endpoint has no such API%s.", r.answered())
		}
		return fmt.Sprintf("%s was not found%s.", task, r.answered())
	case Unavailable:
		who := "API"
		if r.atLogin() {
			who = "login"
		}
		return fmt.Sprintf("The %s gave no good answer%s; whether the task goes on is not known.", who, r.answered())
	case Denied:
		if r.atLogin() {
			return fmt.Sprintf("The login was refused%s.", r.answered())
		}
		return fmt.Sprintf("The API refused the credentials%s.", r.answered())
	case Usage:
		var faults Faults
		if errors.As(r.Err, &faults) {
			return fmt.Sprintf("The inputs are wrong: %s.", faults.inputs())
		}
		if r.atLogin() {
			return fmt.Sprintf("The login can't work as it is%s.", r.answered())
		}
		return fmt.Sprintf("The API calls the request wrong%s.", r.answered())
	case Internal:
		return "dmswait failed by a bug of its own."
	}
	after := ""
	var signal Interrupt
	if errors.As(r.Err, &signal) {
		after = fmt.Sprintf(" by %s after %s s", signal.name(), seconds(r.Waited))
	}
	if r.Task.Status == "" {
		return fmt.Sprintf("dmswait was interrupted%s.", after)
	}
	return fmt.Sprintf("dmswait was interrupted%s; the task goes on.", after)
}

// atLogin tells whether it was a login that decided.
func (r Report) atLogin() bool {
	e := answerIn(r.Err)
	return e != nil && e.Login
}

// inputs are the names of the inputs at fault.
func (f Faults) inputs() string {
	var names []string
	for _, fault := range f {
		name, _, _ := strings.Cut(fault, ":")
		if !isPlain(name) { // a path: the only fault that has one is of the profile
			name = "credentials_file"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// answered tells status and code of the answer that decided, in brackets.
func (r Report) answered() string {
	e := answerIn(r.Err)
	if e == nil || e.Answer.StatusCode == 0 || e.Answer.StatusCode == 200 {
		return ""
	}
	// A code that is none, or hides a secret, says nothing: the log has it as it was.
	if code := r.Hider.Hide(e.Code); isPlain(code) {
		return fmt.Sprintf(" (%d %s)", e.Answer.StatusCode, code)
	}
	return fmt.Sprintf(" (%d)", e.Answer.StatusCode)
}

// plain is what a message may hold of the service's text. Secrets go first: cut, they could not be told any more.
func (r Report) plain(text string) string { return plain(r.Hider.Hide(text)) }

// duration is the task's own time in seconds, or empty when it is not known.
func (r Report) duration() string {
	if d, ok := r.Task.Elapsed(r.At); ok {
		return seconds(d)
	}
	return ""
}

// seconds writes a duration in seconds, to the millisecond and without needless zeros.
func seconds(d time.Duration) string {
	// Duration.Seconds adds up two rounded numbers: of 1.118 s it makes 1.1179999999999999.
	return strconv.FormatFloat(float64(d.Round(time.Millisecond).Milliseconds())/1000, 'f', -1, 64)
}
