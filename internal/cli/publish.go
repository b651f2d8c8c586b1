package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/report"
)

// tryPlaces finds out, before anything is asked of anybody, whether the result can be written where it is to go.
func (w *wait) tryPlaces() []config.Fault {
	var faults []config.Fault
	if w.cfg.DryRun { // which writes no outputs, not even of faults
		w.cfg.OutputFile, w.cfg.ResultsDir, w.cfg.GitHubOutput, w.cfg.StepSummary = "", "", "", ""
	}
	if path := w.cfg.OutputFile; path != "" {
		if err := report.TryFile(path); err != nil {
			faults = append(faults, config.Fault{Input: "output_file", Problem: fmt.Sprintf("can't be written: %v", err)})
			w.cfg.OutputFile = ""
		}
	}
	if path := w.cfg.ResultsDir; path != "" {
		if err := tryResults(path); err != nil {
			faults = append(faults, config.Fault{Input: "results_dir", Problem: fmt.Sprintf("can't be written: %v", err)})
			w.cfg.ResultsDir = ""
		}
	}
	return faults
}

// tryResults tries the folder, and what is in it already where a result is to go.
func tryResults(folder string) error {
	if err := report.TryFolder(folder); err != nil {
		return err
	}
	for _, output := range report.OutputMeanings() {
		if err := report.TryFile(filepath.Join(folder, output[0])); err != nil {
			return fmt.Errorf("%s: %w", output[0], err)
		}
	}
	return nil
}

// publish writes the result everywhere it goes, stdout last, and returns the exit code.
func (w *wait) publish(ctx context.Context) int {
	unwritten := w.writeOutputs()
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
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(stdout, text)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return errors.New("nobody reads it")
	}
}

// writeOutputs writes the result to all other places, and tells where it could not, and why. One that fails does not hinder the others.
func (w *wait) writeOutputs() (unwritten []string) {
	check := func(place string, err error) {
		if err != nil {
			unwritten = append(unwritten, fmt.Sprintf("%s: %v", place, err))
		}
	}
	if w.cfg.GitHubOutput != "" {
		check("GITHUB_OUTPUT", w.actions.SetOutputs(w.result.Outputs()))
	}
	if w.cfg.OutputFile != "" {
		check("output_file", w.writeFile())
	}
	if w.cfg.ResultsDir != "" {
		check("results_dir", w.writeResults())
	}
	if w.cfg.StepSummary != "" {
		if err := w.actions.AddSummary(w.result.Summary(w.timeline, w.steps)); err != nil {
			w.log.Warnf("written", "the job summary could not be written: %v", err)
		}
	}
	return unwritten
}

func (w *wait) writeFile() error {
	if strings.HasSuffix(w.cfg.OutputFile, ".json") {
		return report.WriteFile(w.cfg.OutputFile, []byte(w.result.JSON()+"\n"))
	}
	content, left := w.result.Dotenv(w.cfg.OutputPrefix)
	w.warnLeft("output_file", left)
	return report.WriteFile(w.cfg.OutputFile, []byte(content))
}

func (w *wait) writeResults() error {
	outputs, left := w.result.Results()
	w.warnLeft("results_dir", left)
	for _, output := range outputs {
		if err := report.WriteFile(filepath.Join(w.cfg.ResultsDir, output.Name), []byte(output.Text)); err != nil {
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
