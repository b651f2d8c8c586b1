package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// tasks returns targets from INSTANCE/TASK.
func tasks(ids ...string) (targets []target.Target) {
	for _, id := range ids {
		instance, task, _ := strings.Cut(id, "/")
		targets = append(targets, target.Target{InstanceID: instance, TaskID: task})
	}
	return targets
}

// of passes the log what a poll of one of several targets found: a status or an error.
func (w *wait) of(i int, found any, change func(*poll.Outcome)) {
	p := poll.Outcome{Round: 1, Target: i, At: time.Since(w.start), Next: time.Second, GivesUp: time.Hour, Limit: poll.Timeout}
	switch found := found.(type) {
	case client.Status:
		p.State = target.OfTask(&client.Task{ID: w.targets[i].taskID, Status: found})
		p.Over = found.Ended()
		p.Kind = kindOf(&p.State.Task, nil, p.Next)
	case error:
		p.Err = found
		p.Kind = kindOf(&client.Task{}, found, p.Next)
	}
	if change != nil {
		change(&p)
	}
	w.Poll(&p)
}

// over ends the wait for a target with the error that it was polled with.
func over(p *poll.Outcome) { p.Over, p.End = true, p.Err }

// forAll makes an error one that concerns all targets.
func forAll(p *poll.Outcome) {
	p.ForAll, p.GivesUp, p.Limit = true, p.At+15*time.Minute, poll.MaxOutage
}

func TestLineNamesItsTargetAsBrieflyAsIsClear(t *testing.T) {
	t.Parallel()
	instances := []target.Target{{InstanceID: "i1", Until: target.Ready}, {InstanceID: "i2", Until: target.Ready}}
	for _, c := range []struct {
		targets []target.Target
		want    []string
	}{
		{tasks("i1/t1"), []string{"[0s] EXECUTING", "[0s] EXECUTING, 40%"}},
		{tasks("i1/t1", "I1/t2"), []string{"[0s] t1: EXECUTING", "[0s] t1: EXECUTING, 40%"}},
		{tasks("i1/t1", "i2/t2"), []string{"[0s] i1/t1: EXECUTING", "[0s] i1/t1: EXECUTING, 40%"}},
		{instances, []string{"[0s] i1: EXECUTING", "[0s] i1: EXECUTING, 40%"}},
	} {
		text := logIn(t, form{targets: c.targets}, func(w *wait) {
			w.of(0, client.Executing, nil)
			w.Progress(0, 40)
		})
		assert.Equal(t, "dmswait: "+strings.Join(c.want, "\ndmswait: ")+"\n", text)
	}
}

func TestTargetFoundByItsNameIsNamedByItsTaskFromThenOn(t *testing.T) {
	t.Parallel()
	named := []target.Target{{InstanceID: "i1", TaskName: "restart"}, {InstanceID: "i2", TaskName: "restart"}}
	run := func(w *wait) {
		w.of(0, missing(), nil)
		w.Found(1, "t2", 5*time.Second)
		w.WarnOf(1, EventAmbiguous, "2 tasks")
		w.of(1, client.Executing, nil)
	}
	assert.Equal(t, `dmswait: [0s] i1: not found yet: the instance has no task "t1"
dmswait: i2: found task t2, 5s old
dmswait: warning: i2/t2: 2 tasks
dmswait: [0s] i2/t2: EXECUTING
`, logIn(t, form{targets: named}, run))
	for n, line := range strings.Split(strings.TrimSpace(logIn(t, form{targets: named, json: true}, run)), "\n") {
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		assert.Equal(t, []any{"i1", "i2", "i2", "i2"}[n], e["instance_id"], line)
		assert.Equal(t, []any{nil, "t2", "t2", "t2"}[n], e["task_id"], line)
	}
}

func TestHeartbeatOfSeveralCountsThoseThatEndedAndFailed(t *testing.T) {
	t.Parallel()
	run := func(w *wait) {
		for i, status := range []client.Status{client.Executing, client.Success, client.Failed, client.Executing, client.Success} {
			w.of(i, status, nil)
		}
		time.Sleep(61 * time.Second)
	}
	five := tasks("i1/t1", "i1/t2", "i1/t3", "i1/t4", "i1/t5")
	text := logIn(t, form{targets: five}, run)
	assert.Contains(t, text, "dmswait: [1m] 3 of 5 ended, 1 failed, 59m left\n")
	text = logIn(t, form{targets: five, json: true}, run)
	assert.Regexp(t, `"event":"heartbeat","elapsed":60,"targets":5,"ended":3,"failed":1,"message":`, text)
}

func TestOutageOfManyTargetsIsShownOnce(t *testing.T) {
	t.Parallel()
	busy := response(503, "", "busy")
	text := logIn(t, form{targets: tasks("i1/t1", "i1/t2", "i1/t3")}, func(w *wait) {
		for range 3 {
			for i := range 3 {
				w.of(i, busy, func(p *poll.Outcome) { p.GivesUp, p.Limit = 15*time.Minute, poll.MaxOutage })
			}
			time.Sleep(30 * time.Second)
		}
		for i := range 3 {
			w.of(i, client.Executing, nil)
		}
	})
	assert.Equal(t, `dmswait: warning: [0s] t1: no valid response; still polling: get task "t1": 503: busy (request 9f31)
dmswait: [1m] 0 of 3 ended, no valid response, 14m left (max_outage)
dmswait: [1m30s] t1: EXECUTING
dmswait: [1m30s] t2: EXECUTING
dmswait: [1m30s] t3: recovered: EXECUTING
`, text)
}

func TestThrottlingOfManyTargetsIsShownOnce(t *testing.T) {
	t.Parallel()
	text := logIn(t, form{targets: tasks("i1/t1", "i2/t2", "i3/t3")}, func(w *wait) {
		for round := range 6 {
			w.of(round%3, client.Executing, nil)
			w.of((round+1)%3, response(429, "APIGW.0308", "slow down"), forAll)
			time.Sleep(time.Second)
		}
	})
	assert.Equal(t, 1, strings.Count(text, "throttled"), text)
}

func TestOutageThatConcernsAllSaysWhenTheWaitGivesUpForAll(t *testing.T) {
	t.Parallel()
	run := func(w *wait) {
		w.of(0, client.Executing, nil)
		w.of(1, client.Executing, nil)
		w.of(0, unreachable(errors.New("refused")), forAll)
		time.Sleep(61 * time.Second)
		w.of(0, client.Executing, nil)
		time.Sleep(61 * time.Second)
	}
	text := logIn(t, form{targets: tasks("i1/t1", "i2/t2")}, run)
	assert.Contains(t, text, `[0s] no valid response; still polling: get task "t1": refused`, "not only t1")
	assert.Contains(t, text, "[1m] 0 of 2 ended, no valid response, 14m left (max_outage)\n", "t2 was not polled since")
	assert.Contains(t, text, "[2m1s] 0 of 2 ended, 57m59s left\n")
	text = logIn(t, form{targets: tasks("i1/t1", "i2/t2"), json: true}, run)
	assert.Contains(t, text, `"event":"outage","elapsed":0,"message":`)
}

func TestWaitOfSeveralGivesUpWithTheLastOfThem(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration, limit poll.Limit) func(*poll.Outcome) {
		return func(p *poll.Outcome) { p.GivesUp, p.Limit = d, limit }
	}
	text := logIn(t, form{targets: tasks("i1/t1", "i2/t2", "i3/t3")}, func(w *wait) {
		w.of(0, missing(), at(3*time.Minute, poll.NotFoundGrace))
		time.Sleep(61 * time.Second)
		w.of(1, missing(), at(150*time.Second, poll.NotFoundGrace))
		w.of(2, client.Success, at(time.Hour, poll.Timeout))
		time.Sleep(61 * time.Second)
	})
	assert.Contains(t, text, "[1m] 0 of 3 ended, 59m left\n", "t2 was not polled yet")
	assert.Contains(t, text, "[2m1s] 1 of 3 ended, 59s left (not_found_grace)\n")
}

func TestTargetThatIsGivenUpHasALineAmongSeveral(t *testing.T) {
	t.Parallel()
	run := func(w *wait) {
		w.of(0, missing(), func(p *poll.Outcome) {
			p.Over, p.End = true, &poll.End{Reason: poll.ErrNotFound, Limit: poll.NotFoundGrace, Err: p.Err}
		})
		w.of(1, response(403, "DMS.00403002", "no"), over)
		w.of(2, client.Executing, nil)
	}
	text := logIn(t, form{targets: tasks("i1/t1", "i1/t2", "i1/t3")}, run)
	assert.Equal(t, `dmswait: [0s] t1: not found: the instance has no task "t1"
dmswait: [0s] t2: denied: get task "t1": 403 DMS.00403002: no (request 9f31)
dmswait: [0s] t3: EXECUTING
`, text)
	text = logIn(t, form{targets: tasks("i1/t1", "i1/t2", "i1/t3"), json: true}, run)
	assert.Contains(t, text, `"event":"gave_up","elapsed":0,"result":"not_found",`)
	assert.Contains(t, text, `"instance_id":"i1","task_id":"t2"`)

	assert.Empty(t, logOf(t, func(w *wait) { w.of(0, response(403, "DMS.00403002", "no"), over) }),
		"that of the only target is part of the result")
	assert.Empty(t, logIn(t, form{targets: tasks("i1/t1", "i1/t2")}, func(w *wait) {
		w.of(0, response(401, "APIGW.0301", "wrong key"), func(p *poll.Outcome) { over(p); forAll(p) })
	}), "and so is what ends the wait for all")
}

func TestEndsOfManyTargetsAreNeverLeftOut(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 3 * maxChanges {
		ids = append(ids, "i1/t"+string(rune('A'+len(ids))))
	}
	text := logIn(t, form{targets: tasks(ids...)}, func(w *wait) {
		for i := range ids {
			w.of(i, client.Executing, nil)
		}
		for i := range ids {
			w.of(i, client.Success, nil)
		}
		time.Sleep(61 * time.Second)
	})
	assert.Equal(t, maxChanges, strings.Count(text, ": EXECUTING\n"))
	assert.Equal(t, len(ids), strings.Count(text, ": SUCCESS"))
	assert.Contains(t, text, "; changes not shown: 40\n")
}

func TestLiveLineOfSeveralCountsThemAndShowsTheSlowest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := &wait{Log: newLog(t, &out, form{targets: tasks("i1/t1", "i2/t2", "i3/t3")})}
		w.live = &liveLine{out: io.Discard, width: func() int { return 80 }}
		shows := func(want string) {
			t.Helper()
			assert.Equal(t, want, w.status().line(0, 200))
		}
		shows("| 0 of 3 ended  t1: no response yet  0s, polling, 1h left")
		w.of(0, client.Executing, nil)
		w.of(1, client.Executing, nil)
		w.of(2, missing(), nil)
		shows("| 0 of 3 ended  t1: EXECUTING  0s, next poll in 1s, 1h left")
		w.Progress(1, 42)
		shows("| 0 of 3 ended  t2: 42%  0s, next poll in 1s, 1h left")
		w.of(1, client.Failed, nil)
		shows("| 1 of 3 ended, 1 failed  t1: EXECUTING  0s, next poll in 1s, 1h left")
		w.of(0, client.Success, nil)
		shows("| 2 of 3 ended, 1 failed  t3: not found yet  0s, next poll in 1s, 1h left")
		w.of(2, client.Success, nil)
		shows("| 3 of 3 ended, 1 failed  0s, next poll in 1s")
	})
}
