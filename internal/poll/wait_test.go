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
)

func TestTheFirstPollIsAtOnceAndPausesGrowByATenth(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(5), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4.641s", "6.1051s"}, tr.asked)
	assert.Equal(t, client.Success, tr.task.Status)
	assert.Equal(t, 6105100*time.Microsecond, tr.ended, "nothing is paused for after the last answer")
}

func TestPausesStayAtTheCap(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(60), succeeded).run(t)
	last := tr.observed[len(tr.observed)-2]
	assert.Equal(t, 20*time.Second, last.Next)
	for i := 1; i < len(tr.observed)-1; i++ {
		assert.LessOrEqual(t, tr.observed[i-1].Next, tr.observed[i].Next)
		assert.LessOrEqual(t, tr.observed[i].Next, 20*time.Second)
	}
}

func TestAnEndedTaskEndsTheWaitAtOnceAndIsNoError(t *testing.T) {
	t.Parallel()
	for _, end := range []client.Status{client.Success, client.Failed, client.Cancelled, client.Deleted} {
		tr := newTrial(status(end)).run(t)
		tr.endsWith(t, nil)
		assert.Equal(t, end, tr.task.Status)
		assert.Equal(t, []string{"0s"}, tr.asked)
	}
}

func TestAnUnknownStatusIsStillRunning(t *testing.T) {
	t.Parallel()
	tr := newTrial(status("PAUSED"), status(""), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Len(t, tr.asked, 3)
}

func TestTheLastLookIsAtTheDeadlineNotBeforeIt(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing)
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, ErrTimeout)
	assert.Equal(t, []string{"0s", "1s", "2.1s", "3.31s", "4s"}, tr.asked)
	assert.Equal(t, 4*time.Second, tr.ended)
	assert.Equal(t, client.Executing, tr.task.Status, "the last task seen comes back with the error")
}

func TestTheEndOfTheTaskBeatsAnExpiredDeadline(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(4), succeeded.taking(9*time.Second))
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, nil)
	assert.Equal(t, 13*time.Second, tr.ended)
}

func TestARequestUnderWayAtTheDeadlineIsNotCutAndNoOtherFollows(t *testing.T) {
	t.Parallel()
	for want, answer := range map[error]answer{nil: succeeded.taking(20 * time.Second), ErrTimeout: executing.taking(20 * time.Second)} {
		tr := newTrial(executing, answer)
		tr.Timeout = 4 * time.Second
		tr.run(t).endsWith(t, want)
		assert.Equal(t, []string{"0s", "1s"}, tr.asked)
		assert.Equal(t, 21*time.Second, tr.ended)
	}
}

func TestTheLookAtTheDeadlineHasOneRequestTimeoutInAll(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(4), executing.taking(time.Hour))
	tr.Timeout = 4 * time.Second
	tr.run(t).endsWith(t, ErrTimeout)
	assert.Equal(t, 14*time.Second, tr.ended)
	assert.ErrorContains(t, tr.err, "no answer within 10s")
}

func TestTimeoutZeroLooksOnceAndThatDecides(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer answer
		want   error
	}{
		"ended":     {succeeded, nil},
		"running":   {executing, ErrRunning},
		"missing":   {gone, ErrNotFound},
		"failing":   {broken, ErrUnavailable},
		"throttled": {throttled, ErrUnavailable},
		"no host":   {noSuchHost, ErrUnavailable},
		"hanging":   {executing.taking(time.Hour), ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(c.answer)
			tr.Timeout = 0
			tr.run(t).endsWith(t, c.want)
			assert.Equal(t, []string{"0s"}, tr.asked)
			assert.LessOrEqual(t, tr.ended, 10*time.Second)
		})
	}
}

func TestTheClockStartsWithTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(executing)
		tr.Start = time.Now()
		time.Sleep(3 * time.Second) // starting up
		tr.Timeout, tr.Look = 4*time.Second, tr.look
		tr.Schedule = NewSchedule(2*time.Second, 20*time.Second, func() float64 { return 0.5 })
		_, tr.err = tr.Wait(t.Context())
		tr.endsWith(t, ErrTimeout)
		assert.Equal(t, []string{"3s", "4s"}, tr.asked)
	})
}

func TestASignalEndsAPauseAndARequestAtOnce(t *testing.T) {
	t.Parallel()
	cause := errors.New("signal")
	for name, answer := range map[string]answer{"in a pause": executing, "in a request": executing.taking(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(executing, answer).runWith(t, func() context.Context {
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

func TestAnAnswerThatEndsTheTaskBeatsASignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		w := Waiter{Start: time.Now(), Timeout: time.Hour, Schedule: NewSchedule(1, 1, func() float64 { return 0 })}
		w.Look = func(context.Context) (client.Task, error) {
			cancel(errors.New("signal"))
			return client.Task{Status: client.Failed}, nil
		}
		task, err := w.Wait(ctx)
		require.NoError(t, err)
		assert.Equal(t, client.Failed, task.Status)
	})
}

func TestObserversHearOfEveryAnswerWithThePauseAfterIt(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing, broken, succeeded).run(t)
	require.Len(t, tr.observed, 3)
	assert.Equal(t, Poll{N: 1, Task: client.Task{ID: "t1", Status: client.Executing, Answer: client.Answer{StatusCode: 200}}, Next: time.Second, Left: time.Hour}, tr.observed[0])
	assert.Equal(t, Poll{N: 2, At: time.Second, Err: broken.err, Next: 1100 * time.Millisecond, Left: time.Hour - time.Second}, tr.observed[1])
	assert.Equal(t, time.Duration(0), tr.observed[2].Next)
}
