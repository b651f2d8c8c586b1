package cli

import (
	"fmt"
	"io"
	"sync"

	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// finish writes the result to every destination, stdout last, and returns the exit code.
func (a App) finish(
	until *limits, w *wait, endings []poll.Ending, destinations []output.Destination,
) (exitCode int) {
	report := w.report(endings)
	notWritten := w.writeAll(until, report, destinations)
	exitCode = result.ExitCode(report.Result, w.cfg.SucceedOn, len(notWritten) == 0)
	text := w.onStdout(report, exitCode)
	w.log.End(&console.Ending{
		Report:      report,
		Explanation: result.Explain(report, new(w.request())),
		NotWritten:  notWritten,
		ExitCode:    exitCode,
		OnStdout:    w.cfg.Format == "text" && text != "" && console.IsTerminal(a.Stdout) && console.IsTerminal(w.stderr),
	})
	bounded(until.log, w.stderr.Flush) // so that a terminal shows the result last
	if text != "" {
		if err := writeStdout(until, a.Stdout, text); err != nil {
			w.log.NotOnStdout(fmt.Errorf("stdout: %w", err))
			exitCode = result.ExitCode(report.Result, w.cfg.SucceedOn, false)
		}
	}
	w.log.Close()
	return exitCode
}

// onStdout returns what stdout shows of a report; empty: nothing.
func (w *wait) onStdout(report *result.Report, exitCode int) string {
	quiet := w.cfg.Quiet && console.IsQuiet(report.Result, exitCode)
	switch {
	case w.cfg.Format == "json":
		return output.JSON(report) + "\n"
	case w.cfg.Format == "text" && !quiet:
		return report.Message() + "\n"
	}
	return ""
}

// writeAll writes the report to all destinations at once: one that fails, or blocks, does not hinder the others. It
// returns why those that are required failed, and warns about the others.
func (w *wait) writeAll(until *limits, report *result.Report, destinations []output.Destination) []error {
	errs := make([]error, len(destinations))
	var all sync.WaitGroup
	for i, destination := range destinations {
		all.Go(func() {
			errs[i] = file.Bounded(until.files, func() error { return destination.Write(report) })
		})
	}
	all.Wait()
	var notWritten []error
	for i, destination := range destinations {
		switch {
		case errs[i] == nil:
		case destination.Required():
			notWritten = append(notWritten, fmt.Errorf("%s: %w", destination.Name(), errs[i]))
		default:
			w.log.Warnf(console.EventWritten, "could not write the result to %s: %v", destination.Name(), errs[i])
		}
	}
	return notWritten
}

// writeStdout waits for a reader as long as that takes, but only for a moment after a signal.
func writeStdout(until *limits, stdout io.Writer, text string) error {
	return file.Bounded(until.stdout, func() error {
		_, err := io.WriteString(stdout, text)
		return err
	})
}
