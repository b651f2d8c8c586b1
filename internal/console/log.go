// Package console is what stderr shows: a log line when something changes and a heartbeat, the live line of a
// terminal, annotations and debug lines. It decides what is worth showing; it never affects a wait, and
// a stderr that cannot be written changes nothing.
package console

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

const (
	// heartbeat is how long a log is silent at most.
	heartbeat = time.Minute
	// maxChanges is how many changes in a row get a line each. A service that flaps all day must not fill a disk.
	maxChanges = 20
)

// Options say where and how a log is written.
type Options struct {
	Out       *AsyncWriter
	Secrets   *sanitize.Secrets
	Annotator Annotator // nil outside GitHub Actions
	Getenv    func(string) string
	JSON      bool // one object per line, and no workflow commands
	Quiet     bool // nothing but failures, see End
	Debug     bool // errors with the service's words in full
	Start     time.Time
	Timeout   time.Duration
	Targets   []target.Target // what is waited for
}

// Log shows how a wait goes. It is safe for concurrent use.
type Log struct {
	printer
	quiet     bool
	debug     bool
	timeout   time.Duration
	instances int // how many the targets are of

	mu       sync.Mutex
	closed   bool
	beat     *time.Timer  // nil before Open
	targets  []watched    // at least one
	slowest  int          // the target whose percentage was requested last
	ended    int          // targets
	failed   int          // of those that have ended
	failing  int          // targets whose last response was not valid
	last     poll.Outcome // of any target
	changes  int          // shown since the last minute without any, up to maxChanges
	omitted  int          // changes not shown since the last heartbeat
	request  *event       // a request whose line waits for the pause after it
	warned   map[EventName]bool
	statuses map[client.Status]bool // unknown ones that were warned about
}

// New returns a log. Open starts the heartbeat and the live line.
func New(o Options) *Log {
	l := &Log{
		printer: printer{out: o.Out, secrets: o.Secrets, annotator: o.Annotator, json: o.JSON, start: o.Start},
		quiet:   o.Quiet, debug: o.Debug, timeout: o.Timeout, instances: len(target.Sources(o.Targets)),
		targets: make([]watched, max(1, len(o.Targets))),
		warned:  map[EventName]bool{}, statuses: map[client.Status]bool{},
	}
	for i := range l.targets {
		l.targets[i].percent = -1
	}
	for i, t := range o.Targets {
		l.targets[i].instanceID, l.targets[i].taskID = t.InstanceID, t.TaskID
	}
	if o.JSON {
		l.annotator = nil
	} else if !o.Quiet && o.Annotator == nil {
		l.live = newLiveLine(o.Out, o.Getenv)
	}
	return l
}

// Open starts the heartbeat and the live line.
func (l *Log) Open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beat = time.AfterFunc(heartbeat, l.heartbeat)
	l.live.run(l.status, l.survive)
}

// Close ends the heartbeat and the live line. The log is silent from then on.
func (l *Log) Close() {
	l.mu.Lock()
	l.printRequest()
	l.closed = true
	if l.beat != nil {
		l.beat.Stop()
	}
	l.mu.Unlock()
	l.live.close()
}

// Printf shows an event in one line.
func (l *Log) Printf(name EventName, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(&event{name: name, text: fmt.Sprintf(format, args...)})
}

// Warnf shows something that somebody should look at.
func (l *Log) Warnf(name EventName, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(&event{name: name, level: levelWarning, text: fmt.Sprintf(format, args...)})
}

// Found shows that a target's task was found by its name, and how old it is.
func (l *Log) Found(i int, taskID string, age time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := l.name(i) // without the id, which follows
	l.targets[i].taskID = taskID
	text := fmt.Sprintf("%sfound task %s, %s old", name, taskID, result.Human(age.Round(time.Second)))
	l.show(l.of(i, &event{name: EventFound, text: text}))
}

// WarnOf shows something about a target that somebody should look at.
func (l *Log) WarnOf(i int, name EventName, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(l.of(i, &event{name: name, level: levelWarning, text: l.name(i) + fmt.Sprintf(format, args...)}))
}

// Changef shows a change that may come again and again. The first one with that name is a warning.
func (l *Log) Changef(name EventName, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change(l.warnOnce(&event{name: name, text: fmt.Sprintf(format, args...)}))
}

// Bug shows a panic that is not part of a result, even if the log is quiet. It takes no lock, since the panic may
// have left one behind.
func (l *Log) Bug(bug result.Panic) {
	// Without the live line, which has a lock of its own.
	unlocked := printer{out: l.out, secrets: l.secrets, json: l.json, start: l.start}
	for _, line := range bug.Lines() {
		e := lineEvent(line, levelError)
		e.level = levelError // of the stack too, so that nobody filters it out
		unlocked.printLine(e)
	}
}

// survive is deferred where a timer runs a part of the log: a bug there must not end the process, and with it the
// wait.
func (l *Log) survive() {
	if bug := recover(); bug != nil && !l.quiet {
		l.Bug(result.Panic{Value: bug, Stack: string(debug.Stack())})
	}
}

// show prints an event, unless the log is quiet or closed.
func (l *Log) show(e *event) {
	if l.closed || l.quiet {
		return
	}
	l.printRequest()
	l.print(e)
	if l.beat != nil {
		l.beat.Reset(heartbeat)
	}
}

// change shows a change. After maxChanges without a quiet minute it only counts them, for the heartbeat to show.
// Warnings are always shown, since there are few.
func (l *Log) change(e *event) {
	if e.level != levelWarning {
		if l.changes >= maxChanges {
			l.omitted++
			return
		}
		l.changes++
	}
	l.show(e)
}

// warnOnce makes a warning of the first event with its name.
func (l *Log) warnOnce(e *event) *event {
	if !l.warned[e.name] {
		l.warned[e.name] = true
		e.level = levelWarning
	}
	return e
}

// heartbeat shows that the wait goes on, and how many changes were omitted. A live line shows the former anyway.
func (l *Log) heartbeat() {
	defer l.survive()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	now := time.Since(l.start)
	beat := event{
		name:   EventHeartbeat,
		text:   fmt.Sprintf("[%s] %s%s", result.Human(now), l.standing(), l.leftText(now)),
		fields: l.standingFields(),
	}
	switch {
	case l.omitted > 0:
		beat.text += fmt.Sprintf("; changes not shown: %d", l.omitted)
		beat.fields = append(beat.fields, field{"changes_left_out", l.omitted})
		l.omitted = 0
	case l.live != nil:
		l.changes = 0
		l.beat.Reset(heartbeat)
		return
	default:
		l.changes = 0
	}
	l.show(&beat)
}
