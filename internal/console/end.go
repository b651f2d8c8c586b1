package console

import (
	"strings"

	"github.com/dmswait/dmswait/internal/result"
)

// Ending is how a wait ended, as the log closes with it.
type Ending struct {
	Report      *result.Report
	Explanation []result.Line
	NotWritten  []error // why the result could not be written to a destination, each with its name
	ExitCode    int     // the process's
	OnStdout    bool    // the terminal that shows the log shows the message too, from stdout
}

// IsQuiet reports whether a quiet run says nothing about a result: it exits 0, or the task is still running.
func IsQuiet(r result.Result, exitCode int) bool { return exitCode == 0 || r == result.Running }

// End shows how the wait ended: the explanation and, unless the same terminal shows it anyway, the message itself. In
// GitHub Actions, the failure and its explanation form a single annotation. A quiet log shows only failures, and
// a result that could not be written.
func (l *Log) End(e *Ending) {
	l.live.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.quiet && len(e.NotWritten) == 0 && IsQuiet(e.Report.Result, e.ExitCode) {
		return
	}
	l.printRequest()
	events := explanation(e)
	if l.annotator != nil && l.annotate(e, events) {
		return
	}
	for _, event := range events {
		l.printLine(event)
	}
	if !e.OnStdout || l.json {
		l.printLine(&event{name: EventEnd, text: e.Report.Message(), fields: []field{
			{"result", e.Report.Result.Name}, {"exit_code", e.ExitCode},
		}})
	}
}

// annotate shows the end in GitHub Actions, and reports whether nothing else has to be shown.
func (l *Log) annotate(e *Ending, events []*event) (complete bool) {
	name, message := e.Report.Result.Name, l.line(e.Report.Message())
	switch {
	case e.ExitCode != 0:
		if e.ExitCode == result.NotWritten {
			name = "result not written"
		}
		lines := []string{message}
		for _, event := range events {
			lines = append(lines, event.prefix()+l.line(event.text))
		}
		l.annotator.Annotate("error", "dmswait: "+name, strings.Join(lines, "\n"))
		return true
	case e.Report.Result != result.Success:
		l.annotator.Annotate("notice", "dmswait: "+name, message+" The step succeeds because of succeed_on.")
	}
	return false
}

// explanation returns the explanation of the message as events.
func explanation(e *Ending) []*event {
	errorLevel := levelError
	if e.ExitCode == 0 {
		errorLevel = levelInfo
	}
	var events []*event
	for _, line := range e.Explanation {
		events = append(events, lineEvent(line, errorLevel))
	}
	for _, err := range e.NotWritten {
		events = append(events, notWritten(err))
	}
	return events
}

func lineEvent(line result.Line, errorLevel level) *event {
	switch line.Kind {
	case result.ErrorLine:
		return &event{name: EventError, level: errorLevel, text: line.Text}
	case result.HintLine:
		return &event{name: EventHint, text: line.Text}
	}
	return &event{name: EventDetail, text: line.Text}
}

func notWritten(err error) *event {
	return &event{name: EventWritten, level: levelError, text: "could not write the result to " + err.Error()}
}

// NotOnStdout shows that the result could not be written to stdout, which is found out last. Even a quiet log
// shows it.
func (l *Log) NotOnStdout(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := notWritten(err)
	if l.annotator != nil {
		l.annotator.Annotate("error", "dmswait: result not written", l.line(e.text))
		return
	}
	l.printLine(e)
}
