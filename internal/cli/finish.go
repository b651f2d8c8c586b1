package cli

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/result"
)

// finish writes the result to every destination, stdout last, and returns the exit code.
func (a App) finish(ctx context.Context, w *wait, err error, destinations []output.Destination,
	stderr *console.AsyncWriter) (exitCode int) {

	cfg, report := w.cfg, w.report(err)
	notWritten := writeAll(ctx, report, destinations, w.log)
	exitCode = result.ExitCode(report.Result, cfg.SucceedOn, len(notWritten) == 0)
	quiet := cfg.Quiet && console.IsQuiet(report.Result, exitCode)
	w.log.End(console.Ending{
		Report:      report,
		Explanation: result.Explain(report, w.request()),
		NotWritten:  notWritten,
		ExitCode:    exitCode,
		OnStdout:    cfg.Format == "text" && !quiet,
	})
	stderr.Flush() // so that a terminal shows the result last
	text := ""
	switch {
	case cfg.Format == "json":
		text = output.JSON(report) + "\n"
	case cfg.Format == "text" && !quiet:
		text = report.Message() + "\n"
	}
	if text != "" {
		if err := writeStdout(ctx, a.Stdout, text); err != nil {
			w.log.NotOnStdout(fmt.Errorf("stdout: %w", err))
			exitCode = result.ExitCode(report.Result, cfg.SucceedOn, false)
		}
	}
	w.log.Close()
	return exitCode
}

// writeAll writes the report to all destinations at once: one that fails, or blocks, does not hinder the others. It
// returns why any of them failed.
func writeAll(ctx context.Context, report result.Report, destinations []output.Destination, log *console.Log) []error {
	errs := make([]error, len(destinations))
	var all sync.WaitGroup
	for i, destination := range destinations {
		all.Go(func() {
			errs[i] = file.Bounded(ctx, func() error { return destination.Write(report) })
		})
	}
	all.Wait()
	var notWritten []error
	for i, destination := range destinations {
		_, isSummary := destination.(output.JobSummary)
		switch {
		case errs[i] == nil:
		case isSummary:
			log.Warnf("written", "could not write the job summary: %v", errs[i])
		default:
			notWritten = append(notWritten, fmt.Errorf("%s: %w", destination.Name(), errs[i]))
		}
	}
	return notWritten
}

// writeStdout waits for a reader as long as that takes, but after a signal for a second at most.
func writeStdout(ctx context.Context, stdout io.Writer, text string) error {
	return file.Bounded(ctx, func() error {
		_, err := io.WriteString(stdout, text)
		return err
	})
}
