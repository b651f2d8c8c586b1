package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

// TestEachBudgetEndsTheWaitWhenItIsUsedUp has a row for each promise about what ends a wait, and when.
func TestEachBudgetEndsTheWaitWhenItIsUsedUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		responses []response
		prepare   func(*Waiter)
		want      error
		ended     time.Duration
	}{
		{"a missing task is final after the grace, with a poll at its end",
			script(gone), nil, ErrNotFound, 30 * time.Second},
		{"the grace runs from the first missing response",
			script(broken.taking(5*time.Second), gone), nil, ErrNotFound, 36 * time.Second},
		{"the grace starts again after the task was running",
			script(gone.times(3), executing, gone), nil, ErrNotFound, 34641 * time.Millisecond},
		{"time spent failing does not count towards the grace",
			script(gone, broken.times(10), gone), nil, ErrNotFound, 47531167061},
		{"a grace of 0 makes the first missing response final",
			script(gone), grace(0), ErrNotFound, 0},
		{"a task that appears within the grace is followed",
			script(gone.times(5), succeeded), nil, nil, 6105100000},

		{"an outage is final after max_outage, with a poll at its end",
			script(executing, broken), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"without a valid response the outage runs from the start",
			script(broken.taking(7 * time.Second)), maxOutage(10 * time.Second), ErrUnavailable, 15 * time.Second},
		{"the outage runs from the first failing response after the last valid one",
			script(broken.times(3), executing, broken),
			maxOutage(10 * time.Second), ErrUnavailable, 14641 * time.Millisecond},
		{"any valid response ends an outage, a missing one too",
			script(broken.times(4), gone, broken.times(4), executing, broken.times(3), succeeded),
			maxOutage(15 * time.Second), nil, 24522712143},
		{"a max_outage of 0 makes the first failing response final",
			script(executing, broken), maxOutage(0), ErrUnavailable, time.Second},

		{"a host name that does not exist has the grace, since it is mostly a typing error",
			script(noSuchHost), nil, ErrMisconfigured, 30 * time.Second},
		{"it has max_outage when that is shorter",
			script(noSuchHost), maxOutage(5 * time.Second), ErrMisconfigured, 5 * time.Second},
		{"after a valid response it is an outage like any other",
			script(executing, noSuchHost), nil, ErrUnavailable, 15*time.Minute + time.Second},

		{"it is no misconfiguration when the outage ends with another failure",
			script(noSuchHost.times(8), broken), maxOutage(20 * time.Second), ErrUnavailable, 20 * time.Second},
		{"a foreign 404 has the grace at first",
			script(noInstance.ofSomethingElse()), nil, ErrMisconfigured, 30 * time.Second},
		{"a foreign 404 after a valid response is an outage",
			script(executing, noInstance.ofSomethingElse()), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"a foreign 404 after a missing response is an outage",
			script(gone, noInstance.ofSomethingElse(), succeeded), nil, nil, 2100 * time.Millisecond},
		{"a foreign 400 is final at first",
			script(broken, foreignRejection), nil, foreignRejection.err, time.Second},
		{"a foreign 401 is final at first",
			script(foreignRefusal), nil, foreignRefusal.err, 0},
		{"a foreign 401 after a valid response is an outage",
			script(executing, foreignRefusal, succeeded), nil, nil, 2100 * time.Millisecond},
		{"a foreign 403 after a valid response is an outage",
			script(executing, forbidden.ofSomethingElse()), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"a login that a proxy refuses is final at first", script(lockedOut), nil, lockedOut.err, 0},
		{"a login that a proxy refuses is final at any time",
			script(executing, broken, lockedOut), nil, lockedOut.err, 2100 * time.Millisecond},

		{"401 is final", script(executing, unauthentic), nil, unauthentic.err, time.Second},
		{"403 is final", script(executing, forbidden), nil, forbidden.err, time.Second},
		{"no such API is final at first", script(noSuchAPI), nil, noSuchAPI.err, 0},
		{"no such API is final while failing only",
			script(broken, noSuchAPI), nil, noSuchAPI.err, time.Second},
		{"no such API after a valid response is an outage",
			script(executing, noSuchAPI, succeeded), nil, nil, 2100 * time.Millisecond},
		{"a rejected request is final at first", script(rejected), nil, rejected.err, 0},
		{"a rejected request after a valid response is an outage",
			script(executing, rejected), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"a rejected request after a missing response is an outage",
			script(gone, rejected, succeeded), nil, nil, 2100 * time.Millisecond},

		{"deadline, running: timeout", script(executing), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, running, then failing: timeout",
			script(executing, broken), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, never a valid response: unavailable",
			script(broken), deadline, ErrUnavailable, 10 * time.Second},
		{"deadline, never a valid response and misconfigured: misconfigured",
			script(noSuchHost), deadline, ErrMisconfigured, 10 * time.Second},
		{"deadline, failing for max_outage: unavailable",
			script(executing, broken), both(deadline, maxOutage(9*time.Second)), ErrUnavailable, 10 * time.Second},
		{"deadline, missing and never seen: not found",
			script(gone), deadline, ErrNotFound, 10 * time.Second},
		{"deadline, missing, then failing: not found",
			script(gone, broken), deadline, ErrNotFound, 10 * time.Second},
		{"deadline, missing but seen before, grace left: timeout",
			script(executing, gone), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, missing but seen before, grace spent: not found",
			script(executing, gone), both(deadline, grace(9*time.Second)), ErrNotFound, 10 * time.Second},
		{"deadline, seen, missing, failing since the exact end of the grace: not found",
			script(executing, gone.times(2), broken), both(deadline, grace(2*time.Second)), ErrNotFound, 10 * time.Second},
		{"deadline, seen, missing, then failing, grace left: timeout",
			script(executing, gone, broken), deadline, ErrTimeout, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(c.responses)
			if c.prepare != nil {
				c.prepare(&tr.Waiter)
			}
			tr.run(t)
			tr.endsWith(t, c.want)
			assert.Equal(t, c.ended.String(), tr.ended.String())
		})
	}
}

// What a row prepares.
func deadline(w *Waiter) { w.Timeout = 10 * time.Second }

func grace(d time.Duration) func(*Waiter) { return func(w *Waiter) { w.NotFoundGrace = d } }

func maxOutage(d time.Duration) func(*Waiter) { return func(w *Waiter) { w.MaxOutage = d } }

func both(first, second func(*Waiter)) func(*Waiter) {
	return func(w *Waiter) {
		first(w)
		second(w)
	}
}

func TestBudgetIsUsedUpExactlyAtItsEnd(t *testing.T) {
	t.Parallel()
	const end = 30 * time.Second
	for _, c := range []struct {
		kind Kind
		err  error
		want error
	}{{Missing, gone.err, ErrNotFound}, {Failing, broken.err, ErrUnavailable}} {
		for _, since := range []time.Duration{0, time.Second} {
			last := map[time.Duration]error{since + end - 1: nil, since + end: c.want, since + end + 1: c.want}
			for at, want := range last {
				b := budgets{timeout: time.Hour, grace: end, maxOutage: end}
				assert.NoError(t, b.record(0, Running, nil)) // a budget starts with the first response of its kind
				assert.NoError(t, b.record(since, c.kind, c.err))
				assert.ErrorIs(t, b.record(at, c.kind, c.err), want, at)
			}
		}
	}
}

func TestPauseEndsWithTheBudget(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone)
	tr.NotFoundGrace = 4 * time.Second
	tr.run(t).endsWith(t, ErrNotFound)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4s"}, tr.polledAt)
}

func TestOtherKindAtTheEndOfABudgetContinuesTheWait(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone.times(4), broken, succeeded)
	tr.NotFoundGrace = 4 * time.Second
	tr.run(t).endsWith(t, nil)
	assert.Equal(t, "4s", tr.polledAt[4])
	assert.Len(t, tr.polledAt, 6)
}

func TestErrorWrapsTheLastResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		responses []response
		want      string
	}{
		{script(gone), `not found within the grace period: the instance has no task "t1"`},
		{script(executing, broken), "no valid response for too long: get task: 503 DMS.00500001"},
	} {
		tr := newTrial(c.responses).run(t)
		assert.EqualError(t, tr.err, c.want)
		var e *client.Error
		assert.ErrorAs(t, tr.err, &e)
	}
}

func TestNotFoundAtTheDeadlineWrapsTheDecidingResponse(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone, broken)
	deadline(&tr.Waiter)
	tr.run(t).endsWith(t, ErrNotFound)
	var e *client.Error
	assert.ErrorAs(t, tr.err, &e)
	assert.Equal(t, gone.err, e)
	assert.ErrorIs(t, tr.err, broken.err)
	assert.EqualError(t, tr.err, `not found within the grace period: the instance has no task "t1"; `+
		`since then: get task: 503 DMS.00500001`)
}
