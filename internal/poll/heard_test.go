package poll

import "time"

// event is something that happened to a target at a time.
type event struct {
	at   time.Duration
	what string // running, holding, missing, failing; "passed over": a round ended before its turn
	odd  bool   // of failing: it is usually a typing error
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
