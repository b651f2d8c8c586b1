package console

import (
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// standing returns how the wait stands in a few words. Several targets are counted.
func (l *Log) standing() string {
	if !l.several() {
		return l.standingOf(0)
	}
	text := fmt.Sprintf("%d of %d ended", l.ended, len(l.targets))
	if l.failed > 0 {
		text += fmt.Sprintf(", %d failed", l.failed)
	}
	if l.failing > 0 {
		text += ", no valid response"
	}
	return text
}

// standingOf returns how a target stands.
func (l *Log) standingOf(i int) string {
	t := &l.targets[i]
	switch t.kind {
	case poll.Running, poll.Holding, poll.Ended:
		return l.statusName(t.state.Status)
	case poll.Missing:
		return "not found yet"
	case poll.Failing, poll.Final:
		return "no valid response"
	}
	return "no response yet"
}

// standingFields returns what standing says as fields.
func (l *Log) standingFields() []field {
	if !l.several() {
		return []field{{"status", stringOrNil(l.short(string(l.targets[0].state.Status)))}}
	}
	return []field{{"targets", len(l.targets)}, {"ended", l.ended}, {"failed", l.failed}}
}

// givesUp returns when the wait ends at the latest, and the limit that ends it then: of several targets, that of the
// last one.
func (l *Log) givesUp() (end time.Duration, limit poll.Limit) {
	if l.last.ForAll {
		return l.last.GivesUp, l.last.Limit
	}
	for i := range l.targets {
		switch t := &l.targets[i]; {
		case t.kind == 0: // not polled yet
			return l.timeout, poll.Timeout
		case !t.over && t.givesUp > end:
			end, limit = t.givesUp, t.limit
		}
	}
	return end, limit
}

// leftText says how long the wait goes on at most.
func (l *Log) leftText(now time.Duration) string {
	end, limit := l.givesUp()
	if end <= now {
		return ""
	}
	text := ", " + result.Human(wholeSeconds(end-now)) + " left"
	if limit != poll.Timeout {
		text += " (" + string(limit) + ")"
	}
	return text
}

// status is what the live line shows: of several targets, the slowest.
func (l *Log) status() *liveStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	status := &liveStatus{
		state:   l.standing(),
		percent: -1,
		elapsed: now,
		next:    max(0, l.last.Next-(now-l.last.At)),
		left:    l.leftText(now),
	}
	i := l.shown()
	switch {
	case i < 0:
	case l.several(): // without a bar, which would look like that of all
		standing := l.standingOf(i)
		if t := &l.targets[i]; t.percent >= 0 && t.kind == poll.Running {
			standing = fmt.Sprintf("%d%%", t.percent)
		}
		status.name = l.id(i) + ": " + standing
	default:
		status.percent, status.name = l.targets[i].percent, l.short(l.targets[i].state.Task.Name)
	}
	return status
}

// shown returns the target that the live line shows: the slowest as far as that is known, else the first that is left;
// -1: there is none.
func (l *Log) shown() int {
	if !l.targets[l.slowest].over {
		return l.slowest
	}
	for i := range l.targets {
		if !l.targets[i].over {
			return i
		}
	}
	return -1
}
