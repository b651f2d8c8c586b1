package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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
func (s JobSummary) Write(r result.Report) error {
	if info, err := os.Stat(s.Path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return errors.New("it is a named pipe") // opening it would wait for a reader
	}
	text := summary(r, s.Timeline)
	action := githubactions.New(githubactions.WithGetenv(func(string) string { return s.Path }))
	return recovered(func() { action.AddStepSummary(text) })
}

// summary returns a report as Markdown.
func summary(r result.Report, timeline *Timeline) string {
	name := strings.ReplaceAll(r.Result.Name, "_", " ")
	var b strings.Builder
	fmt.Fprintf(&b, "### %s dmswait: %s\n\n%s\n\n", icon(r.Result), name, sanitize.Markdown(r.Message()))
	writeTable(&b, [2]string{"result", name}, facts(r))
	if r.Progress != nil && len(r.Progress.Steps) > 0 {
		var steps [][2]string
		for _, step := range r.Progress.Steps {
			steps = append(steps, [2]string{shown(r, step.Name), shown(r, step.State)})
		}
		b.WriteString("\n")
		writeTable(&b, [2]string{"step", "state"}, steps)
	}
	if r.Waited >= minChart {
		b.WriteString("\n" + timeline.gantt(r.Result, r.Waited))
	}
	return b.String()
}

// facts returns what is known about the task and the wait, as rows of a table.
func facts(r result.Report) [][2]string {
	elapsed, elapsedName := "", "task age"
	if d, ok := r.State.Task.Elapsed(r.At); ok {
		elapsed = result.Human(d)
	}
	if r.State.Standing.Ended() {
		elapsedName = "task took"
	}
	progress, polls := "", "1 poll"
	if r.Progress != nil {
		progress = fmt.Sprintf("%d%%", r.Progress.Percent)
	}
	if r.Polls != 1 {
		polls = fmt.Sprintf("%d polls", r.Polls)
	}
	params, _ := sanitize.RedactParams(r.State.Task.Params, r.Secrets)
	rows := [][2]string{
		{"task", shown(r, r.State.Task.Name)},
		{"task id", r.Secrets.Redact(r.Target.TaskID)},
		{"instance", r.Secrets.Redact(r.Target.InstanceID)},
		{"status", shown(r, string(r.State.Status))},
		{elapsedName, elapsed},
		{"progress", progress},
		{"waited", result.Human(r.Waited) + ", " + polls},
		{"exit code", strconv.Itoa(r.Result.Code)},
		{"params", sanitize.Truncate(params, maxParams)},
	}
	return slices.DeleteFunc(rows, func(row [2]string) bool { return row[1] == "" })
}

// shown returns text of the service as a cell shows it. Secrets are redacted before anything is truncated,
// because half a secret cannot be recognized.
func shown(r result.Report, text string) string {
	return sanitize.Truncate(r.Secrets.Redact(text), maxCell)
}

func writeTable(b *strings.Builder, head [2]string, rows [][2]string) {
	fmt.Fprintf(b, "| %s | %s |\n| --- | --- |\n", head[0], head[1])
	for _, row := range rows {
		fmt.Fprintf(b, "| %s | %s |\n", sanitize.Markdown(row[0]), sanitize.Markdown(row[1]))
	}
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
