package output

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

const (
	// minChart is how long a wait must be for its timeline to be worth a chart.
	minChart = time.Minute
	// maxParams is how much of params a summary shows, in bytes.
	maxParams = 2000
	// maxCell is how much of any other text of the service a cell shows, in bytes.
	maxCell = 64
)

// JobSummary is the destination GITHUB_STEP_SUMMARY: a page about the wait, in Markdown.
type JobSummary struct {
	Path     string
	Actions  *Actions
	Timeline *Timeline
}

// Name returns GITHUB_STEP_SUMMARY.
func (s JobSummary) Name() string { return "GITHUB_STEP_SUMMARY" }

// Files returns the file.
func (s JobSummary) Files() []File { return []File{{Path: s.Path, Appends: true}} }

// Check does nothing: a summary that cannot be written is no reason not to wait.
func (s JobSummary) Check() error { return nil }

// Write appends to the summary.
func (s JobSummary) Write(r result.Report) error {
	if info, err := os.Stat(s.Path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return errors.New("it is a named pipe") // opening it would wait for a reader
	}
	return recovered(func() { s.Actions.action.AddStepSummary(s.Markdown(r)) })
}

// Markdown returns the page.
func (s JobSummary) Markdown(r result.Report) string {
	var b strings.Builder
	name := strings.ReplaceAll(r.Result.Name, "_", " ")
	b.WriteString("### " + icon(r.Result) + " dmswait: " + name + "\n\n" + sanitize.Markdown(r.Message()) + "\n\n")
	b.WriteString("| result | " + name + " |\n| --- | --- |\n")
	cell := func(text string) string { return sanitize.Truncate(r.Secrets.Redact(text), maxCell) }
	took := ""
	if elapsed, ok := r.Task.Elapsed(r.At); ok {
		took = result.Human(elapsed)
	}
	params, _ := sanitize.RedactParams(r.Task.Params, r.Secrets)
	for _, row := range [][2]string{
		{"task", cell(r.Task.Name)},
		{"id", r.Secrets.Redact(r.TaskID)},
		{"status", cell(string(r.Task.Status))},
		{"task took", took},
		{"progress", percent(r)},
		{"waited", result.Human(r.Waited) + ", " + plural(r.Polls, "poll")},
		{"exit code", strconv.Itoa(r.Result.Code)},
		{"params", sanitize.Truncate(params, maxParams)},
	} {
		if row[1] != "" {
			b.WriteString("| " + row[0] + " | " + sanitize.Markdown(row[1]) + " |\n")
		}
	}
	if r.Progress != nil && len(r.Progress.Steps) > 0 {
		b.WriteString("\n| step | state |\n| --- | --- |\n")
		for _, step := range r.Progress.Steps {
			b.WriteString("| " + sanitize.Markdown(cell(step.Name)) + " | " + sanitize.Markdown(cell(step.State)) + " |\n")
		}
	}
	if r.Waited >= minChart {
		b.WriteString("\n" + s.Timeline.gantt(r.Result, r.Waited))
	}
	return b.String()
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

func percent(r result.Report) string {
	if r.Progress == nil {
		return ""
	}
	return progress(r) + " %"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
