package report

import (
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// Log tells on stderr how a wait goes: a line when something changes, and a heartbeat. A stderr that does not take it changes nothing.
type Log struct {
	Out     io.Writer
	Hider   *Hider
	Actions *Actions  // for annotations; nil elsewhere
	Live    *Live     // the last line of a terminal; nil elsewhere
	JSON    bool      // an object a line, and no workflow commands
	Quiet   bool      // say nothing but what End is told to say
	Start   time.Time // of the wait
	Timeout time.Duration

	mu       sync.Mutex
	beat     *time.Timer
	last     poll.Poll
	task     client.Task
	progress int // the last percentage, -1 before the first
	told     int // changes since the last minute without any
	left     int // changes left out since the last line
	silent   bool
	grouped  bool                   // a group of Actions is open
	pending  *event                 // a request that is told of as soon as the pause after it is known
	warned   map[string]bool        // what was warned of already
	unknown  map[client.Status]bool // statuses that were warned of
}

// event is one thing to tell. Names and fields are what programs can rely on; the text is for people.
type event struct {
	name   string
	level  string // info, warning, error, debug
	text   string
	fields []Output
}

// Printf tells of an event in one line. It is made harmless as a whole, so that nothing in it can begin another one.
func (l *Log) Printf(name, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(event{name: name, text: fmt.Sprintf(format, args...)})
}

// Warnf tells of something that somebody should look at; in Actions by an annotation.
func (l *Log) Warnf(name, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(event{name: name, level: "warning", text: fmt.Sprintf(format, args...)})
}

// Bug reports a panic that no result is made of, even if the log is quiet. It takes no lock,
// since the panic may have left one behind.
func (l *Log) Bug(bug Panic) {
	for _, text := range bug.lines() {
		line := "dmswait: " + l.line(text)
		if l.JSON {
			line = l.object(event{name: "error", level: "error", text: text})
		}
		fmt.Fprintln(l.Out, line)
	}
}

// survive is deferred where a timer runs a part of the log: a bug there must not end the process,
// and with it the wait.
func (l *Log) survive() {
	if bug := recover(); bug != nil && !l.Quiet {
		l.Bug(Panic{Value: bug, Stack: string(debug.Stack())})
	}
}

// tell writes an event, unless the log is quiet or closed.
func (l *Log) tell(e event) {
	if l.silent || l.Quiet {
		return
	}
	l.flush()
	l.write(e)
}

func (l *Log) write(e event) {
	switch {
	case l.JSON:
		l.Live.above(l.Out, l.object(e)+"\n")
	case l.Actions != nil && (e.level == "warning" || e.level == "error"):
		l.Actions.Annotate(e.level, "dmswait", l.line(e.text))
	case e.level == "warning":
		l.Live.above(l.Out, "dmswait: warning: "+l.line(e.text)+"\n")
	default:
		l.Live.above(l.Out, "dmswait: "+l.line(e.text)+"\n")
	}
	if l.beat != nil && e.level != "debug" {
		l.beat.Reset(heartbeat)
	}
}

func (l *Log) line(text string) string { return visible(l.Hider.Hide(text)) }

// short is text of the service as far as it is worth showing. Secrets go first: cut, they could not be told any more.
func (l *Log) short(text string) string { return shorten(l.Hider.Hide(text)) }

// object is an event as JSON.
func (l *Log) object(e event) string {
	now := time.Now()
	if e.level == "" {
		e.level = "info"
	}
	fields := []Output{
		text("time", now.UTC().Format("2006-01-02T15:04:05.000Z")), text("level", e.level), text("event", e.name), number("elapsed", seconds(now.Sub(l.Start))),
	}
	fields = append(fields, e.fields...)
	fields = append(fields, text("message", e.text))
	var members []string
	for _, field := range fields {
		value := field.JSON
		if strings.HasPrefix(value, `"`) {
			value = quoteJSON(l.Hider.Hide(field.Text))
		}
		members = append(members, quoteJSON(field.Name)+":"+value)
	}
	return harmless("{" + strings.Join(members, ",") + "}")
}

// Open begins the heartbeat, the live line and, in Actions, a group of the lines until End. The first answer begins the first two, too.
func (l *Log) Open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open()
	if l.Actions != nil && !l.JSON && !l.Quiet {
		l.Actions.Group("dmswait: how it went")
		l.grouped = true
	}
}

func (l *Log) open() {
	if l.beat == nil {
		l.beat = time.AfterFunc(heartbeat, l.heartbeat)
		l.progress = -1
		l.Live.run(l.status, l.survive)
	}
}

// Poll tells of an answer, if it changes anything.
func (l *Log) Poll(p poll.Poll) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open()
	l.next(p)
	wasFailing, isFailing := isOutage(l.last.Err), isOutage(p.Err)
	at := Human(p.At)
	if p.Next == 0 {
		l.told = 0 // how it ended is never left out
	}
	switch {
	case p.Err == nil && wasFailing:
		l.change(event{name: "recovered", text: at + " the API answers again: " + l.ended(p.Task), fields: l.taskFields(p.Task)})
	case p.Err == nil && (l.task.Status != p.Task.Status || l.last.Err != nil || p.N == 1):
		l.change(event{name: "status", text: at + " " + l.ended(p.Task), fields: l.taskFields(p.Task)})
	case p.Err == nil, p.Next == 0: // nothing new, or what ends the wait and is told with the result
	case isFailing && answerIn(p.Err).Throttled() && (!wasFailing || !l.warned["throttled"]):
		l.change(l.onceAsWarning(event{name: "throttled", text: at + " throttled, asking more slowly: " + l.Hider.Error(p.Err), fields: l.answerFields(p.Err)}))
	case isFailing && !wasFailing:
		l.change(l.onceAsWarning(event{name: "outage", text: at + " no good answer, asking on: " + l.Hider.Error(p.Err), fields: l.answerFields(p.Err)}))
	case !isFailing && (wasFailing || l.last.Err == nil):
		l.change(event{name: "missing", text: at + " not there yet: " + l.Hider.Error(p.Err), fields: l.answerFields(p.Err)})
	}
	if p.Err == nil {
		l.task = p.Task
		l.warnUnknown(p.Task.Status)
	}
	l.last = p
}

func (l *Log) taskFields(task client.Task) []Output {
	return []Output{text("status", l.short(string(task.Status))), text("task_id", l.short(task.ID))}
}

func (l *Log) answerFields(err error) []Output {
	e := answerIn(err)
	if e == nil || e.Answer.StatusCode == 0 {
		return nil
	}
	return []Output{number("http_status", strconv.Itoa(e.Answer.StatusCode)), text("error_code", l.short(e.Code)), text("request_id", l.short(e.Answer.RequestID))}
}

// Progress tells of a percentage, when its tenth changes.
func (l *Log) Progress(percent int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.progress < 0 || percent/10 != l.progress/10
	l.progress = percent
	if changed {
		l.change(event{name: "progress", text: fmt.Sprintf("%s %s, %d %%", Human(time.Since(l.Start)), l.statusName(l.task.Status), percent),
			fields: []Output{number("progress", strconv.Itoa(percent))}})
	}
}

func (l *Log) ended(task client.Task) string {
	status := l.statusName(task.Status)
	if took, ok := task.Elapsed(time.Now()); ok && task.Status.Ended() {
		return fmt.Sprintf("%s, it took %s s", status, seconds(took))
	}
	return status
}

func (l *Log) statusName(status client.Status) string {
	if status == "" {
		return "no status"
	}
	return l.short(string(status))
}

// isOutage tells whether an error of a poll means that there was no good answer.
func isOutage(err error) bool {
	e := answerIn(err)
	return e != nil && !e.Missing()
}

// state says where things stand, in a word or two.
func (l *Log) state() string {
	switch {
	case l.last.N == 0:
		return "no answer yet"
	case isOutage(l.last.Err):
		return "no good answer"
	case l.last.Err != nil:
		return "not there yet"
	}
	return l.statusName(l.task.Status)
}

// status is what the live line shows.
func (l *Log) status() LiveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.Start)
	since := now - l.last.At
	return LiveStatus{
		State: l.state(), Name: l.short(l.task.Name), Progress: l.progress,
		Elapsed: now, Next: max(0, l.last.Next-since), Left: max(0, l.Timeout-now),
	}
}

// Close ends the heartbeat and everything else: the log is silent from now on.
func (l *Log) Close() {
	l.mu.Lock()
	l.flush()
	l.silent = true
	if l.beat != nil {
		l.beat.Stop()
	}
	l.mu.Unlock()
	l.Live.close()
}
