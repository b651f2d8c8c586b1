package poll

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func steady() float64 { return 0.5 }

func TestThrottlingDoublesThePauseAndAGoodAnswerReturnsToWhereTheScheduleStood(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(3), throttled.times(3), executing, succeeded).run(t)
	var pauses []string
	for _, p := range tr.observed {
		pauses = append(pauses, p.Next.String())
	}
	assert.Equal(t, []string{"1s", "1.15s", "1.3225s", "2.645s", "5.29s", "10.58s", "1.520875s", "0s"}, pauses)
}

func TestThrottlingStartsAtTwiceTheIntervalAndStopsAtAMinute(t *testing.T) {
	t.Parallel()
	for _, longest := range []time.Duration{20 * time.Second, 3 * time.Minute} {
		s := NewSchedule(time.Second, longest, steady)
		var pauses []time.Duration
		for range 12 {
			pauses = append(pauses, s.next(failing, true, 0))
		}
		assert.Equal(t, 2*time.Second, pauses[0])
		assert.Equal(t, 4*time.Second, pauses[1])
		assert.Equal(t, max(time.Minute, longest), pauses[11], "a minute, or max_interval if that is longer")
	}
}

func TestAnOutageAfterThrottlingStaysSlow(t *testing.T) {
	t.Parallel()
	s := NewSchedule(time.Second, 20*time.Second, steady)
	s.next(failing, true, 0)
	s.next(failing, true, 0)
	assert.Equal(t, 4*time.Second, s.next(failing, false, 0))
	assert.Equal(t, time.Second, s.next(missing, false, 0), "a missing answer is a good one")
}

func TestRetryAfterIsAFloorUnderThePause(t *testing.T) {
	t.Parallel()
	tr := newTrial(
		executing.retryAfter(7*time.Second),
		broken.retryAfter(30*time.Second),
		throttled.retryAfter(40*time.Second),
		executing.retryAfter(time.Millisecond),
		succeeded,
	).run(t)
	assert.Equal(t, []string{"0s", "7s", "37s", "1m17s", "1m18.3225s"}, tr.asked)
}

func TestBudgetsAndDeadlineCutRetryAfter(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing, broken.retryAfter(time.Hour))
	tr.MaxOutage = 10 * time.Second
	tr.run(t).endsWith(t, ErrUnavailable)
	assert.Equal(t, []string{"0s", "1s", "11s"}, tr.asked)

	tr = newTrial(throttled.retryAfter(math.MaxInt64))
	tr.Timeout = 10 * time.Second
	tr.run(t).endsWith(t, ErrUnavailable)
	assert.Equal(t, []string{"0s", "10s"}, tr.asked)
}

func TestThrottlingIsAnOutageWhateverItsStatus(t *testing.T) {
	t.Parallel()
	asNotFound := failure(404, "DMS.10240407")
	tr := newTrial(executing, asNotFound.times(3), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Equal(t, []string{"0s", "1s", "3s", "7s", "15s"}, tr.asked)
	newTrial(executing, asNotFound).run(t).endsWith(t, ErrUnavailable)
}

func TestJitterIsTenPercentAroundThePause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 900 * time.Millisecond}, {0.5, time.Second}, {0.999999, 1099999800}} {
		s := NewSchedule(time.Second, time.Second, func() float64 { return c.random })
		assert.Equal(t, c.want, s.next(there, false, 0))
		assert.Equal(t, c.want, s.next(there, false, 0), "it comes after the cap, and does not add up")
	}
	s := NewSchedule(time.Second, time.Second, rand.Float64)
	distinct := map[time.Duration]bool{}
	for range 100 {
		pause := s.next(there, false, 0)
		distinct[pause] = true
		assert.InDelta(t, float64(time.Second), float64(pause), float64(100*time.Millisecond))
	}
	assert.Greater(t, len(distinct), 90)
}

func TestTheLongestPausesDoNotOverflow(t *testing.T) {
	t.Parallel()
	s := NewSchedule(math.MaxInt64, math.MaxInt64, func() float64 { return 0.999 })
	for range 5 {
		assert.Positive(t, s.next(there, false, 0))
		assert.Positive(t, s.next(failing, true, 0))
		assert.Positive(t, s.next(failing, true, math.MaxInt64))
	}
	tr := newTrial(executing, gone, broken)
	tr.Timeout, tr.NotFoundGrace, tr.MaxOutage = 5*time.Second, math.MaxInt64, math.MaxInt64
	tr.runWith(t, context.Background, math.MaxInt64, math.MaxInt64).endsWith(t, ErrTimeout)
	assert.Equal(t, []string{"0s", "5s"}, tr.asked)
	assert.Equal(t, client.Executing, tr.task.Status)
}

func TestTheScheduleOutlivesTheFifteenMinutesOfItsLibrary(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing)
	tr.Timeout = time.Hour
	tr.run(t)
	for _, p := range tr.observed[:len(tr.observed)-1] {
		assert.Positive(t, p.Next)
	}
}

// BenchmarkPoll measures what one poll costs beside its request.
func BenchmarkPoll(b *testing.B) {
	b.ReportAllocs()
	n := 0
	w := Waiter{Start: time.Now(), Timeout: time.Hour, Schedule: NewSchedule(1, 1, steady)}
	for b.Loop() {
		task, err := client.Task{Status: client.Executing}, error(nil)
		n++
		budgets := budgets{timeout: w.Timeout}
		poll := Poll{N: n, At: time.Second, Task: task, Err: err, Left: time.Hour}
		if over, _ := w.judge(b.Context(), &budgets, poll); over {
			b.Fatal("over")
		}
		w.next(&budgets, poll)
	}
}
