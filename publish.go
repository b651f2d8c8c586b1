package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/report"
)

// publish writes the result everywhere it goes, stdout last, and returns the exit code.
func (w *wait) publish(ctx context.Context) int {
	unwritten := w.writeOutputs(ctx)
	code := report.ExitCode(w.result.Result, w.cfg.SucceedOn, len(unwritten) == 0)
	w.log.End(report.Ending{
		Report:    w.result,
		Lines:     report.Explain(w.result, w.asked()),
		Unwritten: unwritten,
		Code:      code,
		OnStdout:  w.cfg.Format == "text" && !w.isQuiet(code),
	})
	w.stderr.Flush() // so that a terminal shows the result last
	if err := w.print(ctx, code); err != nil {
		w.log.NotOnStdout(err)
		code = report.ExitCode(w.result.Result, w.cfg.SucceedOn, false)
	}
	w.log.Close()
	return code
}

// isQuiet tells whether the result is none to speak of.
func (w *wait) isQuiet(code int) bool {
	return w.cfg.Quiet && (code == 0 || w.result.Result == report.Running)
}

// print writes the result to stdout.
func (w *wait) print(ctx context.Context, code int) error {
	switch {
	case w.cfg.Format == "json":
		return say(ctx, w.stdout, w.result.JSON()+"\n")
	case w.cfg.Format == "text" && !w.isQuiet(code):
		return say(ctx, w.stdout, w.result.Message()+"\n")
	}
	return nil
}

// say writes to stdout. It waits for a reader as long as that takes, but after a signal a second at most.
func say(ctx context.Context, stdout io.Writer, text string) error {
	return report.Bounded(ctx, func() error {
		_, err := io.WriteString(stdout, text)
		return err
	})
}

// destination is a place that the result is written to.
type destination struct {
	name  string
	write func() error
}

// writeOutputs writes the result to all places but stdout, and tells where it could not, and why. All are written at once: one
// that fails, or takes nothing, does not hinder the others.
func (w *wait) writeOutputs(ctx context.Context) (unwritten []string) {
	destinations := w.destinations()
	errs := make([]error, len(destinations))
	var all sync.WaitGroup
	for i, d := range destinations {
		all.Go(func() { errs[i] = report.Bounded(ctx, d.write) })
	}
	all.Wait()
	for i, d := range destinations {
		switch {
		case errs[i] == nil:
		case d.name == summary:
			w.log.Warnf("written", "the job summary could not be written: %v", errs[i])
		default:
			unwritten = append(unwritten, fmt.Sprintf("%s: %v", d.name, errs[i]))
		}
	}
	return unwritten
}

const summary = "GITHUB_STEP_SUMMARY"

// destinations returns the places, with all that is to be written there: what writes it may be left behind, and uses nothing of w.
func (w *wait) destinations() (all []destination) {
	actions := w.actions
	if w.cfg.GitHubOutput != "" {
		outputs := w.result.Outputs()
		all = append(all, destination{"GITHUB_OUTPUT", func() error { return actions.SetOutputs(outputs) }})
	}
	if path := w.cfg.OutputFile; path != "" {
		content := w.fileContent()
		all = append(all, destination{"output_file", func() error { return report.WriteFile(path, content) }})
	}
	if folder := w.cfg.ResultsDir; folder != "" {
		outputs, left := w.result.Results()
		w.warnLeft("results_dir", left)
		all = append(all, destination{"results_dir", func() error { return writeResults(folder, outputs) }})
	}
	if w.cfg.StepSummary != "" {
		markdown := w.result.Summary(w.timeline, w.steps)
		all = append(all, destination{summary, func() error { return actions.AddSummary(markdown) }})
	}
	return all
}

// fileContent is what output_file is to hold.
func (w *wait) fileContent() []byte {
	if strings.HasSuffix(w.cfg.OutputFile, ".json") {
		return []byte(w.result.JSON() + "\n")
	}
	content, left := w.result.Dotenv(w.cfg.OutputPrefix)
	w.warnLeft("output_file", left)
	return []byte(content)
}

func writeResults(folder string, outputs []report.Output) error {
	for _, output := range outputs {
		if err := report.WriteFile(filepath.Join(folder, output.Name), []byte(output.Text)); err != nil {
			return err
		}
	}
	return nil
}

func (w *wait) warnLeft(place string, left []string) {
	if len(left) > 0 {
		w.log.Warnf("left_out", "%s takes 4000 bytes: %s did not fit: left empty there", place, strings.Join(left, " and "))
	}
}

// plan is what a dry run shows: what would be asked, of whom, as whom, and when.
func (w *wait) plan() string {
	cfg := w.cfg
	task := cfg.TaskID
	if task == "" {
		task = fmt.Sprintf("the newest %q created since %s", cfg.TaskName, sinceText(cfg.Since))
	}
	project := cfg.ProjectID
	if project == "" {
		project = cfg.ProjectName + ", its id looked up at " + strings.Join(cfg.IAMEndpoints(), " or ")
	}
	const first = 8
	looks, count := poll.Plan(cfg.Interval, cfg.MaxInterval, cfg.Timeout, first)
	var at []string
	for _, look := range looks {
		at = append(at, report.Human(look))
	}
	when := strings.Join(at, ", ") + " after the start"
	all := fmt.Sprintf("%d looks until the timeout of %s, if the task does not end; each pause is up to 10 %% shorter or longer", count, report.Human(cfg.Timeout))
	switch {
	case cfg.Timeout == 0:
		when, all = "once, at once", "1 look, since the timeout is 0"
	case count == poll.MostPlanned:
		all = "more than " + all
	}
	if count > len(looks) {
		when = strings.Join(at, ", ") + ", … after the start"
	}
	rows := [][2]string{
		{"would ask", cfg.Endpoint},
		{"about task", task},
		{"of instance", cfg.InstanceID},
		{"in project", project},
		{"with", identity(cfg.Login)},
		{"looks", when},
		{"in all", all},
	}
	if cfg.Timeout > 0 {
		rows = append(rows, [2]string{"tolerates",
			fmt.Sprintf("a missing task for %s, an API without a good answer for %s", report.Human(cfg.NotFoundGrace), report.Human(cfg.MaxOutage))})
	}
	return report.Plan(rows, w.hider)
}

func sinceText(since config.Since) string {
	if since.At.IsZero() {
		return report.Human(since.Ago) + " before the start"
	}
	return since.At.UTC().Format(time.RFC3339)
}
