package console

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// flaps are waits in which nearly every poll finds something else than the one before.
var flaps = map[string]func(n int) (client.Task, error){
	"outages":      func(n int) (client.Task, error) { return oddly(n, response(503, "DMS.00500001", "busy")) },
	"throttling":   func(n int) (client.Task, error) { return oddly(n, response(429, "APIGW.0308", "slower")) },
	"missing task": func(n int) (client.Task, error) { return oddly(n, missing()) },
	"statuses": func(n int) (client.Task, error) {
		return client.Task{ID: "t1", Status: []client.Status{client.Created, client.Executing}[n%2]}, nil
	},
	"unknown statuses": func(n int) (client.Task, error) {
		return client.Task{ID: "t1", Status: client.Status(fmt.Sprintf("PHASE_%d", n))}, nil
	},
	"everything": func(n int) (client.Task, error) {
		if n%3 == 0 {
			return client.Task{}, missing()
		}
		return oddly(n, unreachable(fmt.Errorf("connection %d refused", n)))
	},
}

// oddly returns err at odd polls, and a running task at even ones.
func oddly(n int, err error) (client.Task, error) {
	if n%2 == 1 {
		return client.Task{}, err
	}
	return client.Task{ID: "t1", Status: client.Executing}, nil
}

func TestADayOfFlappingIsALittleMoreThanALinePerMinute(t *testing.T) {
	t.Parallel()
	const maxLines = 24*60 + 2*maxChanges + 10 // a heartbeat per minute, changes, warnings
	for name, flap := range flaps {
		for formName, f := range map[string]form{"text": {}, "JSON": {json: true}, "Actions": {actions: true}} {
			t.Run(name+" in "+formName, func(t *testing.T) {
				t.Parallel()
				const pause = 20 * time.Second
				text := logIn(t, f, func(w *wait) {
					for n := range 24 * time.Hour / pause {
						task, err := flap(int(n))
						w.poll(&task, err, pause)
						time.Sleep(pause)
					}
				})
				lines := strings.Count(text, "\n")
				assert.LessOrEqual(t, lines, maxLines)
				assert.Greater(t, lines, 24*60-10, "the heartbeat goes on")
				if f.json {
					assert.Contains(t, text, `"changes_left_out":`)
				} else {
					assert.Contains(t, text, "; changes not shown: ")
				}
			})
		}
	}
}

func TestChangesAreShownUntilTheyAreTooManyAndThenCounted(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for n := range 60 { // a change every 7 seconds
			w.saw([]client.Status{client.Created, client.Executing}[n%2], 7*time.Second)
		}
		w.saw(client.Created, 3*time.Minute)
		w.saw(client.Executing, time.Second)
		w.poll(new(succeeded()), nil, 0)
	})
	lines := strings.SplitAfter(text, "\n")
	assert.Equal(t, "dmswait: [2m13s] EXECUTING\n", lines[maxChanges-1])
	assert.Equal(t, `dmswait: [3m13s] EXECUTING, 56m47s left; changes not shown: 8
dmswait: [4m13s] CREATED, 55m47s left; changes not shown: 9
dmswait: [5m13s] CREATED, 54m47s left; changes not shown: 8
dmswait: [6m13s] EXECUTING, 53m47s left; changes not shown: 9
dmswait: [7m13s] CREATED, 52m47s left; changes not shown: 7
dmswait: [8m13s] CREATED, 51m47s left
dmswait: [9m13s] CREATED, 50m47s left
dmswait: [10m] EXECUTING
dmswait: [10m1s] SUCCESS (took 4.7s)
`, strings.Join(lines[maxChanges:], ""), "they are shown again after a minute without any")
}

func TestTheEndAndTheFirstOfEachTroubleAreShownAfterAnyNumberOfChanges(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for n := range 200 {
			w.saw([]client.Status{client.Created, client.Executing}[n%2], 100*time.Millisecond)
			w.Progress(0, n%2*50)
		}
		w.failed(response(503, "", "busy"), time.Second)
		w.failed(response(429, "", "slower"), time.Second)
		w.Changef(EventClock, "off")
		w.Changef(EventClock, "off again")
		w.saw("PAUSED", time.Second)
		w.poll(new(succeeded()), nil, 0)
	})
	lines := strings.SplitAfter(text, "\n")
	assert.Equal(t, `dmswait: warning: [20s] no valid response; still polling: get task "t1": 503: busy (request 9f31)
dmswait: warning: [21s] throttled; polling less often: get task "t1": 429: slower (request 9f31)
dmswait: warning: off
dmswait: warning: DMS does not document the status "PAUSED"; the task is treated as still running
dmswait: [23s] SUCCESS (took 4.7s)
`, strings.Join(lines[maxChanges:], ""))
}

func TestWarningsAboutUnknownStatusesAreBounded(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for n := range 1000 {
			w.saw(client.Status(fmt.Sprintf("PHASE_%d", n)), time.Second)
		}
		assert.Len(t, w.statuses, maxChanges)
	})
	assert.Equal(t, maxChanges, strings.Count(text, "DMS does not document the status"))
}

func TestRequestsInTheLogDoNotPostponeTheHeartbeat(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		for range 10 {
			w.Request(&client.Trace{Method: "GET", Host: "dms.test", Path: "/", StatusCode: 200})
			w.saw(client.Executing, 20*time.Second)
		}
	})
	assert.Equal(t, 3, strings.Count(text, " left\n"), text)
}

// Not parallel, so that no other test's memory is counted. Every eleventh poll changes something.
func TestLogRetainsNothingOfAMillionPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, io.Discard, form{})
		l.timeout = 240 * 24 * time.Hour
		l.live = &liveLine{out: io.Discard, width: func() int { return 80 }}
		l.Open()
		fail := response(503, "DMS.00500001", "busy")
		failures := []error{nil, nil, fail, unreachable(errors.New("refused")), nil, missing()}
		statuses := []client.Status{client.Created, client.Executing, "PAUSED"}
		var inUse [2]uint64
		var goroutines [2]int
		for n := 1; n <= 1_000_000; n++ {
			p := poll.Outcome{Round: n, At: time.Since(l.start), Err: failures[n/11%len(failures)], Next: time.Second}
			if p.Err == nil {
				p.State = target.OfTask(&client.Task{ID: "t1", Status: statuses[n/77%len(statuses)]})
			}
			p.Kind = kindOf(&p.State.Task, p.Err, p.Next)
			l.Poll(&p)
			l.Progress(0, n/100%100)
			if n%10_000 == 0 { // so that the heartbeat and the live line have their turns
				time.Sleep(15 * time.Second)
				synctest.Wait()
			}
			if n == 10_000 || n == 1_000_000 {
				inUse[n/1_000_000], goroutines[n/1_000_000] = heap(), runtime.NumGoroutine()
			}
		}
		l.Close()
		assert.InDelta(t, inUse[0], inUse[1], 64<<10, "bytes in use")
		assert.Equal(t, goroutines[0], goroutines[1])
	})
}

// heap returns how much memory is in use once garbage is collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
