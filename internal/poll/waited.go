package poll

import (
	"context"
	"errors"
	"time"

	"github.com/dmswait/dmswait/internal/target"
)

// waited is how the wait for one target goes.
type waited struct {
	budgets
	Ending
	source int
	over   bool
	at     time.Duration // when its last response came
	polled int           // the last round in which it was

	holding   bool // the instance is what it is to become
	heldSince time.Duration

	progressFailures int
}

// prepare resets the budgets and everything else that a wait keeps.
func (w *Waiter) prepare() {
	w.order, w.begin, w.failed = nil, 0, false
	for _, source := range w.Sources {
		w.order = append(w.order, source...)
	}
	own := budgets{timeout: w.Timeout, grace: w.NotFoundGrace, maxOutage: w.MaxOutage}
	shared := own
	w.targets, w.shared = make([]waited, len(w.order)), &shared
	for source, targets := range w.Sources {
		for _, i := range targets {
			w.targets[i] = waited{budgets: own, source: source}
		}
	}
}

// record accounts for what a poll found, and returns its kind. The end of a target comes before a signal, and that
// before the budgets.
func (w *Waiter) record(ctx context.Context, round int, found *target.Finding) Kind {
	t := &w.targets[found.Target]
	at := w.elapsed()
	kind := w.settle(t, at, t.classify(found, w.shared.valid))
	t.polled, t.at = round, at
	if found.Err == nil {
		if kind == Ended && found.State.Standing == target.Holding { // for as long as it has to
			found.State.Standing = target.Succeeded
		}
		t.State = found.State
	}
	switch {
	case kind == Ended:
		t.over = true
	case ctx.Err() == nil:
		t.reached = w.shared.valid != 0
		t.Err = t.budgets.record(at, kind, found.Err)
		if t.Err == nil && kind.isRunning() && w.Timeout == 0 {
			t.Err = &End{Reason: ErrRunning}
		}
		t.over = t.Err != nil
	}
	outcome := Outcome{Round: round, Target: found.Target, At: at, Kind: kind, State: found.State, Err: found.Err}
	outcome.ForAll = found.ConcernsAll()
	outcome.GivesUp, outcome.Limit = t.givesUp(at)
	if ctx.Err() == nil {
		w.share(at, kind, found)
	}
	if end, limit := w.shared.givesUp(at); outcome.ForAll && end < outcome.GivesUp {
		outcome.GivesUp, outcome.Limit = end, limit
	}
	w.unobserved = append(w.unobserved, outcome)
	if t.over && w.FailFast != nil && !errors.Is(t.Err, ErrRunning) && w.FailFast(found.Target, &t.Ending) {
		w.failed = true
	}
	return kind
}

// settle returns the kind of a response about an instance that may be what it is to become: it ends once it has been
// that for Settle, at each poll. A failing response neither counts nor breaks it.
func (w *Waiter) settle(t *waited, at time.Duration, kind Kind) Kind {
	switch {
	case kind == Failing:
		return kind
	case kind != Holding:
		t.holding = false
		return kind
	case !t.holding:
		t.holding, t.heldSince = true, at
	}
	if w.Timeout == 0 || at-t.heldSince >= w.Settle {
		return Ended
	}
	return Holding
}

// share accounts for what a finding says about all targets. Any valid response is one of the API, and an error that
// concerns all ends the wait for all when it is final, or no valid response has come for too long.
func (w *Waiter) share(at time.Duration, kind Kind, found *target.Finding) {
	switch {
	case found.ConcernsAll():
		if err := w.shared.record(at, kind, found.Err); err != nil {
			w.endAll(func(*waited) error { return err })
		}
	case kind != Failing && kind != Final:
		_ = w.shared.record(at, Running, nil) // which ends nothing
	}
}
