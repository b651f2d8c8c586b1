package report

import (
	"fmt"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// Ending is how a log closes a wait.
type Ending struct {
	Report    Report
	Lines     []string // what is behind the message, see Explain
	Unwritten []string // where the result could not be written, and why
	Code      int      // the process's exit code
	OnStdout  bool     // the message is said there
}

// End tells how it ended: what is behind the message, and the message itself, unless that is said on stdout.
// In Actions, what makes the step fail is one annotation. A quiet log speaks of what failed only, and a task that is still running has not;
// a result that is not where it should be has.
func (l *Log) End(e Ending) {
	l.Live.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grouped {
		l.Actions.EndGroup()
		l.grouped = false
	}
	if l.silent || l.Quiet && len(e.Unwritten) == 0 && (e.Code == 0 || e.Report.Result == Running) {
		return
	}
	l.flush()
	message := e.Report.Message()
	fields := []Output{text("result", e.Report.Result.Name), number("exit_code", fmt.Sprint(e.Code))}
	switch {
	case l.Actions != nil && !l.JSON && e.Code != 0:
		lines := []string{l.line(message)}
		for _, line := range e.Lines {
			lines = append(lines, l.line(line))
		}
		for _, problem := range e.Unwritten {
			lines = append(lines, l.line(unwritten+problem))
		}
		title := e.Report.Result.Name
		if e.Code == NotWritten {
			title = "result not written"
		}
		l.Actions.Annotate("error", "dmswait: "+title, strings.Join(lines, "\n"))
		return
	case l.Actions != nil && !l.JSON && e.Report.Result != Success:
		l.Actions.Annotate("notice", "dmswait: "+e.Report.Result.Name, l.line(message+" The step succeeds all the same, as succeed_on says."))
	}
	for _, line := range e.Lines {
		name, level := "detail", "info"
		if kind, _, ok := strings.Cut(line, ": "); ok && (kind == "error" || kind == "hint") {
			name = kind
		}
		if name == "error" && e.Code != 0 {
			level = "error"
		}
		l.plainly(event{name: name, level: level, text: line})
	}
	for _, problem := range e.Unwritten {
		l.plainly(event{name: "written", level: "error", text: unwritten + problem})
	}
	if !e.OnStdout || l.JSON {
		l.plainly(event{name: "end", text: message, fields: fields})
	}
}

const unwritten = "error: the result could not be written to "

// NotOnStdout tells that the result could not be written there, which is found out last. Nothing keeps it back.
func (l *Log) NotOnStdout(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := event{name: "written", level: "error", text: unwritten + "stdout: " + err.Error()}
	if l.Actions != nil && !l.JSON {
		l.Actions.Annotate(e.level, "dmswait: result not written", l.line(e.text))
		return
	}
	l.write(e)
}

// plainly writes without annotations.
func (l *Log) plainly(e event) {
	actions := l.Actions
	l.Actions = nil
	l.write(e)
	l.Actions = actions
}

// Request tells of a request, for whoever has to find out why: by a line, as soon as the next pause or the next request is known.
func (l *Log) Request(t client.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	status, httpStatus := "no answer", ""
	if t.StatusCode != 0 {
		httpStatus = fmt.Sprint(t.StatusCode)
		status = httpStatus
	}
	line := fmt.Sprintf("debug: %s %s%s %s", t.Method, t.Host, t.Path, status)
	if t.Code != "" {
		line += " " + l.short(t.Code)
	}
	if t.RequestID != "" {
		line += " (request " + l.short(t.RequestID) + ")"
	}
	line += " in " + Human(t.Took)
	if t.Err != nil {
		line += ": " + cut(l.Hider.Hide(t.Err.Error()), 500)
	}
	l.pending = &event{name: "request", level: "debug", text: line, fields: []Output{
		text("method", t.Method), text("host", t.Host), text("path", t.Path), number("http_status", httpStatus),
		text("error_code", l.short(t.Code)), text("request_id", l.short(t.RequestID)), number("took", seconds(t.Took)),
	}}
}

// next adds the pause after a poll to the line of its last request.
func (l *Log) next(p poll.Poll) {
	if l.pending == nil {
		return
	}
	if p.Next > 0 {
		l.pending.text += ", next in " + Human(p.Next)
		l.pending.fields = append(l.pending.fields, number("next", seconds(p.Next)))
	}
	l.flush()
}

// Flush tells of a request that no pause will be known of.
func (l *Log) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
}

func (l *Log) flush() {
	if l.pending == nil {
		return
	}
	e := *l.pending
	l.pending = nil
	if !l.silent && !l.Quiet {
		l.plainly(e)
	}
}
