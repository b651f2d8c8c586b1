package report

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// heartbeat is how long a log stays silent at most.
const heartbeat = time.Minute

// Log tells people on stderr how a wait goes: a line when something changes, and a heartbeat. A stderr that does not take it changes nothing.
type Log struct {
	Out     io.Writer
	Hider   *Hider
	Actions *Actions // for annotations; nil elsewhere
	Start   time.Time

	mu      sync.Mutex
	beat    *time.Timer
	last    poll.Poll
	task    client.Task
	silent  bool // nothing is told any more
	unknown map[client.Status]bool
}

// Printf writes one line. It is made harmless as a whole, so that nothing in it can begin another one.
func (l *Log) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printf(format, args...)
}

func (l *Log) printf(format string, args ...any) {
	if l.silent {
		return
	}
	fmt.Fprintln(l.Out, "dmswait: "+l.line(fmt.Sprintf(format, args...)))
	l.heard()
}

// annotate is printf for what stands out in Actions.
func (l *Log) annotate(level, text string) {
	if l.silent {
		return
	}
	l.Actions.Annotate(level, "dmswait", text)
	l.heard()
}

// heard puts the next heartbeat off.
func (l *Log) heard() {
	if l.beat != nil {
		l.beat.Reset(heartbeat)
	}
}

func (l *Log) line(text string) string { return visible(l.Hider.Hide(text)) }

// Warnf writes a line that somebody should look at; in Actions as an annotation.
func (l *Log) Warnf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnf(format, args...)
}

func (l *Log) warnf(format string, args ...any) {
	if l.Actions != nil {
		l.annotate("warning", l.line(fmt.Sprintf(format, args...)))
		return
	}
	l.printf("warning: "+format, args...)
}

// End writes what is behind the message of a report, and the message itself, unless that is said on stdout.
// In Actions, what makes the step fail is one annotation.
func (l *Log) End(message string, lines []string, failed, said bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed && l.Actions != nil {
		text := l.line(message)
		for _, line := range lines {
			text += "\n" + l.line(line)
		}
		l.annotate("error", text)
		return
	}
	for _, line := range lines {
		l.printf("%s", line)
	}
	if !said {
		l.printf("%s", message)
	}
}

// Poll tells of an answer, if it changes anything.
func (l *Log) Poll(p poll.Poll) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beat == nil {
		l.beat = time.AfterFunc(heartbeat, l.heartbeat)
	}
	at := Human(p.At)
	wasFailing, isFailing := isOutage(l.last.Err), isOutage(p.Err)
	switch {
	case p.Err == nil && (l.task.Status != p.Task.Status || l.last.Err != nil || p.N == 1):
		l.printf("%s %s", at, l.status(p.Task))
	case p.Err == nil, p.Next == 0: // nothing new, or what ends the wait and is told with the result
	case isFailing && !wasFailing:
		l.printf("%s no good answer, asking on: %s", at, l.Hider.Error(p.Err))
	case !isFailing && (wasFailing || l.last.Err == nil):
		l.printf("%s not there yet: %s", at, l.Hider.Error(p.Err))
	}
	if p.Err == nil {
		l.task = p.Task
		l.warnUnknown(p.Task.Status)
	}
	l.last = p
}

func (l *Log) status(task client.Task) string {
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
	return shorten(l.Hider.Hide(string(status)))
}

func (l *Log) warnUnknown(status client.Status) {
	if status.Known() || l.unknown[status] {
		return
	}
	if l.unknown == nil {
		l.unknown = map[client.Status]bool{}
	}
	l.unknown[status] = true
	l.warnf("status %q is not one that DMS documents; taken for still running", shorten(l.Hider.Hide(string(status))))
}

// isOutage tells whether an error of a poll means that there was no good answer.
func isOutage(err error) bool {
	e := answerIn(err)
	return e != nil && !e.Missing()
}

// heartbeat shows that we are still there.
func (l *Log) heartbeat() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.Start)
	left := max(0, l.last.Left-(now-l.last.At))
	state := l.statusName(l.task.Status)
	switch {
	case l.last.Err != nil && isOutage(l.last.Err):
		state = "no good answer"
	case l.last.Err != nil:
		state = "not there yet"
	}
	l.printf("%s %s, %s left", Human(now), state, Human(left))
}

// Close ends the heartbeat and everything else: the log is silent from now on.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = true
	if l.beat != nil {
		l.beat.Stop()
	}
}
