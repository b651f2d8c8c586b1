package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// logged is what a log shows of what happens in tell, under a clock that goes on only when everybody sleeps.
func logged(t *testing.T, tell func(*teller)) string {
	t.Helper()
	return loggedAs(t, logKind{}, tell)
}

// logKind is how a log speaks.
type logKind struct{ actions, json, quiet bool }

func loggedAs(t *testing.T, kind logKind, tell func(*teller)) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		l := &Log{Out: &out, Start: time.Now(), Timeout: time.Hour, JSON: kind.json, Quiet: kind.quiet, Hider: NewHider([]string{"hunter2-hunter2"})}
		if kind.actions {
			l.Actions = NewActions(&out, func(string) string { return "" })
		}
		tell(&teller{Log: l})
		l.Close()
	})
	return out.String()
}

// teller tells a log of polls, an hour being the timeout.
type teller struct {
	*Log
	n int
}

func (tl *teller) poll(task client.Task, err error, next time.Duration) {
	tl.n++
	at := time.Since(tl.Start)
	tl.Poll(poll.Poll{N: tl.n, At: at, Task: task, Err: err, Next: next, Left: time.Hour - at})
}

// saw tells of a good answer, and pauses.
func (tl *teller) saw(status client.Status, pause time.Duration) {
	tl.poll(client.Task{ID: "t1", Status: status}, nil, pause)
	time.Sleep(pause)
}

// failed tells of another answer, and pauses.
func (tl *teller) failed(err error, pause time.Duration) {
	tl.poll(client.Task{}, err, pause)
	time.Sleep(pause)
}

func TestALogHasALineWhenTheStatusChanges(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: 0s CREATED
dmswait: 2s EXECUTING
dmswait: 5.4s PAUSED
dmswait: warning: status "PAUSED" is not one that DMS documents; taken for still running
dmswait: 12s SUCCESS, it took 4.659 s
`, logged(t, func(l *teller) {
		l.saw(client.Created, time.Second)
		l.saw(client.Created, time.Second)
		l.saw(client.Executing, time.Second)
		l.saw(client.Executing, 2400*time.Millisecond)
		l.saw("PAUSED", 7*time.Second)
		l.poll(documented(), nil, 0)
	}))
}

func TestALogHasALineWhenAnswersFailAndWhenTheyAreGoodAgain(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: warning: 0s no good answer, asking on: get task "t1": 503 DMS.00500001: busy (request 9f31)
dmswait: warning: 1s throttled, asking more slowly: get task "t1": 429 APIGW.0308: slower (request 9f31)
dmswait: 2s the API answers again: EXECUTING
dmswait: 4s no good answer, asking on: get task "t1": connection refused
dmswait: 6s the API answers again: EXECUTING
dmswait: 7s throttled, asking more slowly: get task "t1": 429 Too Many Requests (request 9f31)
dmswait: 9s the API answers again: SUCCESS, it took 4.659 s
`, logged(t, func(l *teller) {
		l.failed(answered(503, "DMS.00500001", "busy"), time.Second)
		l.failed(answered(429, "APIGW.0308", "slower"), time.Second)
		l.saw(client.Executing, time.Second)
		l.saw(client.Executing, time.Second)
		l.failed(unanswered(errors.New("connection refused")), time.Second)
		l.failed(answered(400, "", ""), time.Second) // after a good answer an outage, too
		l.saw(client.Executing, time.Second)
		l.failed(answered(429, "", ""), time.Second)
		l.failed(answered(503, "", ""), time.Second)
		l.poll(documented(), nil, 0)
	}))
}

func TestALogHasALineWhenATaskIsNotThere(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: 0s not there yet: get task "t1": 404 DMS.00404022: no such instance (request 9f31)
dmswait: warning: 2s no good answer, asking on: get task "t1": 503: busy (request 9f31)
dmswait: 3s not there yet: get task "t1": 200: no such task in the answer (request 9f31)
dmswait: 5s CREATED
dmswait: 6s not there yet: get task "t1": 200: no such task in the answer (request 9f31)
`, logged(t, func(l *teller) {
		l.failed(answered(404, "DMS.00404022", "no such instance"), time.Second)
		l.failed(absent(), time.Second)
		l.failed(answered(503, "", "busy"), time.Second)
		l.failed(absent(), time.Second)
		l.failed(absent(), time.Second)
		l.saw(client.Created, time.Second)
		l.failed(absent(), time.Second)
	}))
}

func TestWhatEndsTheWaitIsLeftToTheResult(t *testing.T) {
	t.Parallel()
	for _, err := range []error{answered(401, "", ""), answered(400, "", ""), absent(), answered(503, "", "")} {
		assert.Empty(t, logged(t, func(l *teller) { l.failed(err, 0) }))
	}
}

func TestAnUnknownStatusIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		for _, status := range []client.Status{"PAUSED", client.Executing, "PAUSED", "", "QUEUED", ""} {
			l.saw(status, time.Second)
		}
	})
	assert.Equal(t, 1, strings.Count(text, `warning: status "PAUSED"`))
	assert.Equal(t, 1, strings.Count(text, `warning: status "QUEUED"`))
	assert.Equal(t, 1, strings.Count(text, `warning: status ""`))
	assert.Contains(t, text, "dmswait: 3s no status\n")
}

func TestAfterAMinuteOfSilenceComesAHeartbeat(t *testing.T) {
	t.Parallel()
	silence := func(d time.Duration) string {
		return logged(t, func(l *teller) { l.saw(client.Executing, d) })
	}
	assert.Equal(t, "dmswait: 0s EXECUTING\n", silence(time.Minute-time.Nanosecond))
	assert.Equal(t, "dmswait: 0s EXECUTING\ndmswait: 1m EXECUTING, 59m left\n", silence(time.Minute+time.Nanosecond))

	assert.Equal(t, `dmswait: 0s CREATED
dmswait: 30s EXECUTING
dmswait: 1m30s EXECUTING, 58m30s left
dmswait: 2m20s something else
dmswait: 3m20s EXECUTING, 56m40s left
`, logged(t, func(l *teller) {
		l.saw(client.Created, 30*time.Second)
		l.saw(client.Executing, 70*time.Second)
		l.saw(client.Executing, 40*time.Second)
		l.Printf("note", "%v something else", time.Since(l.Start))
		l.saw(client.Executing, 61*time.Second)
	}), "each line puts it off")
}

func TestTheHeartbeatTellsWhatTheLastAnswerWas(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		l.saw(client.Executing, time.Second)
		l.failed(answered(503, "", ""), 61*time.Second)
		l.failed(absent(), 61*time.Second)
		l.saw("", 61*time.Second)
		l.saw(client.Executing, 2*time.Hour+time.Second)
	})
	for _, line := range []string{"1m1s no good answer, 58m59s left", "2m2s not there yet, 57m58s left", "3m3s no status, 56m57s left", "4m4s EXECUTING, 55m56s left", "2h3m4s EXECUTING, 0s left"} {
		assert.Contains(t, text, "dmswait: "+line+"\n")
	}
}

func TestAWarningInActionsPutsTheHeartbeatOff(t *testing.T) {
	t.Parallel()
	text := loggedAs(t, logKind{actions: true}, func(l *teller) {
		l.saw(client.Executing, 30*time.Second)
		l.Warnf("note", "careful")
		time.Sleep(59 * time.Second)
	})
	assert.Equal(t, "dmswait: 0s EXECUTING\n::warning title=dmswait::careful\n", text)
}

func TestTwoHoursWithoutNewsAreUnder150Lines(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, answered(503, "", "busy"), answered(429, "", "busy"), absent()} {
		for _, kind := range []logKind{{}, {json: true}, {actions: true}} {
			text := loggedAs(t, kind, func(l *teller) {
				for range 2 * time.Hour / (20 * time.Second) {
					if err == nil {
						l.saw(client.Executing, 20*time.Second)
					} else {
						l.failed(err, 20*time.Second)
					}
				}
			})
			assert.Less(t, strings.Count(text, "\n"), 150)
			assert.GreaterOrEqual(t, strings.Count(text, "\n"), 119, "and a heartbeat a minute")
		}
	}
}

func TestALogIsSilentAfterClose(t *testing.T) {
	t.Parallel()
	for _, actions := range []bool{false, true} {
		text := loggedAs(t, logKind{actions: actions}, func(l *teller) {
			l.saw(client.Executing, time.Second)
			l.Close()
			l.Printf("note", "late")
			l.Warnf("note", "late")
			l.saw("LATE", time.Hour)
			l.End(Ending{Report: ofTask(documented(), nil), Lines: []string{"late"}, Code: 1})
			l.Request(client.Trace{Method: "GET"})
			l.Flush()
		})
		assert.Equal(t, "dmswait: 0s EXECUTING\n", text)
	}
}

func TestABrokenStderrChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := &broken{}
		for _, actions := range []*Actions{nil, NewActions(gone, func(string) string { return "" })} {
			l := &teller{Log: &Log{Out: gone, Actions: actions, Start: time.Now()}}
			assert.NotPanics(t, func() {
				l.Printf("note", "x")
				l.saw("PAUSED", 2*time.Minute)
				l.End(Ending{Report: ofTask(documented(), nil), Lines: []string{"y"}, Code: 1})
				l.NotOnStdout(errors.New("broken pipe"))
				l.Close()
			})
		}
		assert.Greater(t, gone.writes, 8, "it is tried again each time")
	})
}
