package result

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// Request is what was requested and from whom, for those who have to find out why the wait ended as it did.
type Request struct {
	Endpoint, Region, ProjectID string
	Since                       time.Time // with a task's name: the earliest creation time
	CredentialsHint             string    // what to do where the credentials are refused
	SucceedOn                   []string  // results that exit 0 as well
	InActions                   bool      // inputs are given in a workflow, not by flags
	Debug                       bool      // the service's words are wanted in full
}

// Line is one line of an explanation.
type Line struct {
	Kind LineKind
	Text string // may contain the service's text: it has to be made safe before it is printed
}

// LineKind is what a line is for.
type LineKind int

// The kinds of lines.
const (
	ErrorLine  LineKind = iota // what went wrong
	HintLine                   // what to do about it
	DetailLine                 // more about the error
)

// Explain returns the explanation of a report's message. It is empty where the task ended with SUCCESS.
func Explain(r *Report, request *Request) []Line {
	var faults config.Faults
	var bug Panic
	switch {
	case errors.As(r.Err, &faults):
		var lines []Line
		for _, fault := range faults {
			lines = append(lines, Line{ErrorLine, fault.Text})
		}
		return lines
	case errors.As(r.Err, &bug):
		return bug.Lines()
	}
	var lines []Line
	if e := responseError(r.Err); e != nil {
		text := e.Text
		if request.Debug {
			text = e.FullText
		}
		lines = append(lines, Line{ErrorLine, text(r.Secrets.Redact)})
		if login := loginError(r.Err); login != nil && login.Detail != "" {
			lines = append(lines, Line{DetailLine, login.Detail})
		}
		if r.Result == NotFound {
			lines = append(lines, Line{DetailLine, r.requested(request)})
			lines = append(lines, r.listTasks(e, request)...)
		}
	}
	if hint := r.hint(request); hint != "" {
		lines = append(lines, Line{HintLine, hint})
	}
	return lines
}

// isSearch reports whether the task was to be found by its name, and was not: later it is requested by its id.
func (r *Report) isSearch() bool { return r.Target.TaskName != "" && r.Target.TaskID == "" }

// requested returns what was requested from whom.
func (r *Report) requested(request *Request) string {
	task, region := "", request.Region
	if r.isSearch() {
		task = fmt.Sprintf("a task named %q created since %s, of ",
			r.Target.TaskName, request.Since.UTC().Format(time.RFC3339))
	}
	if region == "" {
		region = "not set"
	}
	return fmt.Sprintf("requested: %sinstance %s in project %s at %s (region %s)",
		task, r.Target.InstanceID, request.ProjectID, request.Endpoint, region)
}

// listTasks returns which tasks exist, where none matched the requested name.
func (r *Report) listTasks(e *client.Error, request *Request) []Line {
	var none *client.NoTaskError
	if !r.isSearch() || !errors.As(e, &none) {
		return nil
	}
	if len(none.Listed) == 0 {
		return []Line{{DetailLine, "the instance has no tasks"}}
	}
	const maxShown = 10
	var shown []string
	for _, task := range none.Listed[:min(len(none.Listed), maxShown)] {
		age := "age unknown"
		if old, ok := task.Age(r.At); ok {
			age = Human(old.Round(time.Second)) + " old"
		}
		shown = append(shown, fmt.Sprintf("%s (%s, %s)", r.short(task.Name), age, r.short(string(task.Status))))
	}
	line := "existing tasks: " + strings.Join(shown, ", ")
	if more := len(none.Listed) - maxShown; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	lines := []Line{{DetailLine, line}}
	if len(none.Listed) >= client.PageSize && allSince(none.Listed, request.Since) {
		lines = append(lines, Line{DetailLine, fmt.Sprintf(
			"only the newest %d tasks were searched, and all of them were created since then: the task may be an older one",
			client.PageSize)})
	}
	return lines
}

// short returns as much of one value of the service as a line shows.
func (r *Report) short(text string) string { return sanitize.Truncate(r.Secrets.Redact(text), 64) }

func allSince(tasks []client.Task, since time.Time) bool {
	for _, task := range tasks {
		if created, ok := task.Created(); ok && created.Before(since) {
			return false
		}
	}
	return true
}
