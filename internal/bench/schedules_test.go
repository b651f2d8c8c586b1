package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
	"github.com/dmswait/dmswait/test/trial"
)

func TestTablesInReadmeAreUpToDate(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(content)
	for name, args := range map[string][]string{"schedules": {"schedules"}, "search": {"schedules", "-search"}} {
		var table bytes.Buffer
		require.NoError(t, run(args, &table))
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
		require.Regexp(t, block, readme)
		readme = block.ReplaceAllString(readme, "${1}"+table.String()+"${2}")
	}
	trial.Golden(t, "README.md", readme)
}

func TestPlotIsUpToDate(t *testing.T) {
	t.Parallel()
	drawn := filepath.Join(t.TempDir(), "plot.svg")
	require.NoError(t, run([]string{"schedules", "-svg", drawn}, io.Discard))
	want, err := os.ReadFile(drawn)
	require.NoError(t, err)
	trial.Golden(t, "../../.github/schedules.svg", string(want))
	assert.Error(t, run([]string{"schedules", "-svg", filepath.Join(drawn, "nowhere")}, io.Discard))
}

func TestDefaultsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	// A token keeps the profile from being read.
	env := map[string]string{"DMSWAIT_AUTH_TOKEN": "token"}
	cfg, _ := config.Parse(t.Context(), nil, func(name string) string { return env[name] }, nil)
	assert.Equal(t, cfg.Interval, defaultInterval)
	assert.Equal(t, cfg.MaxInterval, defaultMaxInterval)
}

func TestSimulationMatchesRealWait(t *testing.T) {
	t.Parallel()
	for i, task := range []time.Duration{3 * time.Second, 45 * time.Second, 10 * time.Minute, 50 * time.Minute} {
		polls, delay := ours().wait(task, rand.New(rand.NewPCG(seed, uint64(i))))
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			start := time.Now()
			polled := 0
			w := poll.Waiter{
				Start: start, Timeout: 2 * longest, MaxOutage: longest, RequestTimeout: time.Minute,
				Schedule: poll.NewSchedule(defaultInterval, defaultMaxInterval, random.Float64),
				Sources:  [][]int{{0}},
				Poll: func(context.Context, []int) []target.Finding {
					polled++
					time.Sleep(roundTrip / 2)
					status := client.Executing
					if time.Since(start) >= task {
						status = client.Success
					}
					time.Sleep(roundTrip / 2)
					return []target.Finding{{State: target.OfTask(&client.Task{Status: status})}}
				},
			}
			require.NoError(t, w.Wait(t.Context())[0].Err)
			assert.Equal(t, polled, polls, task)
			assert.Equal(t, time.Since(start)-task, delay, task)
		})
	}
}

func TestWaitByHand(t *testing.T) {
	t.Parallel()
	// Polls start at 0, 1.15, 2.3 and 3.45 s. The response has the status 0.075 s later, and
	// arrives another 0.075 s later.
	for task, want := range map[time.Duration]struct {
		polls int
		delay time.Duration
	}{
		75 * time.Millisecond:   {1, 75 * time.Millisecond},
		76 * time.Millisecond:   {2, 1224 * time.Millisecond},
		1225 * time.Millisecond: {2, 75 * time.Millisecond},
		2500 * time.Millisecond: {4, 1100 * time.Millisecond},
	} {
		polls, delay := schedule{pauses: constant(1)}.wait(task, nil)
		assert.Equal(t, want.polls, polls, task)
		assert.Equal(t, want.delay, delay, task)
	}
	polls, delay := schedule{first: 10 * time.Second, pauses: constant(20)}.wait(11*time.Second, nil)
	assert.Equal(t, 2, polls)
	assert.Equal(t, 19300*time.Millisecond, delay, "at 30.3 s")
}

func TestFiguresAreMeans(t *testing.T) {
	t.Parallel()
	tasks := []time.Duration{1225 * time.Millisecond, 2500 * time.Millisecond}
	f := measure(schedule{pauses: constant(1)}, tasks)
	assert.InDelta(t, 3, f.polls, 1e-9)
	assert.InDelta(t, (0.075+1.1)/2, f.delay, 1e-9)
	assert.InDelta(t, (0.075/1.225+1.1/2.5)/2, f.relative, 1e-9)
	assert.InDelta(t, 1.1, f.delay95, 1e-9)
}

func TestDurationsAreDistributedLogarithmically(t *testing.T) {
	t.Parallel()
	tasks := allDurations()
	require.Len(t, tasks, draws)
	assert.InDelta(t, 3, tasks[0].Seconds(), 0.01)
	assert.InDelta(t, 3600, tasks[draws-1].Seconds(), 10)
	assert.InDelta(t, math.Sqrt(3*3600), tasks[draws/2].Seconds(), 1, "the median is the geometric mean")
	for _, task := range durationsAround(time.Minute) {
		assert.InDelta(t, 60, task.Seconds(), 6)
	}
}

func TestPausesFollowTheRule(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{ // range of the first five pauses, in seconds
		"wait4x":                    "1 1 1 1 1",
		"gh run watch":              "3 3 3 3 3",
		"wait4x, exponential":       "2 4 5 5 5",
		"KooCLI":                    "5 5 5 5 5",
		"AWS CLI, 15 s":             "15 15 15 15 15",
		"AWS CLI, 30 s; az; azcore": "30 30 30 30 30",
		"Terraform, RocketMQ":       "20 20 20 20 20",
		"Terraform, Kafka":          "30 30 30 30 30",
		"Go longrunning":            "0–1 0–2 0–4 0–8 0–16",
		"backoff v4":                "0.25–0.75 0.375–1.125 0.5625–1.6875 0.84375–2.53125 1.26563–3.79688",
		"smithy":                    "2 2–4 2–8 2–16 2–32",
		"smithy, ECS":               "15 15–30 15–60 15–120 15–240",
		"gcloud":                    "2–3 2.8–3.8 3.92–4.92 5.488–6.488 7.6832–8.6832",
		"dmswait":                   "0.9–1.1 0.99–1.21 1.089–1.331 1.1979–1.4641 1.31769–1.61051",
	} {
		var found *schedule
		for _, s := range allSchedules() {
			if s.name == name {
				found = &s
			}
		}
		require.NotNil(t, found, name)
		low, high := found.pauses(rand.New(lowest{})), found.pauses(rand.New(highest{}))
		for _, pause := range strings.Fields(want) {
			from, to, ok := strings.Cut(pause, "–")
			if !ok {
				to = from
			}
			assert.InDelta(t, number(t, from), low().Seconds(), 1e-5, name)
			assert.InDelta(t, number(t, to), high().Seconds(), 1e-5, name)
		}
	}
	assert.Len(t, allSchedules(), 14)
}

func TestPausesAreCapped(t *testing.T) {
	t.Parallel()
	caps := map[string]time.Duration{
		"wait4x, exponential": 5 * time.Second, "Go longrunning": time.Minute,
		"backoff v4": 90 * time.Second, "smithy": 2 * time.Minute,
		"smithy, ECS": 10 * time.Minute, "gcloud": 3 * time.Minute, "dmswait": 27500 * time.Millisecond,
	}
	for _, s := range allSchedules() {
		if limit, ok := caps[s.name]; ok {
			next := s.pauses(rand.New(highest{}))
			for range 50 {
				next()
			}
			assert.InDelta(t, limit.Seconds(), next().Seconds(), 1e-6, s.name)
			delete(caps, s.name)
		}
	}
	assert.Empty(t, caps)
}

// lowest and highest are sources of the extreme random numbers.
type (
	lowest  struct{}
	highest struct{}
)

func (lowest) Uint64() uint64  { return 0 }
func (highest) Uint64() uint64 { return math.MaxUint64 }

func TestNoPeerIsBetterInBothFigures(t *testing.T) {
	t.Parallel()
	tasks := allDurations()
	us := measure(ours(), tasks)
	assert.Less(t, us.polls, 40.0)
	assert.Less(t, us.relative, 0.08)
	for _, s := range peers() {
		f := measure(s, tasks)
		assert.False(t, f.polls <= us.polls && f.relative <= us.relative, "%s: %+v", s.name, f)
	}
}

func TestBoundIsNotReached(t *testing.T) {
	t.Parallel()
	best, tasks := curve(), allDurations()
	for _, s := range allSchedules() {
		f := measure(s, tasks)
		if bound := bestAt(best, f.polls); !math.IsNaN(bound) {
			assert.Greater(t, f.relative, bound, s.name)
		}
	}
	// Starting earlier or later does not improve the bound.
	for _, shift := range []float64{0.5, 0.8, 0.95, 1.05, 1.2, 2} {
		s := bound(1.15)
		s.first = time.Duration(float64(s.first) * shift)
		f := measure(s, tasks)
		assert.Greater(t, f.relative, bestAt(best, f.polls), shift)
	}
}

func TestCandidateWithDefaultsIsOurs(t *testing.T) {
	t.Parallel()
	c := candidate{first: 1, factor: 1.1, limit: 25}
	assert.True(t, c.isDefault())
	same, us := measure(c.schedule(), allDurations()), measure(ours(), allDurations())
	assert.Equal(t, us.polls, same.polls)
	assert.InDelta(t, us.delay, same.delay, 1e-5)
}

// bestAt returns the relative delay of the bound with this many polls, interpolated, or NaN.
func bestAt(curve []figures, polls float64) float64 {
	for i := 1; i < len(curve); i++ {
		if many, few := curve[i-1], curve[i]; few.polls <= polls && polls <= many.polls {
			part := math.Log(polls/few.polls) / math.Log(many.polls/few.polls)
			return few.relative * math.Pow(many.relative/few.relative, part)
		}
	}
	return math.NaN()
}
