package poll

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// model waits by the contract's words: it keeps everything that it heard of each target, and adds up whatever it has to
// know from the beginning each time. Only the length of a pause is package poll's own, which FuzzSchedule is about.
type model struct {
	*world
	timeout, settle, grace, maxOutage, requestTimeout, stop time.Duration
	failFast                                                bool

	now     time.Duration
	heard   [][]event // of each target
	about   []event   // of the API: valid responses, and failures that concern all
	ends    []*modelEnd
	last    []client.Status // as last seen
	order   []int           // of the targets in the next round
	polls   []string
	hasRun  map[int]bool // the targets that the round has reached
	stopped bool         // by fail_fast
	wish    demand
	pauses  *Schedule
}

// event is something that happened to a target at a time.
type event struct {
	at   time.Duration
	what string // running, holding, missing, failing; "passed over": a round ended before its turn
	odd  bool   // of failing: it is usually a typing error
}

// modelEnd is how the wait for a target ended.
type modelEnd struct {
	standing target.Standing
	reason   error // nil: it ended itself
	limit    Limit
}

func (m *model) wait() {
	m.reset()
	m.heard, m.ends, m.last = make([][]event, len(m.scripts)), make([]*modelEnd, len(m.scripts)), make([]client.Status, len(m.scripts))
	for _, source := range m.sources {
		m.order = append(m.order, source...)
	}
	m.pauses = NewSchedule(time.Second, 20*time.Second, steady)
	for {
		m.round()
		switch {
		case m.stopped: // by a response that came before the signal, if there was one
			m.endRest(func(int) *modelEnd { return &modelEnd{reason: ErrStopped} })
		case m.isInterrupted():
			m.endRest(func(int) *modelEnd { return &modelEnd{reason: errSignal} })
		case m.timeout > 0 && m.now >= m.timeout:
			m.endRest(m.atDeadline)
		}
		if m.left() == 0 {
			return
		}
		pause := m.pause()
		if m.stop > 0 && m.now+pause > m.stop {
			m.now = m.stop
			m.endRest(func(int) *modelEnd { return &modelEnd{reason: errSignal} })
			return
		}
		m.now += pause
	}
}

func (m *model) isInterrupted() bool { return m.stop > 0 && m.now >= m.stop }

func (m *model) left() (n int) {
	for _, end := range m.ends {
		if end == nil {
			n++
		}
	}
	return n
}

func (m *model) endRest(why func(i int) *modelEnd) {
	for i := range m.ends {
		if m.ends[i] == nil {
			m.ends[i] = why(i)
		}
	}
}

// round polls every target that has not ended, unless something stops it: those of one source together.
func (m *model) round() {
	m.hasRun, m.wish = map[int]bool{}, demand{}
	next := -1
	for next < 0 && !m.stopped && !m.isInterrupted() {
		var due []int
		for _, i := range m.order {
			if m.ends[i] != nil || m.hasRun[i] {
				continue
			}
			if len(due) > 0 && m.sourceOf(i) != m.sourceOf(due[0]) {
				break
			}
			due = append(due, i)
		}
		if len(due) == 0 { // every target had its turn: the next round begins with a whole source
			next = m.sources[m.sourceOf(m.order[0])][0]
			break
		}
		next = m.poll(due)
	}
	if next >= 0 {
		m.order = rotated(m.order, next)
	}
	for i := range m.ends {
		if m.ends[i] == nil && !m.hasRun[i] {
			m.heard[i] = append(m.heard[i], event{at: m.now, what: "passed over"})
		}
	}
}

// rotated returns the order that begins with a target.
func rotated(order []int, first int) []int {
	for order[0] != first {
		order = append(append([]int{}, order[1:]...), order[0])
	}
	return order
}

// poll polls targets of a source. If a response stops the round, it returns which target the next one begins with: the
// first that was refused, or the one after the last about which nothing was received; else −1.
func (m *model) poll(due []int) (next int) {
	m.polls = append(m.polls, fmt.Sprint(m.now, due))
	limit := time.Duration(math.MaxInt64)
	if m.now >= m.timeout {
		limit = m.requestTimeout
	}
	if m.stop > 0 {
		limit = min(limit, m.stop-m.now)
	}
	all, took := m.world.poll(m.sourceOf(due[0]), due, limit)
	m.now += took
	next = -1
	for i := range all {
		s := &all[i]
		if m.ends[s.target] == nil {
			m.hear(s)
		}
		switch {
		case !s.stopsRound(), next >= 0 && m.wish.slower:
		case m.wish.slower:
			next = s.target
		default:
			next = m.following(s.target)
		}
	}
	return next
}

// following returns the target that has its turn after another.
func (m *model) following(i int) int {
	for n := range m.order {
		if m.order[n] == i {
			return m.order[(n+1)%len(m.order)]
		}
	}
	panic("no such target")
}

// hear accounts for one response.
func (m *model) hear(s *said) {
	i := s.target
	m.hasRun[i] = true
	found := s.finding()
	if s.err == nil {
		m.last[i] = found.State.Status
	}
	what, end := m.meaning(s, &found)
	m.wish.retryAfter = max(m.wish.retryAfter, found.State.Response.RetryAfter)
	var e *client.Error
	if errors.As(s.err, &e) {
		m.wish.retryAfter = max(m.wish.retryAfter, e.Response.RetryAfter)
		m.wish.slower = m.wish.slower || e.Throttled()
	}
	m.wish.valid = m.wish.valid || s.err == nil || what == "missing"
	if m.isInterrupted() && (end == nil || end.reason != nil) {
		return
	}
	anyValid := wasValid(m.about)
	ev := event{at: m.now, what: what}
	if what == "failing" {
		ev.odd = !wasValid(m.heard[i]) && e.Misconfigured() && (e.Answered() || !anyValid)
	}
	m.heard[i] = append(m.heard[i], ev)
	if end == nil {
		end = m.usedUp(i)
	}
	m.ends[i] = end
	switch {
	case s.stopsRound() && what == "failing":
		ev.odd = !anyValid && e.Misconfigured()
		m.about = append(m.about, ev)
		if limit, length := m.outageLimit(m.about); outage(m.about, m.now) >= length {
			m.endRest(func(int) *modelEnd { return &modelEnd{reason: outageReason(m.about), limit: limit} })
		}
	case s.stopsRound():
		m.endRest(func(int) *modelEnd { return end })
	case what != "failing" && what != "final":
		m.about = append(m.about, event{at: m.now, what: "running"})
	}
	if end != nil && m.failFast && end.reason != ErrRunning && (end.reason != nil || end.standing != target.Succeeded) {
		m.stopped = true
	}
}

// meaning returns what a response is, by the table of section 5, and the end that it is by itself.
func (m *model) meaning(s *said, found *target.Finding) (what string, end *modelEnd) {
	if s.err == nil {
		switch standing := found.State.Standing; standing {
		case target.Running:
			return "running", nil
		case target.Holding:
			if m.timeout == 0 || m.now-heldSince(m.heard[s.target], m.now) >= m.settle {
				return "running", &modelEnd{standing: target.Succeeded}
			}
			return "holding", nil
		default:
			return "running", &modelEnd{standing: standing}
		}
	}
	var e *client.Error
	errors.As(s.err, &e)
	final := &modelEnd{reason: e}
	valid := wasValid(m.heard[s.target])
	if e.LoggingIn() { // which is nobody's own
		valid = wasValid(m.about)
	}
	switch {
	case e.ProxyRefusedLogin(), e.Denied() && !e.Foreign, e.Denied() && !valid:
		return "final", final
	case e.Missing():
		return "missing", nil
	case !valid && (e.Rejected() || e.NoSuchAPI()):
		return "final", final
	}
	return "failing", nil
}

// usedUp returns the end of a target whose last response used up a budget, or nil.
func (m *model) usedUp(i int) *modelEnd {
	heard := m.heard[i]
	switch heard[len(heard)-1].what {
	case "missing":
		if absence(heard, m.now) >= m.grace {
			return &modelEnd{reason: ErrNotFound, limit: NotFoundGrace}
		}
	case "failing":
		if limit, length := m.outageLimit(heard); outage(heard, m.now) >= length {
			return &modelEnd{reason: outageReason(heard), limit: limit}
		}
	case "running", "holding":
		if m.timeout == 0 {
			return &modelEnd{reason: ErrRunning}
		}
	}
	return nil
}

// atDeadline returns how the wait for a target ends at timeout: the last response that was not failing decides.
func (m *model) atDeadline(i int) *modelEnd {
	end := &modelEnd{reason: ErrTimeout, limit: Timeout}
	var valid string
	seen, responded := false, false
	at := m.timeout // or when its response came after that
	for _, e := range m.heard[i] {
		if e.what == "passed over" {
			continue
		}
		responded = true
		at = max(at, e.at)
		if e.what != "failing" {
			valid = e.what
			seen = seen || e.what != "missing"
		}
	}
	var before []event // a round that passed it over after the deadline changes nothing
	for _, e := range m.heard[i] {
		if e.at <= at {
			before = append(before, e)
		}
	}
	switch {
	case !responded:
		end.reason = ErrUnavailable
	case valid == "":
		end.reason = outageReason(m.heard[i])
	case valid == "missing" && (!seen || absence(before, at) >= m.grace):
		end.reason = ErrNotFound
	}
	return end
}

// pause returns the pause that follows the round.
func (m *model) pause() time.Duration {
	pause := m.pauses.next(m.wish)
	if m.timeout > 0 {
		pause = min(pause, m.timeout-m.now)
	}
	if n := len(m.about); n > 0 && m.about[n-1].what == "failing" {
		_, length := m.outageLimit(m.about)
		if left := length - outage(m.about, m.now); left > 0 { // else only another failure that concerns all ends the wait
			pause = min(pause, left)
		}
	}
	for i, end := range m.ends {
		if end != nil || !m.hasRun[i] {
			continue
		}
		heard := m.heard[i]
		what := heard[len(heard)-1].what
		if m.wish.slower && what != "failing" { // the next round begins with others
			continue
		}
		switch what {
		case "missing":
			pause = min(pause, m.grace-absence(heard, m.now))
		case "failing":
			_, length := m.outageLimit(heard)
			pause = min(pause, length-outage(heard, m.now))
		}
		if settled := heldSince(heard, m.now) + m.settle; settled > m.now && isHolding(heard) {
			pause = min(pause, settled-m.now)
		}
	}
	return max(0, pause)
}

func (m *model) outageLimit(heard []event) (Limit, time.Duration) {
	if heard[len(heard)-1].odd && m.grace < m.maxOutage && (m.timeout > 0 || m.grace > 0) {
		return NotFoundGrace, m.grace
	}
	return MaxOutage, m.maxOutage
}

// outageReason returns the reason for the end of a target about which there was no valid response.
func outageReason(heard []event) error {
	odd := false
	for _, e := range heard {
		if e.what != "passed over" {
			odd = e.odd
		}
	}
	if odd {
		return ErrMisconfigured
	}
	return ErrUnavailable
}

func wasValid(heard []event) bool {
	for _, e := range heard {
		if e.what != "failing" && e.what != "passed over" {
			return true
		}
	}
	return false
}

// absence returns how much of the grace is spent: the time after each missing response, until the next response or the
// end of a round that passed the target over.
func absence(heard []event, now time.Duration) (spent time.Duration) {
	for n, e := range heard {
		until := now
		if n+1 < len(heard) {
			until = heard[n+1].at
		}
		switch e.what {
		case "running", "holding":
			spent = 0
		case "missing":
			spent += until - e.at
		}
	}
	return spent
}

// outage returns how much of max_outage is spent: the time since the first failing response after the last valid one,
// or since the start, unless the first round already passed the target over.
func outage(heard []event, now time.Duration) time.Duration {
	since, failing := time.Duration(0), true
	for n, e := range heard {
		switch {
		case e.what == "failing" && !failing:
			since, failing = e.at, true
		case e.what != "failing" && (e.what != "passed over" || n == 0):
			failing = false
		}
	}
	return now - since
}

// heldSince returns since when an instance is what it is to become, if it is that now, too.
func heldSince(heard []event, now time.Duration) time.Duration {
	since := now
	for n := len(heard) - 1; n >= 0; n-- {
		switch heard[n].what {
		case "holding":
			since = heard[n].at
		case "running", "missing":
			return since
		}
	}
	return since
}

// isHolding reports whether an instance was what it is to become when it was last seen.
func isHolding(heard []event) bool {
	for n := len(heard) - 1; n >= 0; n-- {
		switch heard[n].what {
		case "holding":
			return true
		case "running", "missing":
			return false
		}
	}
	return false
}
