package poll

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// fleet is a wait for several targets under a fake clock. Each target has a script of its own, of which the last
// response is repeated. Sources hold as many targets each as perSource says.
type fleet struct {
	Waiter
	scripts   [][]response
	perSource int // 0: 1

	polls    []string // what was polled and when, as "TIME:TARGET"
	next     []int    // for each target, its next response
	outcomes []Outcome
	endings  []Ending
	ended    time.Duration
	prepare  func(context.CancelCauseFunc)
	gateway  func(at time.Duration) (accepts bool) // nil: accepts all
}

func newFleet(scripts ...[]response) *fleet {
	return &fleet{
		Waiter: Waiter{
			Timeout: time.Hour, NotFoundGrace: 30 * time.Second, MaxOutage: 15 * time.Minute,
			RequestTimeout: 10 * time.Second, Settle: 10 * time.Second,
		},
		scripts: scripts, perSource: 1,
	}
}

func (f *fleet) run(t *testing.T) *fleet {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.next = make([]int, len(f.scripts))
		for i := range f.scripts {
			if i%f.perSource == 0 {
				f.Sources = append(f.Sources, nil)
			}
			f.Sources[i/f.perSource] = append(f.Sources[i/f.perSource], i)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		f.Start = time.Now()
		f.Schedule = NewSchedule(time.Second, 20*time.Second, steady)
		f.Poll = f.respond
		f.Observe = func(o *Outcome) { f.outcomes = append(f.outcomes, *o) }
		if f.prepare != nil {
			f.prepare(cancel)
		}
		f.endings = f.Wait(ctx)
		f.ended = time.Since(f.Start)
	})
	return f
}

func (f *fleet) respond(ctx context.Context, due []int) (found []target.Finding) {
	for _, i := range due {
		f.polls = append(f.polls, fmt.Sprintf("%v:%d", time.Since(f.Start), i))
		r := f.scripts[i][min(f.next[i], len(f.scripts[i])-1)]
		if f.gateway != nil && !f.gateway(time.Since(f.Start)) {
			r = throttled
		} else {
			f.next[i]++
		}
		one := target.Finding{Target: i, State: r.state, Err: r.err}
		select {
		case <-time.After(r.after):
		case <-ctx.Done():
			one = target.Finding{Target: i, Err: &client.Error{Op: "get task", Err: context.Cause(ctx)}}
		}
		if one.Err == nil && one.State.Status == "" {
			one.State = target.OfTask(&client.Task{ID: fmt.Sprint("t", i), Status: r.status})
		}
		found = append(found, one)
		if one.ConcernsAll() {
			break
		}
	}
	return found
}

// ends asserts how the wait for each target ended: nil for a target that ended itself.
func (f *fleet) ends(t *testing.T, want ...error) {
	t.Helper()
	for i, err := range want {
		if err == nil {
			assert.NoError(t, f.endings[i].Err, "target %d", i)
		} else {
			assert.ErrorIs(t, f.endings[i].Err, err, "target %d", i)
		}
	}
}

// endOf returns when the response came that ended the wait for a target.
func (f *fleet) endOf(target int) time.Duration {
	for _, o := range f.outcomes {
		if o.Target == target && o.Over {
			return o.At
		}
	}
	return -1
}

// instance is a response about an instance.
func instance(standing target.Standing) response {
	return response{state: target.State{Status: "RUNNING", Standing: standing}}
}

var (
	holds      = instance(target.Holding)
	waits      = instance(target.Running)
	unanswered = response{err: &client.Error{Op: "get task", Err: errors.New("connection refused")}}
	loginFails = response{err: &client.Error{
		Op: "log in", Class: client.Failing, Response: client.Response{StatusCode: 503},
	}}
)

func TestRoundPollsEachTargetThatHasNotEnded(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing, succeeded), script(succeeded), script(executing.times(2), status(client.Failed))).run(t)
	f.ends(t, nil, nil, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "0s:2", "1s:0", "1s:2", "2.1s:2"}, f.polls)
	assert.Equal(t, target.Failed, f.endings[2].State.Standing)
}

func TestEachTargetHasBudgetsOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newFleet(script(gone), script(broken), script(executing.times(60), succeeded), script(forbidden)).run(t)
	f.ends(t, ErrNotFound, ErrUnavailable, nil, forbidden.err)
	assert.Zero(t, f.endings[0].State.Status)
}

func TestThrottledRoundIsContinuedWhereItStopped(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing, succeeded), script(throttled.times(2), succeeded), script(executing, succeeded)).run(t)
	f.ends(t, nil, nil, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "2.5s:1", "8.75s:1", "8.75s:2", "8.75s:0", "9.75s:2"}, f.polls)
}

func TestThrottlingForMaxOutageEndsAll(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing, succeeded), script(throttled), script(executing)).run(t)
	f.ends(t, ErrUnavailable, ErrUnavailable, ErrUnavailable)
	assert.Equal(t, 15*time.Minute, f.ended)
	assert.EqualValues(t, client.Executing, f.endings[0].State.Status, "what was seen is kept")
	assert.Zero(t, f.endings[2].State.Status, "it was never polled")
}

func TestNoResponseStopsTheRoundAndTheNextTargetIsTried(t *testing.T) {
	t.Parallel()
	f := newFleet(script(unanswered.taking(5*time.Second), executing, succeeded), script(executing, succeeded)).run(t)
	f.ends(t, nil, nil)
	assert.Equal(t, []string{"0s:0", "6s:1", "6s:0", "7.1s:1", "7.1s:0"}, f.polls)
}

func TestOutageOfTheLoginConcernsAll(t *testing.T) {
	t.Parallel()
	f := newFleet(script(loginFails), script(executing)).run(t)
	f.ends(t, ErrUnavailable, ErrTimeout)
	f = newFleet(script(loginFails), script(loginFails)).run(t)
	f.ends(t, ErrUnavailable, ErrUnavailable)
	assert.Equal(t, 15*time.Minute, f.ended)
}

func TestRefusedCredentialsEndTheWaitForAll(t *testing.T) {
	t.Parallel()
	f := newFleet(script(succeeded), script(executing, unauthentic), script(executing)).run(t)
	f.ends(t, nil, unauthentic.err, unauthentic.err)
	assert.Equal(t, []string{"0s:0", "0s:1", "0s:2", "1s:1"}, f.polls)
}

func TestTimeThatOthersAreThrottledIsNobodysGrace(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing, throttled.times(5), executing, succeeded), script(gone.times(2), succeeded)).run(t)
	f.ends(t, nil, nil)
	f = newFleet(script(executing, executing.times(30), succeeded), script(gone)).run(t)
	f.ends(t, nil, ErrNotFound)
}

func TestFailFastStopsTheWaitForTheRest(t *testing.T) {
	t.Parallel()
	f := newFleet(script(status(client.Failed)), script(succeeded), script(executing), script(executing))
	f.perSource = 2
	f.FailFast = func(_ int, end *Ending) bool { return end.State.Standing != target.Succeeded }
	f.run(t)
	f.ends(t, nil, nil, ErrStopped, ErrStopped)
	assert.Equal(t, []string{"0s:0", "0s:1"}, f.polls, "those of the same response have ended as well")
}

func TestSignalInterruptsTheTargetsThatAreLeft(t *testing.T) {
	t.Parallel()
	cause := errors.New("signal")
	f := newFleet(script(succeeded), script(executing), script(executing.taking(time.Minute)))
	f.prepare = func(cancel context.CancelCauseFunc) { time.AfterFunc(time.Second, func() { cancel(cause) }) }
	f.run(t)
	f.ends(t, nil, cause, cause)
	assert.Equal(t, time.Second, f.ended)
}

func TestRoundAtTheDeadlineIsTheLast(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing.taking(3*time.Second)), script(executing, succeeded), script(gone))
	f.Timeout = 4 * time.Second
	f.run(t)
	f.ends(t, ErrTimeout, nil, ErrNotFound)
	assert.Equal(t, []string{"0s:0", "3s:1", "3s:2", "4s:0", "7s:1", "7s:2"}, f.polls)
}

func TestTimeoutZeroLooksAtEveryTarget(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(broken, executing), script(succeeded), script(gone))
	f.Timeout, f.NotFoundGrace = 0, 0
	f.run(t)
	f.ends(t, ErrRunning, ErrRunning, nil, ErrNotFound)
	assert.Equal(t, []string{"0s:0", "0s:1", "0s:2", "0s:3", "1s:1"}, f.polls)
}

func TestInstanceSettles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  []response
		prepare func(*Waiter)
		ended   time.Duration
		want    error
	}{
		"at two polls a settle apart":      {script(holds), nil, 10 * time.Second, nil},
		"with a poll at its end":           {script(waits.times(3), holds), nil, 13310 * time.Millisecond, nil},
		"another status starts it again":   {script(holds.times(3), waits, holds), nil, 14641 * time.Millisecond, nil},
		"a missing one does, too":          {script(holds.times(3), gone, holds), nil, 14641 * time.Millisecond, nil},
		"a failing response breaks it not": {script(holds, broken.times(3), holds), nil, 10 * time.Second, nil},
		"nor does it count":                {script(holds, broken.times(30), holds), nil, 0, nil},
		"settle 0":                         {script(holds), func(w *Waiter) { w.Settle = 0 }, 0, nil},
		"timeout 0":                        {script(holds), func(w *Waiter) { w.Timeout = 0 }, 0, nil},
		"the deadline within it":           {script(holds), func(w *Waiter) { w.Timeout = 9 * time.Second }, 9 * time.Second, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(c.script)
			if c.prepare != nil {
				c.prepare(&f.Waiter)
			}
			f.run(t)
			f.ends(t, c.want)
			if c.want == nil {
				assert.Equal(t, target.Succeeded, f.endings[0].State.Standing)
			}
			if name == "nor does it count" {
				assert.Greater(t, f.ended, time.Minute)
				return
			}
			assert.Equal(t, c.ended, f.ended)
		})
	}
}

func TestProgressIsRequestedForTheSlowestTaskOnly(t *testing.T) {
	t.Parallel()
	task := func(created string) response {
		return response{state: target.OfTask(&client.Task{ID: "t", Status: client.Executing, CreatedAt: created})}
	}
	f := newFleet(
		append(task("2026-01-02T03:04:06Z").times(9), succeeded),
		append(task("2026-01-02T03:04:05Z").times(6), succeeded),
		append(task("").times(9), succeeded),
	)
	var requested []int
	f.Progress = func(_ context.Context, i int) error {
		requested = append(requested, i)
		return nil
	}
	f.run(t)
	f.ends(t, nil, nil, nil)
	assert.Equal(t, []int{1, 1, 0}, requested, "once in three rounds")
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
