package console

import (
	"io"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/jsontext"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// EventName is the name by which programs recognize an event.
type EventName int

// The events.
const (
	EventStart EventName = iota
	EventInput
	EventFound
	EventAmbiguous
	EventEarlier
	EventNeverSeen
	EventLeftBehind
	EventStatus
	EventProgress
	EventMissing
	EventOutage
	EventThrottled
	EventRecovered
	EventGaveUp
	EventHeartbeat
	EventUnknownStatus
	EventClock
	EventRenewal
	EventLeftOut
	EventWritten
	EventRequest
	EventError
	EventHint
	EventDetail
	EventEnd
	eventCount
)

// Event is a row of the table of events. Its name is a promise to programs that read the log as JSON.
type Event struct{ Name, When string }

var eventTable = [eventCount]Event{
	EventStart:         {"start", "before the first request"},
	EventInput:         {"input", "an input, or a variable that looks like one, is probably a mistake"},
	EventFound:         {"found", "a task was found by its name"},
	EventAmbiguous:     {"ambiguous", "several tasks have that name"},
	EventEarlier:       {"earlier", "the task found by its name had ended before the wait began"},
	EventNeverSeen:     {"never_seen", "the instance to be deleted did not exist at the first poll"},
	EventLeftBehind:    {"left_behind", "tasks that can hardly still run are ignored"},
	EventStatus:        {"status", "the task's status has changed"},
	EventProgress:      {"progress", "the percentage has reached another multiple of ten"},
	EventMissing:       {"missing", "the task was not found yet"},
	EventOutage:        {"outage", "the first response that is not valid"},
	EventThrottled:     {"throttled", "the API throttles requests"},
	EventRecovered:     {"recovered", "a valid response after an outage"},
	EventGaveUp:        {"gave_up", "the wait for one of several targets is over, and its end is not known"},
	EventHeartbeat:     {"heartbeat", "a minute has passed without another line"},
	EventUnknownStatus: {"unknown_status", "DMS does not document the status"},
	EventClock:         {"clock", "the local clock is wrong"},
	EventRenewal:       {"renewal", "the credentials could not be renewed"},
	EventLeftOut:       {"left_out", "an output does not fit into a destination"},
	EventWritten:       {"written", "a destination could not be written"},
	EventRequest:       {"request", "with `--debug`: a request and its response"},
	EventError:         {"error", "what went wrong"},
	EventHint:          {"hint", "what to do about it"},
	EventDetail:        {"detail", "more about an error"},
	EventEnd:           {"end", "the result"},
}

// Events returns the table of events.
func Events() []Event { return eventTable[:] }

func (n EventName) String() string { return eventTable[n].Name }

// event is one thing that the log says. Programs can rely on its name and fields; the text is for people.
type event struct {
	name   EventName
	level  level
	text   string
	fields []field
}

type level int

const (
	levelInfo level = iota
	levelWarning
	levelError
	levelDebug
)

func (l level) String() string { return [...]string{"info", "warning", "error", "debug"}[l] }

// prefix returns the mark a line begins with: `error: `, `hint: `, `warning: ` or none. Errors and hints are marked
// even where they do not make the run fail; details never are, since they belong to the line before them.
func (e *event) prefix() string {
	switch {
	case e.name == EventError, e.name == EventHint:
		return e.name.String() + ": "
	case e.name == EventDetail, e.level == levelInfo:
		return ""
	}
	return e.level.String() + ": "
}

// field is a value that programs can read: a string, a number, or nil for one that is not known.
type field struct {
	name  string
	value any
}

// stringOrNil returns text, or nil for none.
func stringOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// seconds returns a duration as a number of seconds, to the millisecond.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}

// Annotator shows an error, a warning or a notice with the results of a GitHub Actions job.
type Annotator interface {
	Annotate(level, title, text string)
}

// printer writes events to stderr, as lines or as JSON, and makes them safe to print.
type printer struct {
	out       io.Writer
	live      *liveLine // nil where there is none
	annotator Annotator // nil outside GitHub Actions, and with JSON
	secrets   *sanitize.Secrets
	json      bool
	start     time.Time
}

// print writes an event; in GitHub Actions, warnings and errors are annotations.
func (p *printer) print(e *event) {
	if p.annotator != nil && (e.level == levelWarning || e.level == levelError) {
		p.annotator.Annotate(e.level.String(), "dmswait", p.line(e.text))
		return
	}
	p.printLine(e)
}

// printLine writes an event as a line, never as an annotation.
func (p *printer) printLine(e *event) {
	line := "dmswait: " + e.prefix() + p.line(e.text)
	if p.json {
		line = p.object(e)
	}
	p.live.above(p.out, line+"\n")
}

// line returns text as one safe line.
func (p *printer) line(text string) string { return sanitize.Line(p.secrets.Redact(text)) }

// short returns as much of the service's text as is worth showing. Secrets are redacted before it is cut: half a
// secret cannot be recognized.
func (p *printer) short(text string) string { return sanitize.Truncate(p.secrets.Redact(text), 64) }

// object returns an event as a JSON object.
func (p *printer) object(e *event) string {
	now := time.Now()
	fields := append([]field{
		{"time", now.UTC().Format("2006-01-02T15:04:05.000Z")},
		{"level", e.level.String()},
		{"event", e.name.String()},
		{"elapsed", seconds(now.Sub(p.start))},
	}, e.fields...)
	fields = append(fields, field{"message", e.text})
	var members []string
	for _, f := range fields {
		if text, isText := f.value.(string); isText {
			f.value = p.secrets.Redact(text)
		}
		members = append(members, sanitize.QuoteJSON(f.name)+":"+jsontext.Encode(f.value))
	}
	return sanitize.JSON("{" + strings.Join(members, ",") + "}")
}
