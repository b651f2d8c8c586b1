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

// Chance that leaves the schedule's pauses as they are, and chance that adds nothing to a throttled one.
func steady() float64 { return 0.5 }
func never() float64  { return 0 }

func TestThrottlingDoublesThePauseAndAGoodAnswerReturnsToWhereTheScheduleStood(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(3), throttled.times(3), executing, succeeded).run(t)
	var pauses []string
	for _, p := range tr.observed {
		pauses = append(pauses, p.Next.String())
	}
	assert.Equal(t, []string{"1s", "1.1s", "1.21s", "3.025s", "7.5625s", "18.90625s", "1.331s", "0s"}, pauses)
}

func TestThrottlingStartsAtTwiceTheIntervalAndStopsAtAMinute(t *testing.T) {
	t.Parallel()
	for _, longest := range []time.Duration{20 * time.Second, 3 * time.Minute} {
		s := NewSchedule(time.Second, longest, never)
		var pauses []time.Duration
		for range 12 {
			pauses = append(pauses, s.next(failing, demand{slower: true}))
		}
		assert.Equal(t, 2*time.Second, pauses[0])
		assert.Equal(t, 4*time.Second, pauses[1])
		assert.Equal(t, max(time.Minute, longest), pauses[11], "a minute, or max_interval if that is longer")
	}
}

func TestChanceSpreadsThrottledPausesUpwardsByHalf(t *testing.T) {
	t.Parallel()
	for chance, want := range map[float64]time.Duration{0: 40 * time.Second, 0.5: 50 * time.Second, 1: time.Minute} {
		s := NewSchedule(time.Second, 20*time.Second, func() float64 { return chance })
		s.last = 20 * time.Second
		assert.Equal(t, want, s.next(failing, demand{slower: true}))
		s = NewSchedule(time.Second, 20*time.Second, func() float64 { return chance })
		want := time.Duration(float64(30*time.Second) * (1 + chance/10))
		assert.Equal(t, want, s.next(failing, demand{slower: true, retryAfter: 30 * time.Second}), "all were told the same time")
		assert.Equal(t, 30*time.Second, s.next(failing, demand{retryAfter: 30 * time.Second}), "not throttled: no herd")
	}
}

func TestAThrottledPauseIsSomewhereInTheWindowThatTheGatewayTells(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		window time.Duration
		chance float64
		want   time.Duration
	}{
		{time.Minute, 0, 2 * time.Second}, // twice the interval, all the same
		{time.Minute, 0.5, 30 * time.Second},
		{time.Minute, 1, time.Minute},
		{time.Second, 1, 3 * time.Second},
		{24 * time.Hour, 1, time.Minute}, // it is not slept through: somebody waits
	} {
		s := NewSchedule(time.Second, 20*time.Second, func() float64 { return test.chance })
		assert.Equal(t, test.want, s.next(failing, demand{slower: true, window: test.window}), test)
	}
}

func TestAWaitReadsTheWindowFromTheGatewaysWords(t *testing.T) {
	t.Parallel()
	told := failure(429, "APIGW.0308")
	told.err.(*client.Error).Message = "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute"
	tr := newTrial(told, succeeded).run(t)
	assert.Equal(t, []string{"0s", "30s"}, tr.asked)
}

func TestAnOutageAfterThrottlingStaysSlow(t *testing.T) {
	t.Parallel()
	s := NewSchedule(time.Second, 20*time.Second, never)
	s.next(failing, demand{slower: true})
	s.next(failing, demand{slower: true})
	assert.Equal(t, 4*time.Second, s.next(failing, demand{}))
	assert.Equal(t, 900*time.Millisecond, s.next(missing, demand{}), "a missing answer is a good one")
}

func TestARetryAfterIsOverWithThePauseThatItAskedFor(t *testing.T) {
	t.Parallel()
	s := NewSchedule(time.Second, 20*time.Second, steady)
	assert.Equal(t, time.Hour, s.next(there, demand{retryAfter: time.Hour}))
	assert.Equal(t, time.Minute, s.next(failing, demand{slower: true, retryAfter: 5 * time.Second}), "not another hour")
	assert.Equal(t, time.Minute, s.next(failing, demand{}))
}

func TestAThrottledRetryAfterLeavesThePauseAtTheLastOneForWhatFollows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ last, want time.Duration }{
		{0, time.Second}, // the interval
		{500 * time.Millisecond, time.Second},
		{7 * time.Second, 7 * time.Second},
		{time.Minute, time.Minute},
		{time.Hour, time.Minute}, // which was a Retry-After
	} {
		s := NewSchedule(time.Second, 20*time.Second, never)
		s.last = test.last
		assert.Equal(t, max(3*time.Second, test.want), s.next(failing, demand{slower: true, retryAfter: 3 * time.Second}), test.last)
		assert.Equal(t, test.want, s.next(failing, demand{}), "an outage after it: %v", test.last)
		assert.Equal(t, 900*time.Millisecond, s.next(there, demand{}), "the schedule stood still: %v", test.last)
	}
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
	assert.Equal(t, []string{"0s", "7s", "37s", "1m19s", "1m20.21s"}, tr.asked)
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

// As a float, the longest of them have fewer digits than as a duration.
func TestAHugeRetryAfterIsAFloorToTheNanosecond(t *testing.T) {
	t.Parallel()
	for _, huge := range []time.Duration{1<<53 + 1, 1<<60 + 1, 1<<62 + 1, math.MaxInt64} {
		for _, slower := range []bool{false, true} {
			s := NewSchedule(time.Second, 20*time.Second, never)
			assert.Equal(t, huge, s.next(failing, demand{slower: slower, retryAfter: huge}))
			s = NewSchedule(time.Second, 20*time.Second, func() float64 { return 1 })
			assert.GreaterOrEqual(t, s.next(failing, demand{slower: slower, retryAfter: huge}), huge)
		}
	}
}

func TestThrottlingIsAnOutageWhateverItsStatus(t *testing.T) {
	t.Parallel()
	asNotFound := failure(404, "DMS.10240407")
	tr := newTrial(executing, asNotFound.times(3), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Equal(t, []string{"0s", "1s", "3.5s", "9.75s", "25.375s"}, tr.asked)
	newTrial(executing, asNotFound).run(t).endsWith(t, ErrUnavailable)
}

func TestJitterIsTenPercentAroundThePause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 900 * time.Millisecond}, {0.5, time.Second}, {0.999999, 1099999800}} {
		s := NewSchedule(time.Second, time.Second, func() float64 { return c.random })
		assert.Equal(t, c.want, s.next(there, demand{}))
		assert.Equal(t, c.want, s.next(there, demand{}), "it comes after the cap, and does not add up")
	}
	s := NewSchedule(time.Second, time.Second, rand.Float64)
	distinct := map[time.Duration]bool{}
	for range 100 {
		pause := s.next(there, demand{})
		distinct[pause] = true
		assert.InDelta(t, float64(time.Second), float64(pause), float64(100*time.Millisecond))
	}
	assert.Greater(t, len(distinct), 90)
}

func TestTheLongestPausesDoNotOverflow(t *testing.T) {
	t.Parallel()
	s := NewSchedule(math.MaxInt64, math.MaxInt64, func() float64 { return 0.999 })
	for range 5 {
		assert.Positive(t, s.next(there, demand{}))
		assert.Positive(t, s.next(failing, demand{slower: true}))
		assert.Positive(t, s.next(failing, demand{slower: true, retryAfter: math.MaxInt64, window: math.MaxInt64}))
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
