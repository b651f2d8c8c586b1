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
	Endpoint, Region, ProjectID, InstanceID string
	TaskName                                string    // empty when the task was requested by its id
	Since                                   time.Time // with TaskName: the earliest creation time
	CredentialsHint                         string    // what to do where DMS refuses the credentials
	InActions                               bool      // inputs are given in a workflow, not by flags
}

// Line is one line of an explanation.
type Line struct {
	Kind LineKind
	Text string // may hold the service's text: it has to be made safe before it is printed
}

// LineKind is what a line is for.
type LineKind int

// The kinds of lines.
const (
	ErrorLine  LineKind = iota // what went wrong
	HintLine                   // what to do about it
	DetailLine                 // circumstances
)

// Explain returns what is behind a report's message. There is nothing to explain where the task ended with SUCCESS.
func Explain(r Report, request Request) []Line {
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
	e := responseError(r.Err)
	if e != nil {
		lines = append(lines, Line{ErrorLine, e.Text(r.Secrets.Redact)})
	}
	if r.TaskID != "" { // once found by name, the task is requested by its id
		request.TaskName = ""
	}
	if r.Result == NotFound && e != nil {
		lines = append(lines, Line{DetailLine, request.String()})
		lines = append(lines, r.listTasks(e, request)...)
	}
	if hint := hint(r, request); hint != "" {
		lines = append(lines, Line{HintLine, hint})
	}
	return lines
}

// String says what was requested from whom.
func (r Request) String() string {
	region := r.Region
	if region == "" {
		region = "not set"
	}
	return fmt.Sprintf("endpoint %s (region %s), project %s, instance %s", r.Endpoint, region, r.ProjectID, r.InstanceID)
}

// listTasks says which tasks exist, where none matches the requested name.
func (r Report) listTasks(e *client.Error, request Request) []Line {
	var none *client.NoTaskError
	if request.TaskName == "" || !errors.As(e, &none) {
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
		word := func(text string) string { return sanitize.Truncate(r.Secrets.Redact(text), maxWord) }
		shown = append(shown, fmt.Sprintf("%s (%s, %s)", word(task.Name), age, word(string(task.Status))))
	}
	line := fmt.Sprintf("no task %q was created since %s; existing tasks: %s",
		request.TaskName, request.Since.UTC().Format(time.RFC3339), strings.Join(shown, ", "))
	if more := len(none.Listed) - maxShown; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	lines := []Line{{DetailLine, line}}
	if len(none.Listed) >= client.PageSize && allSince(none.Listed, request.Since) {
		lines = append(lines, Line{DetailLine, fmt.Sprintf(
			"all %d tasks of the page were created since then: the task may be on a later page", client.PageSize)})
	}
	return lines
}

// maxWord is how many bytes of one value of the service a line shows.
const maxWord = 64

func allSince(tasks []client.Task, since time.Time) bool {
	for _, task := range tasks {
		if created, ok := task.Created(); ok && created.Before(since) {
			return false
		}
	}
	return true
}
