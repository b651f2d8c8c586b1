package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

const (
	// heartbeat is how long a log stays silent at most.
	heartbeat = time.Minute

	// mostChanges is how many changes a log tells of one by one. A service that flaps for a day must not fill a disk.
	mostChanges = 20
)

// Newsf tells of a change that may come again and again: the first time it is a warning.
func (l *Log) Newsf(name, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change(l.onceAsWarning(event{name: name, text: fmt.Sprintf(format, args...)}))
}

// change tells of something new. After mostChanges of them without a minute's rest it only counts them, for the heartbeat to tell.
// Warnings are always told, since there are few.
func (l *Log) change(e event) {
	if e.level != "warning" {
		if l.told >= mostChanges {
			l.left++
			return
		}
		l.told++
	}
	l.tell(e)
}

// onceAsWarning makes a warning of the first event of its name; the others are news like any.
func (l *Log) onceAsWarning(e event) event {
	if l.warned == nil {
		l.warned = map[string]bool{}
	}
	if !l.warned[e.name] {
		l.warned[e.name] = true
		e.level = "warning"
	}
	return e
}

// warnUnknown warns of a status once, and of so many different ones at most.
func (l *Log) warnUnknown(status client.Status) {
	if status.Known() || l.unknown[status] || len(l.unknown) >= mostChanges {
		return
	}
	if l.unknown == nil {
		l.unknown = map[client.Status]bool{}
	}
	l.unknown[status] = true
	l.tell(event{name: "unknown_status", level: "warning", fields: []Output{text("status", l.short(string(status)))},
		text: fmt.Sprintf("status %q is not one that DMS documents; taken for still running", l.short(string(status)))})
}

// heartbeat shows that we are still there, and how much was left out. Where a live line shows the first all the time, only the second is told.
func (l *Log) heartbeat() {
	defer l.survive()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent {
		return
	}
	now := time.Since(l.Start)
	beat := event{name: "heartbeat", text: fmt.Sprintf("%s %s, %s left", Human(now), l.state(), Human(max(0, l.Timeout-now))),
		fields: []Output{text("status", l.short(string(l.task.Status)))}}
	if l.left == 0 {
		l.told = 0
		if l.Live != nil {
			l.beat.Reset(heartbeat)
			return
		}
	} else {
		beat.text += "; " + plural(l.left, "change") + " left out"
		beat.fields = append(beat.fields, number("changes_left_out", strconv.Itoa(l.left)))
		l.left = 0
	}
	l.tell(beat)
}
