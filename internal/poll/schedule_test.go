package poll

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// steady is a random number that leaves the schedule's pauses as they are.
func steady() float64 { return 0.5 }

// never is a random number that adds nothing to a throttled pause.
func never() float64 { return 0 }

func TestThrottlingDoublesThePauseUntilTheNextValidResponse(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing.times(3), throttled.times(3), executing, succeeded).run(t)
	var pauses []string
	for _, p := range tr.outcomes {
		pauses = append(pauses, p.Next.String())
	}
	assert.Equal(t, []string{"1s", "1.1s", "1.21s", "3.025s", "7.5625s", "18.90625s", "1.331s", "0s"}, pauses)
}

func TestThrottledPausesGrowFromTwiceTheIntervalToAMinute(t *testing.T) {
	t.Parallel()
	for _, maxInterval := range []time.Duration{20 * time.Second, 3 * time.Minute} {
		s := NewSchedule(time.Second, maxInterval, never)
		var pauses []time.Duration
		for range 12 {
			pauses = append(pauses, s.next(demand{slower: true}))
		}
		assert.Equal(t, 2*time.Second, pauses[0])
		assert.Equal(t, 4*time.Second, pauses[1])
		assert.Equal(t, max(time.Minute, maxInterval), pauses[11], "a minute, or max_interval if that is longer")
	}
}

func TestJitterLengthensThrottledPausesByUpToHalf(t *testing.T) {
	t.Parallel()
	for random, want := range map[float64]time.Duration{0: 40 * time.Second, 0.5: 50 * time.Second, 1: time.Minute} {
		s := NewSchedule(time.Second, 20*time.Second, func() float64 { return random })
		s.last = 20 * time.Second
		assert.Equal(t, want, s.next(demand{slower: true}))
		s = NewSchedule(time.Second, 20*time.Second, func() float64 { return random })
		want := time.Duration(float64(30*time.Second) * (1 + random/10))
		assert.Equal(t, want, s.next(demand{slower: true, retryAfter: 30 * time.Second}),
			"everybody got the same time")
		assert.Equal(t, 30*time.Second, s.next(demand{retryAfter: 30 * time.Second}),
			"not throttled: nobody else waits for it")
	}
}

func TestThrottledPauseIsSpreadOverTheGatewaysWindow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		window time.Duration
		random float64
		want   time.Duration
	}{
		{time.Minute, 0, 2 * time.Second}, // twice the interval nevertheless
		{time.Minute, 0.5, 30 * time.Second},
		{time.Minute, 1, time.Minute},
		{time.Second, 1, 3 * time.Second},
		{24 * time.Hour, 1, time.Minute}, // at most a minute
	} {
		s := NewSchedule(time.Second, 20*time.Second, func() float64 { return test.random })
		assert.Equal(t, test.want, s.next(demand{slower: true, window: test.window}), test)
	}
}

func TestWaitUsesTheWindowOfTheGatewaysMessage(t *testing.T) {
	t.Parallel()
	refused := failure(429, "APIGW.0308")
	refused.err.(*client.Error).Message = "The throttling threshold has been reached: " +
		"policy user over ratelimit,limit:60,time:1 minute"
	tr := newTrial(refused, succeeded).run(t)
	assert.Equal(t, []string{"0s", "30s"}, tr.polledAt)
}

func TestOutageAfterThrottlingKeepsTheSlowPause(t *testing.T) {
	t.Parallel()
	s := NewSchedule(time.Second, 20*time.Second, never)
	s.next(demand{slower: true})
	s.next(demand{slower: true})
	assert.Equal(t, 4*time.Second, s.next(demand{}))
	assert.Equal(t, 900*time.Millisecond, s.next(demand{valid: true}), "a missing response is a valid one")
}

func TestRetryAfterAppliesToOnePause(t *testing.T) {
	t.Parallel()
	s := NewSchedule(time.Second, 20*time.Second, steady)
	assert.Equal(t, time.Hour, s.next(demand{valid: true, retryAfter: time.Hour}))
	assert.Equal(t, time.Minute, s.next(demand{slower: true, retryAfter: 5 * time.Second}),
		"not another hour")
	assert.Equal(t, time.Minute, s.next(demand{}))
}

func TestThrottledRetryAfterKeepsTheLastPauseForLaterFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ last, want time.Duration }{
		{0, time.Second}, // the interval
		{500 * time.Millisecond, time.Second},
		{7 * time.Second, 7 * time.Second},
		{time.Minute, time.Minute},
		{time.Hour, time.Minute}, // that was a Retry-After
	} {
		s := NewSchedule(time.Second, 20*time.Second, never)
		s.last = test.last
		pause := s.next(demand{slower: true, retryAfter: 3 * time.Second})
		assert.Equal(t, max(3*time.Second, test.want), pause, test.last)
		assert.Equal(t, test.want, s.next(demand{}), "an outage after it: %v", test.last)
		assert.Equal(t, 900*time.Millisecond, s.next(demand{valid: true}), "the schedule stood still: %v", test.last)
	}
}

func TestRetryAfterIsALowerBoundOfThePause(t *testing.T) {
	t.Parallel()
	tr := newTrial(
		executing.retryAfter(7*time.Second),
		broken.retryAfter(30*time.Second),
		throttled.retryAfter(40*time.Second),
		executing.retryAfter(time.Millisecond),
		succeeded,
	).run(t)
	assert.Equal(t, []string{"0s", "7s", "37s", "1m19s", "1m20.21s"}, tr.polledAt)
}

func TestBudgetsAndDeadlineShortenRetryAfter(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing, broken.retryAfter(time.Hour))
	tr.MaxOutage = 10 * time.Second
	tr.run(t).endsWith(t, ErrUnavailable)
	assert.Equal(t, []string{"0s", "1s", "11s"}, tr.polledAt)

	tr = newTrial(throttled.retryAfter(math.MaxInt64))
	tr.Timeout = 10 * time.Second
	tr.run(t).endsWith(t, ErrUnavailable)
	assert.Equal(t, []string{"0s", "10s"}, tr.polledAt)
}

// The longest of them have fewer digits as a float than as a duration.
func TestHugeRetryAfterIsKeptToTheNanosecond(t *testing.T) {
	t.Parallel()
	for _, huge := range []time.Duration{1<<53 + 1, 1<<60 + 1, 1<<62 + 1, math.MaxInt64} {
		for _, slower := range []bool{false, true} {
			s := NewSchedule(time.Second, 20*time.Second, never)
			assert.Equal(t, huge, s.next(demand{slower: slower, retryAfter: huge}))
			s = NewSchedule(time.Second, 20*time.Second, func() float64 { return 1 })
			assert.GreaterOrEqual(t, s.next(demand{slower: slower, retryAfter: huge}), huge)
		}
	}
}

func TestThrottlingIsAnOutageWhateverItsStatus(t *testing.T) {
	t.Parallel()
	asNotFound := failure(404, "DMS.10240407")
	tr := newTrial(executing, asNotFound.times(3), succeeded).run(t)
	tr.endsWith(t, nil)
	assert.Equal(t, []string{"0s", "1s", "3.5s", "9.75s", "25.375s"}, tr.polledAt)
	newTrial(executing, asNotFound).run(t).endsWith(t, ErrUnavailable)
}

func TestJitterIsTenPercentAroundThePause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 900 * time.Millisecond}, {0.5, time.Second}, {0.999999, 1099999800}} {
		s := NewSchedule(time.Second, time.Second, func() float64 { return c.random })
		assert.Equal(t, c.want, s.next(demand{valid: true}))
		assert.Equal(t, c.want, s.next(demand{valid: true}), "jitter comes after the cap and does not accumulate")
	}
	s := NewSchedule(time.Second, time.Second, rand.Float64)
	distinct := map[time.Duration]bool{}
	for range 100 {
		pause := s.next(demand{valid: true})
		distinct[pause] = true
		assert.InDelta(t, float64(time.Second), float64(pause), float64(100*time.Millisecond))
	}
	assert.Greater(t, len(distinct), 90)
}

func TestLongestPausesDoNotOverflow(t *testing.T) {
	t.Parallel()
	s := NewSchedule(math.MaxInt64, math.MaxInt64, func() float64 { return 0.999 })
	for range 5 {
		assert.Positive(t, s.next(demand{valid: true}))
		assert.Positive(t, s.next(demand{slower: true}))
		assert.Positive(t, s.next(demand{slower: true, retryAfter: math.MaxInt64, window: math.MaxInt64}))
	}
	tr := newTrial(executing, gone, broken)
	tr.Timeout, tr.NotFoundGrace, tr.MaxOutage = 5*time.Second, math.MaxInt64, math.MaxInt64
	tr.runWith(t, context.Background, math.MaxInt64, math.MaxInt64).endsWith(t, ErrTimeout)
	assert.Equal(t, []string{"0s", "5s"}, tr.polledAt)
	assert.Equal(t, client.Executing, tr.task.Status)
}

func TestScheduleContinuesAfterTheLibrarysFifteenMinutes(t *testing.T) {
	t.Parallel()
	tr := newTrial(executing)
	tr.Timeout = time.Hour
	tr.run(t)
	for _, p := range tr.outcomes[:len(tr.outcomes)-1] {
		assert.Positive(t, p.Next)
	}
}

// BenchmarkRound measures what a round costs beside its requests: one target, and 200 of 20 instances.
func BenchmarkRound(b *testing.B) {
	for _, count := range []int{1, 200} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			b.ReportAllocs()
			w := Waiter{Start: time.Now(), Timeout: time.Hour, Schedule: NewSchedule(1, 1, steady)}
			for i := range count {
				if i%10 == 0 {
					w.Sources = append(w.Sources, nil)
				}
				w.Sources[i/10] = append(w.Sources[i/10], i)
			}
			found := make([]target.Finding, 0, 10)
			w.Poll = func(_ context.Context, due []int) []target.Finding {
				found = found[:0]
				for _, i := range due {
					found = append(found, target.Finding{Target: i})
				}
				return found
			}
			w.prepare()
			for round := 1; b.Loop(); round++ {
				w.pause(round, w.round(b.Context(), round))
			}
			if w.isOver() {
				b.Fatal("over")
			}
		})
	}
}
