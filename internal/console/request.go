package console

import (
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// Request shows a request, for those who have to find out why a wait behaves as it does. It is one line, which is
// written as soon as the pause after the request, or the next request, is known.
func (l *Log) Request(t *client.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequest()
	status, httpStatus := "no response", any(nil)
	if t.StatusCode != 0 {
		status, httpStatus = fmt.Sprint(t.StatusCode), t.StatusCode
	}
	line := fmt.Sprintf("%s %s%s %s", t.Method, t.Host, t.Path, status)
	if t.Code != "" {
		line += " " + l.short(t.Code)
	}
	if t.RequestID != "" {
		line += " (request " + l.short(t.RequestID) + ")"
	}
	line += " in " + result.Human(t.Took)
	if t.Err != nil {
		line += ": " + sanitize.Truncate(l.secrets.Redact(t.Err.Error()), 500)
	}
	l.request = &event{name: EventRequest, level: levelDebug, text: line, fields: []field{
		{"method", t.Method}, {"host", t.Host}, {"path", t.Path}, {"http_status", httpStatus},
		{"error_code", stringOrNil(l.short(t.Code))}, {"request_id", stringOrNil(l.short(t.RequestID))},
		{"took", seconds(t.Took)},
	}}
}

// FlushRequest shows the last request at once, since no pause follows it.
func (l *Log) FlushRequest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printRequest()
}

// printRequestBefore prints the last request with the pause that follows it.
func (l *Log) printRequestBefore(pause time.Duration) {
	if l.request != nil && pause > 0 {
		l.request.text += ", next poll in " + result.Human(pause)
		l.request.fields = append(l.request.fields, field{"next", seconds(pause)})
	}
	l.printRequest()
}

func (l *Log) printRequest() {
	if l.request == nil {
		return
	}
	e := *l.request
	l.request = nil
	if !l.closed && !l.quiet {
		l.printLine(&e)
	}
}
