package report

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Asked is what was asked and of whom, for those who have to find out why the answer was no.
type Asked struct {
	Endpoint, Region, ProjectID, InstanceID string
	TaskName                                string    // empty when the task was asked for by its id
	Since                                   time.Time // with TaskName: the earliest creation time
	As                                      LoginKind
}

// LoginKind is how we log in, as far as hints differ.
type LoginKind int

// The kinds of login.
const (
	AsKeys     LoginKind = iota // an access key
	AsToken                     // a ready token
	AsAgency                    // keys of a trust agency, for an ID token
	AsProvider                  // keys by an identity provider, for an ID token
	AsUser                      // a user with a password
	AsECS                       // the agency of the machine
)

// Explain tells people what is behind the message of a report: lines that begin with "error: " or "hint: ", or give circumstances.
// There are none for a task that ended with SUCCESS.
func Explain(r Report, asked Asked) []string {
	var lines []string
	e := answerIn(r.Err)
	var faults Faults
	var bug Panic
	switch {
	case errors.As(r.Err, &faults):
		for _, fault := range faults {
			lines = append(lines, "error: "+fault)
		}
		return lines
	case errors.As(r.Err, &bug):
		return bug.lines()
	case e != nil:
		lines = append(lines, "error: "+r.Hider.Error(e))
	}
	if r.TaskID != "" { // found by name, it was asked for by its id from then on
		asked.TaskName = ""
	}
	if r.Result == NotFound && e != nil {
		lines = append(lines, asked.String())
		lines = append(lines, listing(e, asked, r.Hider)...)
	}
	if hint := hint(r.Result, asked, e); hint != "" {
		lines = append(lines, "hint: "+hint)
	}
	return lines
}

func (a Asked) String() string {
	region := a.Region
	if region == "" {
		region = "not given"
	}
	return fmt.Sprintf("asked %s (region %s), project %s, instance %s", a.Endpoint, region, a.ProjectID, a.InstanceID)
}

// listing tells which tasks are there when none had the name asked for.
func listing(e *client.Error, asked Asked, hider *Hider) []string {
	if asked.TaskName == "" || e.Answer.StatusCode != 200 {
		return nil
	}
	if len(e.Seen) == 0 {
		return []string{"the instance has no tasks"}
	}
	const most = 10
	now := time.Now()
	var shown []string
	for _, task := range e.Seen[:min(len(e.Seen), most)] {
		age := "age unknown"
		if created, ok := task.Created(); ok {
			if server, ok := task.Answer.Clock(now); ok {
				age = Human(max(0, server.Sub(created)).Round(time.Second)) + " old"
			}
		}
		shown = append(shown, fmt.Sprintf("%s (%s, %s)", shorten(hider.Hide(task.Name)), age, shorten(hider.Hide(string(task.Status)))))
	}
	line := fmt.Sprintf("looked for %q created since %s; there are: %s", asked.TaskName, asked.Since.UTC().Format(time.RFC3339), strings.Join(shown, ", "))
	if more := len(e.Seen) - most; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	lines := []string{line}
	if len(e.Seen) >= client.PageSize && allSince(e.Seen, asked.Since) {
		lines = append(lines, fmt.Sprintf("the page of %d tasks holds only ones created since then: the one looked for may be behind it", client.PageSize))
	}
	return lines
}

func allSince(tasks []client.Task, since time.Time) bool {
	for _, task := range tasks {
		if created, ok := task.Created(); ok && created.Before(since) {
			return false
		}
	}
	return true
}

func shorten(text string) string {
	return cut(text, 64)
}

// answerIn finds the answer that an error is about.
func answerIn(err error) *client.Error {
	var e *client.Error
	errors.As(err, &e)
	return e
}
