package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

// TestBudgets has a row for each promise about what ends a wait, and when.
func TestBudgets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answers []answer
		prepare func(*Waiter)
		want    error
		ended   time.Duration
	}{
		{"a missing task is final after the grace, with a look at its end",
			script(gone), nil, ErrNotFound, 30 * time.Second},
		{"the grace runs from the first missing answer",
			script(broken.taking(5*time.Second), gone), nil, ErrNotFound, 36 * time.Second},
		{"the grace begins anew after the task was there",
			script(gone.times(3), executing, gone), nil, ErrNotFound, 34641 * time.Millisecond},
		{"time spent failing is not counted in the grace",
			script(gone, broken.times(10), gone), nil, ErrNotFound, 47531167061},
		{"a grace of 0 makes the first missing answer final",
			script(gone), func(w *Waiter) { w.NotFoundGrace = 0 }, ErrNotFound, 0},
		{"a task that appears within the grace is followed",
			script(gone.times(5), succeeded), nil, nil, 6105100000},

		{"an outage is final after max_outage, with a look at its end",
			script(executing, broken), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"without a good answer the outage runs from the start",
			script(broken.taking(7 * time.Second)), func(w *Waiter) { w.MaxOutage = 10 * time.Second }, ErrUnavailable, 15 * time.Second},
		{"the outage runs from the first failing answer after the last good one",
			script(broken.times(3), executing, broken), func(w *Waiter) { w.MaxOutage = 10 * time.Second }, ErrUnavailable, 14641 * time.Millisecond},
		{"a good answer ends an outage, a missing one too",
			script(broken.times(4), gone, broken.times(4), executing, broken.times(3), succeeded), func(w *Waiter) { w.MaxOutage = 15 * time.Second }, nil, 24522712143},
		{"a max_outage of 0 makes the first failing answer final",
			script(executing, broken), func(w *Waiter) { w.MaxOutage = 0 }, ErrUnavailable, time.Second},

		{"a host name that does not exist has the grace, as it is mostly a typing error",
			script(noSuchHost), nil, ErrUnavailable, 30 * time.Second},
		{"it has max_outage when that is shorter",
			script(noSuchHost), func(w *Waiter) { w.MaxOutage = 5 * time.Second }, ErrUnavailable, 5 * time.Second},
		{"after a good answer it is an outage like any other",
			script(executing, noSuchHost), nil, ErrUnavailable, 15*time.Minute + time.Second},

		{"401 is final", script(executing, unauthentic), nil, unauthentic.err, time.Second},
		{"403 is final", script(executing, forbidden), nil, forbidden.err, time.Second},
		{"no such API is final at first", script(noSuchAPI), nil, noSuchAPI.err, 0},
		{"no such API is final while failing only", script(broken, noSuchAPI), nil, noSuchAPI.err, time.Second},
		{"no such API after a good answer is an outage", script(executing, noSuchAPI, succeeded), nil, nil, 2100 * time.Millisecond},
		{"a rejected request is final at first", script(rejected), nil, rejected.err, 0},
		{"a rejected request after a good answer is an outage", script(executing, rejected), nil, ErrUnavailable, 15*time.Minute + time.Second},
		{"a rejected request after a missing answer is an outage", script(gone, rejected, succeeded), nil, nil, 2100 * time.Millisecond},

		{"deadline, there: timeout", script(executing), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, there but failing since: timeout", script(executing, broken), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, never a good answer: unavailable", script(broken), deadline, ErrUnavailable, 10 * time.Second},
		{"deadline, failing for max_outage: unavailable", script(executing, broken), func(w *Waiter) { deadline(w); w.MaxOutage = 9 * time.Second }, ErrUnavailable, 10 * time.Second},
		{"deadline, missing and never seen: not found", script(gone), deadline, ErrNotFound, 10 * time.Second},
		{"deadline, missing, then failing: not found", script(gone, broken), deadline, ErrNotFound, 10 * time.Second},
		{"deadline, missing but seen before, grace left: timeout", script(executing, gone), deadline, ErrTimeout, 10 * time.Second},
		{"deadline, missing but seen before, grace spent: not found", script(executing, gone), func(w *Waiter) { deadline(w); w.NotFoundGrace = 9 * time.Second }, ErrNotFound, 10 * time.Second},
		{"deadline, seen, missing, failing since the exact end of the grace: not found",
			script(executing, gone.times(2), broken), func(w *Waiter) { deadline(w); w.NotFoundGrace = 2 * time.Second }, ErrNotFound, 10 * time.Second},
		{"deadline, seen, missing, then failing, grace left: timeout", script(executing, gone, broken), deadline, ErrTimeout, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(c.answers)
			if c.prepare != nil {
				c.prepare(&tr.Waiter)
			}
			tr.run(t)
			tr.endsWith(t, c.want)
			assert.Equal(t, c.ended.String(), tr.ended.String())
		})
	}
}

func deadline(w *Waiter) { w.Timeout = 10 * time.Second }

func TestABudgetIsUsedUpByAResponseOfItsKindAtItsExactEndAndNoSooner(t *testing.T) {
	t.Parallel()
	const end = 30 * time.Second
	for _, c := range []struct {
		answer answer
		want   error
	}{{gone, ErrNotFound}, {broken, ErrUnavailable}} {
		for _, since := range []time.Duration{0, time.Second} {
			last := map[time.Duration]error{since + end - 1: nil, since + end: c.want, since + end + 1: c.want}
			for at, want := range last {
				b := budgets{timeout: time.Hour, grace: end, maxOutage: end}
				assert.NoError(t, b.take(0, nil)) // from the first response of the kind on, not from the start
				assert.NoError(t, b.take(since, c.answer.err))
				assert.ErrorIs(t, b.take(at, c.answer.err), want, at)
			}
		}
	}
}

func TestAPauseEndsWithTheBudget(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone)
	tr.NotFoundGrace = 4 * time.Second
	tr.run(t).endsWith(t, ErrNotFound)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4s"}, tr.asked)
}

func TestAnotherKindOfAnswerAtTheEndOfABudgetGoesOn(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone.times(4), broken, succeeded)
	tr.NotFoundGrace = 4 * time.Second
	tr.run(t).endsWith(t, nil)
	assert.Equal(t, "4s", tr.asked[4])
	assert.Len(t, tr.asked, 6)
}

func TestTheErrorWrapsTheLastAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answers []answer
		want    string
	}{
		{script(gone), "not found, and the grace for that is over: get task: 200: no such task in the answer"},
		{script(executing, broken), "no good answer for too long: get task: 503 DMS.00500001"},
	} {
		tr := newTrial(c.answers).run(t)
		assert.EqualError(t, tr.err, c.want)
		var e *client.Error
		assert.ErrorAs(t, tr.err, &e)
	}
}

func TestNotFoundAtTheDeadlineIsToldByTheAnswerThatDecided(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone, broken)
	deadline(&tr.Waiter)
	tr.run(t).endsWith(t, ErrNotFound)
	var e *client.Error
	assert.ErrorAs(t, tr.err, &e)
	assert.Equal(t, gone.err, e)
	assert.ErrorIs(t, tr.err, broken.err, "what came after it is told, too")
}
