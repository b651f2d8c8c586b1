package console

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

func TestLogHasALineForEachNewStatus(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: [0s] CREATED
dmswait: [2s] EXECUTING
dmswait: [5.4s] PAUSED
dmswait: warning: DMS does not document the status "PAUSED"; the task is treated as still running
dmswait: [12s] SUCCESS (took 4.7s)
`, logOf(t, func(w *wait) {
		w.saw(client.Created, time.Second)
		w.saw(client.Created, time.Second)
		w.saw(client.Executing, time.Second)
		w.saw(client.Executing, 2400*time.Millisecond)
		w.saw("PAUSED", 7*time.Second)
		w.poll(new(succeeded()), nil, 0)
	}))
}

func TestLogHasALineForTheStartAndTheEndOfAnOutage(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: warning: [0s] no valid response; still polling: get task "t1": 503 DMS.00500001: busy (request 9f31)
dmswait: warning: [1s] throttled; polling less often: get task "t1": 429 APIGW.0308: slower (request 9f31)
dmswait: [2s] recovered: EXECUTING
dmswait: [4s] no valid response; still polling: get task "t1": connection refused
dmswait: [6s] recovered: EXECUTING
dmswait: [7s] throttled; polling less often: get task "t1": 429 Too Many Requests (request 9f31)
dmswait: [9s] recovered: SUCCESS (took 4.7s)
`, logOf(t, func(w *wait) {
		w.failed(response(503, "DMS.00500001", "busy"), time.Second)
		w.failed(response(429, "APIGW.0308", "slower"), time.Second)
		w.saw(client.Executing, time.Second)
		w.saw(client.Executing, time.Second)
		w.failed(unreachable(errors.New("connection refused")), time.Second)
		w.failed(response(400, "", ""), time.Second) // an outage too, after a valid response
		w.saw(client.Executing, time.Second)
		w.failed(response(429, "", ""), time.Second)
		w.failed(response(503, "", ""), time.Second)
		w.poll(new(succeeded()), nil, 0)
	}))
}

func TestLogHasALineWhenATaskIsMissing(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: [0s] not found yet: get task "t1": 404 DMS.00404022: no such instance (request 9f31)
dmswait: warning: [2s] no valid response; still polling: get task "t1": 503: busy (request 9f31)
dmswait: [3s] not found yet: the instance has no task "t1"
dmswait: [5s] CREATED
dmswait: [6s] not found yet: the instance has no task "t1"
`, logOf(t, func(w *wait) {
		w.failed(response(404, "DMS.00404022", "no such instance"), time.Second)
		w.failed(missing(), time.Second)
		w.failed(response(503, "", "busy"), time.Second)
		w.failed(missing(), time.Second)
		w.failed(missing(), time.Second)
		w.saw(client.Created, time.Second)
		w.failed(missing(), time.Second)
	}))
}

func TestErrorThatEndsTheWaitIsLeftToTheEnd(t *testing.T) {
	t.Parallel()
	for _, err := range []error{response(401, "", ""), response(400, "", ""), missing(), response(503, "", "")} {
		assert.Empty(t, logOf(t, func(w *wait) { w.failed(err, 0) }))
	}
}

func TestUnknownStatusIsWarnedAboutOnce(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for _, status := range []client.Status{"PAUSED", client.Executing, "PAUSED", "", "QUEUED", ""} {
			w.saw(status, time.Second)
		}
	})
	for _, warning := range []string{
		`DMS does not document the status "PAUSED"`, `DMS does not document the status "QUEUED"`, "DMS returned no status",
	} {
		assert.Equal(t, 1, strings.Count(text, "warning: "+warning+"; the task is treated as still running\n"), text)
	}
	assert.Contains(t, text, "dmswait: [3s] no status\n")
}

func TestHeartbeatComesAfterAMinuteWithoutALine(t *testing.T) {
	t.Parallel()
	silentFor := func(d time.Duration) string {
		return logOf(t, func(w *wait) { w.saw(client.Executing, d) })
	}
	assert.Equal(t, "dmswait: [0s] EXECUTING\n", silentFor(time.Minute-time.Nanosecond))
	assert.Equal(t, "dmswait: [0s] EXECUTING\ndmswait: [1m] EXECUTING, 59m left\n", silentFor(time.Minute+time.Nanosecond))

	assert.Equal(t, `dmswait: [0s] CREATED
dmswait: [30s] EXECUTING
dmswait: [1m30s] EXECUTING, 58m30s left
dmswait: [2m20s] something else
dmswait: [3m20s] EXECUTING, 56m40s left
`, logOf(t, func(w *wait) {
		w.saw(client.Created, 30*time.Second)
		w.saw(client.Executing, 70*time.Second)
		w.saw(client.Executing, 40*time.Second)
		w.Printf(EventFound, "[%v] something else", time.Since(w.start))
		w.saw(client.Executing, 61*time.Second)
	}), "every line postpones it")
}

func TestHeartbeatSaysWhatTheLastPollFound(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		time.Sleep(61 * time.Second) // as long as the first poll takes
		w.saw(client.Executing, time.Second)
		w.failed(response(503, "", ""), 61*time.Second)
		w.failed(missing(), 61*time.Second)
		w.saw("", 61*time.Second)
		w.saw(client.Executing, 2*time.Hour+time.Second)
	})
	for _, line := range []string{
		"[1m] no response yet, 59m left", "[2m2s] no valid response, 57m58s left", "[3m3s] not found yet, 56m57s left",
		"[4m4s] no status, 55m56s left", "[5m5s] EXECUTING, 54m55s left", "[2h4m5s] EXECUTING",
	} {
		assert.Contains(t, text, "dmswait: "+line+"\n")
	}
}

func TestWarningInActionsPostponesTheHeartbeat(t *testing.T) {
	t.Parallel()
	text := logIn(t, form{actions: true}, func(w *wait) {
		w.saw(client.Executing, 30*time.Second)
		w.Warnf(EventFound, "careful")
		time.Sleep(59 * time.Second)
	})
	assert.Equal(t, "dmswait: [0s] EXECUTING\n::warning title=dmswait::careful\n", text)
}

func TestTwoHoursWithoutChangesAreUnder150Lines(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, response(503, "", "busy"), response(429, "", "busy"), missing()} {
		for _, f := range []form{{}, {json: true}, {actions: true}} {
			text := logIn(t, f, func(w *wait) {
				for range 2 * time.Hour / (20 * time.Second) {
					if err == nil {
						w.saw(client.Executing, 20*time.Second)
					} else {
						w.failed(err, 20*time.Second)
					}
				}
			})
			assert.Less(t, strings.Count(text, "\n"), 150)
			assert.GreaterOrEqual(t, strings.Count(text, "\n"), 119, "a heartbeat every minute")
		}
	}
}

func TestLogIsSilentAfterClose(t *testing.T) {
	t.Parallel()
	for _, actions := range []bool{false, true} {
		text := logIn(t, form{actions: actions}, func(w *wait) {
			w.saw(client.Executing, time.Second)
			w.Close()
			w.Printf(EventFound, "late")
			w.Warnf(EventFound, "late")
			w.Changef(EventFound, "late")
			w.saw("LATE", time.Hour)
			w.Progress(0, 50)
			w.End(&Ending{Report: reportOf(new(succeeded()), nil), Explanation: lines("late", "late", "late"), ExitCode: 1})
			w.Request(&client.Trace{Method: "GET"})
			w.FlushRequest()
		})
		assert.Equal(t, "dmswait: [0s] EXECUTING\n", text)
	}
}

// brokenPipe is a writer whose reader is gone.
type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestBrokenStderrChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := &brokenPipe{}
		for _, actions := range []bool{false, true} {
			w := &wait{Log: newLog(t, gone, form{actions: actions})}
			w.Open()
			assert.NotPanics(t, func() {
				w.Printf(EventFound, "x")
				w.saw("PAUSED", 2*time.Minute)
				w.End(&Ending{Report: reportOf(new(succeeded()), nil), Explanation: lines("y", "y", "y"), ExitCode: 1})
				w.NotOnStdout(errors.New("stdout: broken pipe"))
				w.Close()
			})
		}
		assert.Greater(t, gone.writes, 8, "every line is tried")
	})
}

func TestHeartbeatShowsWhenTheWaitGivesUpByTheLimitThatEndsFirst(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for _, p := range []poll.Outcome{
			{Kind: poll.Failing, Err: response(503, "", ""), GivesUp: 15 * time.Minute, Limit: poll.MaxOutage},
			{Kind: poll.Missing, Err: missing(), GivesUp: 2*time.Minute + 1500*time.Millisecond, Limit: poll.NotFoundGrace},
			{Kind: poll.Running, GivesUp: time.Hour, Limit: poll.Timeout},
		} {
			w.n++
			p.Round, p.At, p.Next = w.n, time.Since(w.start), 61*time.Second
			w.Poll(&p)
			time.Sleep(p.Next)
		}
	})
	for _, line := range []string{
		"[1m] no valid response, 14m left (max_outage)", "[2m1s] not found yet, 1s left (not_found_grace)",
		"[3m2s] no status, 56m58s left",
	} {
		assert.Contains(t, text, "dmswait: "+line+"\n")
	}
}

func TestServicesWordsAreShownInFullWithDebug(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("w", 300)
	for debug, want := range map[bool]string{false: words[:200] + "… (", true: words + " ("} {
		text := logOf(t, func(w *wait) {
			w.debug = debug
			w.failed(response(503, "", words), time.Second)
		})
		assert.Contains(t, text, ": 503: "+want)
	}
}
