package output

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sethvargo/go-githubactions"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

const (
	// minChart is the shortest wait whose summary has a chart of its timeline.
	minChart = time.Minute
	// maxParams is how much of params a summary shows, in characters.
	maxParams = 2000
	// maxCell is how much of any other text of the service a cell shows, in characters.
	maxCell = 64
)

// JobSummary is the destination GITHUB_STEP_SUMMARY: a page about the wait, in Markdown.
type JobSummary struct {
	Path     string
	Timeline *Timeline
}

// Name returns GITHUB_STEP_SUMMARY.
func (s JobSummary) Name() string { return "GITHUB_STEP_SUMMARY" }

// Required returns false: a summary that cannot be written is not worth an exit code.
func (s JobSummary) Required() bool { return false }

// Files returns the file.
func (s JobSummary) Files() []File { return []File{{Path: s.Path, Appends: true}} }

// Check returns nil: a summary that cannot be written is no reason not to wait.
func (s JobSummary) Check() error { return nil }

// Write appends to the summary.
func (s JobSummary) Write(r *result.Report) error {
	if err := checkRunnersFile(s.Path); err != nil {
		return err
	}
	text := summary(r, s.Timeline)
	action := githubactions.New(githubactions.WithGetenv(func(string) string { return s.Path }))
	err := recovered(func() { action.AddStepSummary(text) })
	if system := (*fs.PathError)(nil); errors.As(err, &system) {
		return system // without the library's words: it is not a command that could not be written
	}
	return err
}

// summary returns a report as Markdown.
func summary(r *result.Report, timeline *Timeline) string {
	name := words(r.Result)
	var b strings.Builder
	fmt.Fprintf(&b, "### %s dmswait: %s\n\n%s\n\n", icon(r.Result), name, sanitize.Markdown(r.Message()))
	if len(r.All) > 1 {
		writeTargets(&b, r)
	} else {
		writeTable(&b, []string{"result", name}, facts(r))
	}
	if r.Progress != nil && len(r.Progress.Steps) > 0 && len(r.All) < 2 {
		var steps [][]string
		for _, step := range r.Progress.Steps {
			steps = append(steps, []string{shown(r, step.Name), shown(r, step.State)})
		}
		b.WriteString("\n")
		writeTable(&b, []string{"step", "state"}, steps)
	}
	if r.Waited >= minChart {
		b.WriteString("\n" + timeline.gantt(r))
	}
	return b.String()
}

func words(r result.Result) string { return strings.ReplaceAll(r.Name, "_", " ") }

func waited(r *result.Report) string {
	polls := "1 poll"
	if r.Polls != 1 {
		polls = fmt.Sprintf("%d polls", r.Polls)
	}
	return result.Human(r.Waited) + ", " + polls
}

// facts returns what is known about the target and the wait, as rows of a table.
func facts(r *result.Report) [][]string {
	elapsed, elapsedName := "", "task age"
	if d, ok := r.State.Task.Elapsed(r.At); ok {
		elapsed = result.Human(d)
	}
	if r.State.Standing.Ended() {
		elapsedName = "task took"
	}
	progress := ""
	if r.Progress != nil {
		progress = fmt.Sprintf("%d%%", r.Progress.Percent)
	}
	params, _ := sanitize.RedactParams(r.State.Task.Params, r.Secrets)
	rows := [][]string{
		{"task", shown(r, r.State.Task.Name)},
		{"task id", r.Secrets.Redact(r.Target.TaskID)},
		{"instance", r.Secrets.Redact(r.Target.InstanceID)},
		{"status", shown(r, string(r.State.Status))},
		{elapsedName, elapsed},
		{"progress", progress},
		{"waited", waited(r)},
		{"exit code", strconv.Itoa(r.Result.Code)},
		{"params", sanitize.Truncate(params, maxParams)},
	}
	return slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" })
}

// maxTargetsSize is how many bytes the table of targets may have: GitHub drops a summary of more than 1 MiB.
const maxTargetsSize = 900_000

// writeTargets writes a row for each of several targets, and what is known about the wait. The targets' numbers are
// those of the chart's sections.
func writeTargets(b *strings.Builder, r *result.Report) {
	facts := [][]string{{"exit code", strconv.Itoa(r.Result.Code)}}
	instance := onlyInstance(r.All)
	head := []string{"", "task", "name", "result", "status", "time"}
	if r.Target.Until != "" {
		head = []string{"", "instance", "result", "status"}
	} else if instance != "" {
		facts = append(facts, []string{"instance", r.Secrets.Redact(instance)})
	}
	writeTable(b, head, nil)
	for i := range r.All {
		if b.Len() > maxTargetsSize {
			facts = append(facts, []string{"not shown", fmt.Sprintf("%d more", len(r.All)-i)})
			break
		}
		writeRow(b, append([]string{strconv.Itoa(i + 1)}, targetRow(&r.All[i], instance == "")...))
	}
	b.WriteString("\n")
	writeTable(b, []string{"waited", waited(r)}, facts)
}

// onlyInstance returns the instance that all targets are of; empty: there are several.
func onlyInstance(all []result.Report) string {
	instance := all[0].Target.InstanceID
	for i := range all {
		if !strings.EqualFold(all[i].Target.InstanceID, instance) {
			return ""
		}
	}
	return instance
}

// targetRow returns what a row shows of one of several targets.
func targetRow(r *result.Report, withInstance bool) []string {
	id, status := r.Target.InstanceID, shown(r, string(r.State.Status))
	if r.Target.Until != "" {
		return []string{r.Secrets.Redact(id), words(r.Result), status}
	}
	switch {
	case !withInstance:
		id = r.Target.TaskID
	case r.Target.TaskID != "": // else it was not found by its name
		id += "/" + r.Target.TaskID
	}
	took := ""
	if d, ok := r.State.Task.Elapsed(r.At); ok {
		took = result.Human(d)
	}
	return []string{r.Secrets.Redact(id), shown(r, r.State.Task.Name), words(r.Result), status, took}
}

// shown returns text of the service as a cell shows it. Secrets are redacted before anything is truncated,
// because half a secret cannot be recognized.
func shown(r *result.Report, text string) string {
	return sanitize.Truncate(r.Secrets.Redact(text), maxCell)
}

func writeTable(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, row := range rows {
		writeRow(b, row)
	}
}

func writeRow(b *strings.Builder, row []string) {
	for _, cell := range row {
		b.WriteString("| " + sanitize.Markdown(cell) + " ")
	}
	b.WriteString("|\n")
}

func icon(r result.Result) string {
	switch r {
	case result.Success:
		return ":white_check_mark:"
	case result.Timeout, result.Running:
		return ":hourglass:"
	}
	return ":x:"
}
