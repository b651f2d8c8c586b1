package cli_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// A wrong local clock looks the same as a wrong clock of the cloud, so these tests move the latter.

// leap makes the cloud's clock leap at the nth request of a kind, to that offset from the right time.
func leap(sim *simulator.Simulator, kind string, to map[int]time.Duration) {
	var offset atomic.Int64
	next := sim.Intercept
	sim.Clock = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if by, ok := to[r.Nth]; ok && r.Kind == kind {
			offset.Store(int64(by))
		}
		if next != nil {
			return next(r)
		}
		return nil
	}
}

// leaps are six after which a signature is refused, and one of 4 minutes. The last one is to where the task
// has ended.
var leaps = map[int]time.Duration{
	5: 7 * time.Hour, 10: -7 * time.Hour, 15: -7*time.Hour + 4*time.Minute, 20: 20 * time.Hour, 25: -23 * time.Hour, 30: 0,
	40: 200 * time.Hour,
}

func TestServerClockLeapsDoNotEndOrDelayTheWait(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"), simulator.Step{After: 100 * time.Hour, Status: "SUCCESS"})
	sim.Tasks[0].Age = 24 * time.Hour
	leap(&sim, "task", leaps)
	server := trial.Start(t, sim)
	tr := trial.New(server, "--debug", "--format", "json").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, 6, strings.Count(tr.Log.String(), " 401 "), tr.Log.String())
	assert.Equal(t, 41, server.Count("task"))
	assert.EqualValues(t, 41-6, tr.JSON(t)["polls"], "a second attempt belongs to the same poll")
	assert.Equal(t, 6, strings.Count(tr.Log.String(), "the local clock is off by"))
	assert.Equal(t, 1, strings.Count(tr.Log.String(), "warning: the local clock"), "the first time it is a warning")
	assert.Less(t, tr.JSON(t)["waited"], 30.0)
}

func TestServerClockLeapsDoNotChangeTimeoutOrDuration(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Age = 24 * time.Hour
	leap(&sim, "task", leaps)
	tr := trial.New(trial.Start(t, sim), "--timeout", "900ms", "--format", "json").Run(t)
	assert.Equal(t, 124, tr.Code, tr.Log.String())
	assert.GreaterOrEqual(t, tr.JSON(t)["waited"], 0.9)
	assert.Less(t, tr.JSON(t)["waited"], 10.0)
	assert.GreaterOrEqual(t, tr.JSON(t)["duration"], 0.0)
}

func TestDurationIsNeverNegative(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]any{"EXECUTING": 0.0, "SUCCESS": nil} {
		sim := trial.Cloud(trial.At(0, status))
		sim.Tasks[0].CreatedAt = time.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339)
		sim.Tasks[0].UpdatedAt = time.Now().UTC().Format(time.RFC3339)
		tr := trial.New(trial.Start(t, sim), "--timeout", "0", "--max-outage", "0", "--format", "json").Run(t)
		assert.Equal(t, want, tr.JSON(t)["duration"], "%s: by this clock the task has not been created yet", status)
	}
}

func TestSinceCountsBackFromTheFirstServerTime(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]map[int]time.Duration{
		"right":                     {},
		"fast":                      {1: 7 * time.Hour},
		"slow":                      {1: -7 * time.Hour},
		"fast from the second poll": {4: 7 * time.Hour}, // after the request whose signature is refused for its time
		"slow from the second poll": {4: -7 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// One task was there long before; the right one comes in a moment, by whatever clock the cloud
			// has at first.
			sim := trial.Cloud(trial.At(0, "EXECUTING"))
			older := sim.Tasks[0]
			older.ID, older.Age = strings.Repeat("1", 32), 20*time.Hour
			if to[1] == 0 {
				older.Age = 7*time.Hour + 2*time.Minute // by a clock that is slow then, it would be new enough
			}
			sim.Tasks[0].Age = -to[1] - 500*time.Millisecond
			sim.Tasks = append(sim.Tasks, older)
			leap(&sim, "tasks", to)
			if name == "slow from the second poll" {
				sim.Tasks[0].Age = -time.Minute // on a slow machine the leap comes before it, too
			}
			tr := trial.New(trial.Start(t, sim), "--task-name", trial.TaskName, "--since", "5m",
				"--timeout", "1500ms", "--format", "json").Set("DMSWAIT_TASK_ID", "").Run(t)
			if name == "slow from the second poll" { // by then, it has not been created yet
				assert.Equal(t, "not_found", tr.JSON(t)["result"], tr.Log.String())
				return
			}
			assert.Equal(t, trial.TaskID, tr.JSON(t)["task_id"], tr.Log.String())
		})
	}
}

func TestRetryAfterDateIsReadByTheServersClock(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		// The clock leaps from one response to the next, too.
		offset, ok := map[int]time.Duration{1: 7 * time.Hour, 2: -7 * time.Hour}[r.Nth]
		if !ok {
			return nil
		}
		now := time.Now().Add(offset).UTC()
		later := now.Add(2 * time.Second)
		return &simulator.Response{Status: 503, Header: http.Header{
			"Date": {now.Format(http.TimeFormat)}, "Retry-After": {later.Format(http.TimeFormat)},
		}}
	}
	server := trial.Start(t, sim)
	tr := trial.New(server).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	requests := server.Requests()
	require.Len(t, requests, 3)
	for i := range 2 {
		pause := requests[i+1].At.Sub(requests[i].At)
		assert.Greater(t, pause, 1500*time.Millisecond)
		assert.Less(t, pause, 10*time.Second)
	}
}

func TestWrongLocalClockIsCorrected(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{7 * time.Hour, -7 * time.Hour} {
		sim := trial.Cloud(trial.At(100, "SUCCESS"))
		sim.Clock = func() time.Time { return time.Now().Add(off) }
		server := trial.Start(t, sim)
		tr := trial.New(server).Run(t)
		assert.Equal(t, 0, tr.Code, tr.Log.String())
		assert.Equal(t, 1, strings.Count(tr.Log.String(), "the local clock is off by"), tr.Log.String())
		assert.Contains(t, tr.Log.String(), fmt.Sprintf("off by %.0fh;", -off.Hours()))
		refused := 0
		for _, request := range server.Requests() {
			signed, err := time.Parse("20060102T150405Z", request.Header.Get("X-Sdk-Date"))
			require.NoError(t, err)
			if signed.Sub(time.Now().Add(off)).Abs() > time.Minute {
				refused++
			}
		}
		assert.Equal(t, 1, refused, "later requests are signed with the server's time")
	}
}
