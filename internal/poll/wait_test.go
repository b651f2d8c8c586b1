package poll

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

func TestFirstPollIsImmediateAndPausesGrowByATenth(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(5), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4.641s", "6.1051s"}, tr.polledAt)
	assert.Equal(t, client.Success, tr.task.Status)
	assert.Equal(t, 6105100*time.Microsecond, tr.ended, "no pause follows the last response")
}

func TestPausesAreCappedAtMaxInterval(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(60), succeeded).run(t)
	last := tr.outcomes[len(tr.outcomes)-2]
	assert.Equal(t, 20*time.Second, last.Next)
	for i := 1; i < len(tr.outcomes)-1; i++ {
		assert.LessOrEqual(t, tr.outcomes[i-1].Next, tr.outcomes[i].Next)
		assert.LessOrEqual(t, tr.outcomes[i].Next, 20*time.Second)
	}
}

func TestEndedTaskEndsTheWaitAtOnceWithoutError(t *testing.T) {
	t.Parallel()
	for _, end := range []client.Status{client.Success, client.Failed, client.Cancelled, client.Deleted} {
		tr := newTrial(status(end)).run(t)
		tr.endsWith(t, nil)
		assert.Equal(t, end, tr.task.Status)
		assert.Equal(t, []string{"0s"}, tr.polledAt)
	}
}

func TestUnknownStatusIsStillRunning(t *testing.T) {
	t.Parallel()
	tr := newTrial(status("PAUSED"), status(""), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Len(t, tr.polledAt, 3)
}

func TestLastPollIsAtTheDeadline(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing)
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, ErrTimeout)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4s"}, tr.polledAt)
	assert.Equal(t, 4*time.Second, tr.ended)
	assert.Equal(t, client.Executing, tr.task.Status, "the last task seen comes back with the error")
}

func TestEndOfTheTaskBeatsAnExpiredDeadline(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(4), succeeded.taking(9*time.Second))
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, nil)
	assert.Equal(t, 13*time.Second, tr.ended)
}

func TestRequestInFlightAtTheDeadlineIsTheLast(t *testing.T) {
	t.Parallel()
	for want, last := range map[error]response{nil: succeeded, ErrTimeout: executing} {
		tr := newTrial(executing, last.taking(20*time.Second))
		tr.Timeout = 4 * time.Second
		tr.run(t).endsWith(t, want)
		assert.Equal(t, []string{"0s", "1s"}, tr.polledAt)
		assert.Equal(t, 21*time.Second, tr.ended)
	}
}

func TestPollAtTheDeadlineHasOneRequestTimeoutInAll(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(4), executing.taking(time.Hour))
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, ErrTimeout)
	assert.Equal(t, 14*time.Second, tr.ended)
	assert.ErrorContains(t, tr.err, "no response within 10s")
}

func TestAtTimeoutZeroTheFirstValidResponseDecides(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		responses []response
		grace     time.Duration
		want      error
		polls     int
	}{
		"ended":                    {script(succeeded), 0, nil, 1},
		"running":                  {script(executing), 0, ErrRunning, 1},
		"missing":                  {script(gone), 0, ErrNotFound, 1},
		"missing for a grace":      {script(gone), 2 * time.Second, ErrNotFound, 3},
		"there within the grace":   {script(gone, executing), 2 * time.Second, ErrRunning, 2},
		"failing, then running":    {script(broken.times(3), executing), 0, ErrRunning, 4},
		"failing, then ended":      {script(throttled, succeeded), 0, nil, 2},
		"failing for max_outage":   {script(broken), 0, ErrUnavailable, 5},
		"no host, for the outage":  {script(noSuchHost), 0, ErrMisconfigured, 5},
		"no host, for the grace":   {script(noSuchHost), 2 * time.Second, ErrMisconfigured, 3},
		"hanging, then responding": {script(executing.taking(time.Hour), executing), 0, ErrUnavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(c.responses)
			tr.Timeout, tr.NotFoundGrace, tr.MaxOutage = 0, c.grace, 4*time.Second
			tr.run(t).endsWith(t, c.want)
			assert.Len(t, tr.polledAt, c.polls)
			assert.LessOrEqual(t, tr.ended, 10*time.Second)
		})
	}
}

func TestClockStartsWithTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(executing)
		tr.Start = time.Now()
		time.Sleep(3 * time.Second) // the program starts
		tr.Timeout, tr.Poll = 4*time.Second, one(tr.respond)
		tr.Schedule = NewSchedule(2*time.Second, 20*time.Second, steady)
		tr.wait(t.Context())
		tr.endsWith(t, ErrTimeout)
		assert.Equal(t, []string{"3s", "4s"}, tr.polledAt)
	})
}

func TestSignalEndsAPauseOrARequestAtOnce(t *testing.T) {
	t.Parallel()
	cause := errors.New("signal")
	for name, second := range map[string]response{"in a pause": executing, "in a request": executing.taking(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(executing, second).runWith(t, func() context.Context {
				ctx, cancel := context.WithCancelCause(context.Background())
				time.AfterFunc(1500*time.Millisecond, func() { cancel(cause) })
				return ctx
			}, time.Second, 20*time.Second)
			assert.Equal(t, cause, tr.err)
			assert.Equal(t, 1500*time.Millisecond, tr.ended)
			assert.Equal(t, client.Executing, tr.task.Status)
		})
	}
}

func TestEndOfTheTaskBeatsASignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		w := Waiter{
			Sources: [][]int{{0}}, Start: time.Now(), Timeout: time.Hour,
			Schedule: NewSchedule(1, 1, func() float64 { return 0 }),
		}
		w.Poll = one(func(context.Context) (client.Task, error) {
			cancel(errors.New("signal"))
			return client.Task{Status: client.Failed}, nil
		})
		ending := w.Wait(ctx)[0]
		require.NoError(t, ending.Err)
		assert.Equal(t, client.Failed, ending.State.Status)
	})
}

func TestObserverGetsEveryOutcomeWithItsPause(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing, broken, succeeded).run(t)
	require.Len(t, tr.outcomes, 3)
	task := client.Task{ID: "t1", Status: client.Executing, Response: client.Response{StatusCode: 200}}
	assert.Equal(t, Outcome{Round: 1, Kind: Running, State: target.OfTask(&task), Next: time.Second, GivesUp: time.Hour, Limit: Timeout}, tr.outcomes[0])
	assert.Equal(t, Outcome{
		Round: 2, At: time.Second, Kind: Failing, Err: broken.err, Next: 1100 * time.Millisecond,
		GivesUp: 15*time.Minute + time.Second, Limit: MaxOutage,
	}, tr.outcomes[1])
	assert.Equal(t, Ended, tr.outcomes[2].Kind)
	assert.True(t, tr.outcomes[2].Over)
	assert.Zero(t, tr.outcomes[2].Next, "no poll follows")
}

func TestEveryOutcomeHasItsKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		responses []response
		kinds     []Kind
	}{
		{script(executing, status("PAUSED"), succeeded), []Kind{Running, Running, Ended}},
		{script(gone, status(client.Failed)), []Kind{Missing, Ended}},
		{script(broken, throttled, noSuchHost, status(client.Deleted)), []Kind{Failing, Failing, Failing, Ended}},
		{script(executing, rejected, noSuchAPI, succeeded), []Kind{Running, Failing, Failing, Ended}},
		{script(rejected), []Kind{Final}},
		{script(noSuchAPI), []Kind{Final}},
		{script(executing, unauthentic), []Kind{Running, Final}},
		{script(executing, forbidden), []Kind{Running, Final}},
		{script(response{err: errors.New("no response of the API")}), []Kind{Final}},
	} {
		var kinds []Kind
		for _, outcome := range newTrial(c.responses).run(t).outcomes {
			kinds = append(kinds, outcome.Kind)
		}
		assert.Equal(t, c.kinds, kinds)
	}
}

func once(w *Waiter) { w.Timeout = 0 }

func TestEndNamesTheLimitThatWasReached(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		responses []response
		prepare   func(*Waiter)
		limit     Limit
		after     time.Duration
	}{
		"timeout":                        {script(executing), deadline, Timeout, 10 * time.Second},
		"grace":                          {script(gone), nil, NotFoundGrace, 30 * time.Second},
		"a grace of 0":                   {script(gone), grace(0), NotFoundGrace, 0},
		"outage":                         {script(executing, broken), nil, MaxOutage, 15 * time.Minute},
		"no such host":                   {script(noSuchHost), nil, NotFoundGrace, 30 * time.Second},
		"no such host, a short outage":   {script(noSuchHost), maxOutage(5 * time.Second), MaxOutage, 5 * time.Second},
		"missing until the timeout":      {script(gone), deadline, Timeout, 10 * time.Second},
		"failing until the timeout":      {script(broken), deadline, Timeout, 10 * time.Second},
		"missing, and then failing":      {script(gone, broken), deadline, Timeout, 10 * time.Second},
		"the one response of timeout 0":  {script(executing), once, "", 0},
		"no valid response at timeout 0": {script(broken), both(once, maxOutage(time.Second)), MaxOutage, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(c.responses)
			if c.prepare != nil {
				c.prepare(&tr.Waiter)
			}
			tr.run(t)
			var end *End
			require.ErrorAs(t, tr.err, &end)
			assert.Equal(t, c.limit, end.Limit)
			assert.Equal(t, c.after, end.After)
		})
	}
}

func TestOutcomeSaysWhenTheWaitGivesUp(t *testing.T) {
	t.Parallel()
	tr := newTrial(gone, broken, gone, executing, gone, broken, succeeded)
	tr.Timeout, tr.MaxOutage = 35*time.Second, 20*time.Second
	tr.run(t)
	type end struct {
		at, givesUp time.Duration
		limit       Limit
	}
	var ends []end
	for _, o := range tr.outcomes {
		ends = append(ends, end{o.At, o.GivesUp, o.Limit})
	}
	assert.Equal(t, []end{
		{0, 30 * time.Second, NotFoundGrace},
		{time.Second, 21 * time.Second, MaxOutage},
		{2100 * time.Millisecond, 31100 * time.Millisecond, NotFoundGrace}, // the time spent failing does not count
		{3310 * time.Millisecond, 35 * time.Second, Timeout},
		{4641 * time.Millisecond, 34641 * time.Millisecond, NotFoundGrace}, // counts anew
		{6105100 * time.Microsecond, 26105100 * time.Microsecond, MaxOutage},
	}, ends[:6])

	tr = newTrial(gone.taking(6*time.Second), succeeded)
	tr.Timeout = 35 * time.Second
	tr.run(t)
	assert.Equal(t, 35*time.Second, tr.outcomes[0].GivesUp, "the timeout ends before the grace")
	assert.Equal(t, Timeout, tr.outcomes[0].Limit)
}
