package poll

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

var foreignForbidden = forbidden.ofSomethingElse()

// TestErrorEndsTheWaitOfWhomItConcerns has an error be the second response of target 1, or its first one.
func TestErrorEndsTheWaitOfWhomItConcerns(t *testing.T) {
	t.Parallel()
	type ends struct{ own, other error } // nil: goes on
	all := func(r response) ends { return ends{r.err, r.err} }
	for name, c := range map[string]struct {
		response
		first, later ends
	}{
		"401":                           {unauthentic, all(unauthentic), all(unauthentic)},
		"login refused":                 {loginRefused, all(loginRefused), all(loginRefused)},
		"login rejected, when renewing": {loginRejected, ends{}, ends{}}, // the login was right before
		"a proxy's 407 although a login was sent": {
			lockedOut, all(lockedOut), all(lockedOut),
		},
		"403":                              {forbidden, ends{own: forbidden.err}, ends{own: forbidden.err}},
		"404, no such API":                 {noSuchAPI, ends{own: noSuchAPI.err}, ends{}},
		"400":                              {rejected, ends{own: rejected.err}, ends{}},
		"404":                              {noInstance, ends{}, ends{}}, // not yet
		"403 of something in between":      {foreignForbidden, ends{own: foreignForbidden.err}, ends{}},
		"400 of something in between":      {foreignRejection, ends{own: foreignRejection.err}, ends{}},
		"a login that is not responded to": {loginFails, ends{}, ends{}},
	} {
		for when, script1 := range map[string][]response{
			"first": script(c.response, succeeded), "later": script(executing, c.response, succeeded),
		} {
			want := map[string]ends{"first": c.first, "later": c.later}[when]
			f := newFleet(script(executing.times(6), succeeded), script1).run(t)
			for i, err := range []error{want.other, want.own} {
				if err == nil {
					assert.NoError(t, f.endings[i].Err, "%s %s: target %d", name, when, i)
				} else {
					assert.ErrorIs(t, f.endings[i].Err, err, "%s %s: target %d", name, when, i)
				}
			}
		}
	}
}

func TestLoginThatIsRejectedEndsTheWaitForAll(t *testing.T) {
	t.Parallel()
	f := newFleet(script(loginRejected), script(executing), script(executing)).run(t)
	f.ends(t, loginRejected.err, loginRejected.err, loginRejected.err)
	assert.Equal(t, []string{"0s:0"}, f.polls)
}

func TestEndForAllIsNotUndoneByTheRestOfTheResponse(t *testing.T) {
	t.Parallel()
	none := script(unanswered)
	w := &world{
		scripts: [][]response{script(executing), script(executing), script(executing)},
		lists:   [][]response{none, none}, sources: [][]int{{0}, {1, 2}},
	}
	w.scripts[0] = none
	waiter := &Waiter{Timeout: time.Hour, MaxOutage: time.Second, RequestTimeout: time.Second}
	h := w.run(t, waiter, 0)
	assert.Equal(t, []string{"0s [0]", "1s [1 2]"}, h.polls)
	for i := range h.endings {
		assert.ErrorIs(t, h.endings[i].Err, ErrUnavailable, "target %d", i)
	}
}

func TestRequestThatASignalCutOffIsNoOutage(t *testing.T) {
	t.Parallel()
	w := &world{
		scripts: [][]response{script(executing), script(forbidden), script(executing.taking(time.Minute))},
		sources: [][]int{{0, 1, 2}},
	}
	h := w.run(t, &Waiter{Timeout: time.Hour, RequestTimeout: time.Second}, time.Second)
	for i := range h.endings {
		assert.Equal(t, errSignal, h.endings[i].Err, "target %d", i)
	}
}

func TestThrottledPauseIsOneForAll(t *testing.T) {
	t.Parallel()
	refused := throttled.retryAfter(40 * time.Second)
	f := newFleet(script(executing, succeeded), script(refused, succeeded), script(succeeded)).run(t)
	f.ends(t, nil, nil, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "42s:1", "42s:2", "42s:0"}, f.polls)

	f = newFleet(script(executing.retryAfter(40*time.Second), succeeded), script(executing, succeeded))
	f.run(t)
	assert.Equal(t, []string{"0s:0", "0s:1", "40s:0", "40s:1"}, f.polls, "any response may ask for a pause")
}

func TestEachInstanceSettlesByItself(t *testing.T) {
	t.Parallel()
	f := newFleet(script(holds), script(waits.times(4), holds), script(holds, holds, waits, holds)).run(t)
	f.ends(t, nil, nil, nil)
	assert.Equal(t, []string{"10s", "14.641s", "13.31s"}, []string{
		f.endOf(0).String(), f.endOf(1).String(), f.endOf(2).String(),
	})
}

func TestSettlingDoesNotShortenAThrottledPause(t *testing.T) {
	t.Parallel()
	f := newFleet(script(holds), script(executing, throttled.retryAfter(time.Minute), executing))
	f.Settle = 2 * time.Second
	f.run(t)
	assert.Equal(t, []string{"0s:0", "0s:1", "1s:0", "1s:1", "1m4s:1", "1m4s:0"}, f.polls[:6])
	assert.Equal(t, 64*time.Second, f.endOf(0))
}

func TestTaskWithoutProgressIsPassedOver(t *testing.T) {
	t.Parallel()
	task := func(id, created string) []response {
		one := response{state: target.OfTask(&client.Task{ID: id, Status: client.Executing, CreatedAt: created})}
		return append(one.times(14), succeeded)
	}
	const day = "2026-01-02T03:04:"
	f := newFleet(task("t1", day+"07Z"), task("t2", day+"05Z"), task("t3", day+"06Z"))
	var requested []int
	f.Progress = func(_ context.Context, i int) error {
		requested = append(requested, i)
		if i == 1 {
			return failure(404, "").err
		}
		return nil
	}
	f.run(t)
	assert.Equal(t, []int{1, 2, 2, 2}, requested)
}

func TestNoProgressIsRequestedAfterAThrottledRound(t *testing.T) {
	t.Parallel()
	task := response{state: target.OfTask(&client.Task{ID: "t", Status: client.Executing})}
	f := newFleet(script(task.times(9), succeeded), script(executing.times(2), throttled, executing.times(6), succeeded))
	var rounds []int
	f.Progress = func(context.Context, int) error {
		rounds = append(rounds, f.outcomes[len(f.outcomes)-1].Round)
		return nil
	}
	f.run(t)
	assert.Equal(t, []int{6, 9}, rounds)
}
