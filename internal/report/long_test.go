package report

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
)

// flaps are waits in which nearly every answer differs from the one before.
var flaps = map[string]func(n int) (client.Task, error){
	"outages":        func(n int) (client.Task, error) { return odd(n, answered(503, "DMS.00500001", "busy")) },
	"throttling":     func(n int) (client.Task, error) { return odd(n, answered(429, "APIGW.0308", "slower")) },
	"a missing task": func(n int) (client.Task, error) { return odd(n, absent()) },
	"statuses": func(n int) (client.Task, error) {
		return client.Task{ID: "t1", Status: []client.Status{client.Created, client.Executing}[n%2]}, nil
	},
	"statuses never heard of": func(n int) (client.Task, error) {
		return client.Task{ID: "t1", Status: client.Status(fmt.Sprintf("PHASE_%d", n))}, nil
	},
	"everything": func(n int) (client.Task, error) {
		if n%3 == 0 {
			return client.Task{}, absent()
		}
		return odd(n, unanswered(fmt.Errorf("connection %d refused", n)))
	},
}

func odd(n int, err error) (client.Task, error) {
	if n%2 == 1 {
		return client.Task{}, err
	}
	return client.Task{ID: "t1", Status: client.Executing}, nil
}

func TestADayOfFlappingIsALineAMinuteAndSomeMore(t *testing.T) {
	t.Parallel()
	const most = 24*60 + 2*mostChanges + 10 // a heartbeat a minute, changes, warnings
	for name, flap := range flaps {
		for kindName, kind := range map[string]logKind{"text": {}, "JSON": {json: true}, "Actions": {actions: true}} {
			t.Run(name+" in "+kindName, func(t *testing.T) {
				t.Parallel()
				const pause = 20 * time.Second
				text := loggedAs(t, kind, func(l *teller) {
					for n := range 24 * time.Hour / pause {
						task, err := flap(int(n))
						l.poll(task, err, pause)
						time.Sleep(pause)
					}
				})
				lines := strings.Count(text, "\n")
				assert.LessOrEqual(t, lines, most)
				assert.Greater(t, lines, 24*60-10, "and what was left out is told")
				if kind.json {
					assert.Contains(t, text, `"changes_left_out":`)
				} else {
					assert.Contains(t, text, " changes left out\n")
				}
			})
		}
	}
}

func TestWhatFlapsIsToldUntilItIsTooMuchAndThenCounted(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		for n := range 60 { // a change every 7 seconds
			l.poll(client.Task{ID: "t1", Status: []client.Status{client.Created, client.Executing}[n%2]}, nil, 7*time.Second)
			time.Sleep(7 * time.Second)
		}
		l.saw(client.Created, 3*time.Minute)
		l.saw(client.Executing, time.Second)
		l.poll(documented(), nil, 0)
	})
	lines := strings.SplitAfter(text, "\n")
	assert.Equal(t, "dmswait: 2m13s EXECUTING\n", lines[mostChanges-1])
	assert.Equal(t, `dmswait: 3m13s EXECUTING, 56m47s left; 8 changes left out
dmswait: 4m13s CREATED, 55m47s left; 9 changes left out
dmswait: 5m13s CREATED, 54m47s left; 8 changes left out
dmswait: 6m13s EXECUTING, 53m47s left; 9 changes left out
dmswait: 7m13s CREATED, 52m47s left; 7 changes left out
dmswait: 8m13s CREATED, 51m47s left
dmswait: 9m13s CREATED, 50m47s left
dmswait: 10m EXECUTING
dmswait: 10m1s SUCCESS, it took 4.659 s
`, strings.Join(lines[mostChanges:], ""), "after a minute's rest changes are told again")
}

func TestTheEndAndTheFirstOfEachTroubleAreToldHoweverManyChangesWereBefore(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		l.Open()
		for n := range 200 {
			l.saw([]client.Status{client.Created, client.Executing}[n%2], 100*time.Millisecond)
			l.Progress(n % 2 * 50)
		}
		l.failed(answered(503, "", "busy"), time.Second)
		l.failed(answered(429, "", "slower"), time.Second)
		l.Newsf("clock", "off")
		l.Newsf("clock", "off again")
		l.saw("PAUSED", time.Second)
		l.poll(documented(), nil, 0)
	})
	lines := strings.SplitAfter(text, "\n")
	assert.Equal(t, `dmswait: warning: 20s no good answer, asking on: get task "t1": 503: busy (request 9f31)
dmswait: warning: 21s throttled, asking more slowly: get task "t1": 429: slower (request 9f31)
dmswait: warning: off
dmswait: warning: status "PAUSED" is not one that DMS documents; taken for still running
dmswait: 23s SUCCESS, it took 4.659 s
`, strings.Join(lines[mostChanges:], ""))
}

func TestStatusesNeverHeardOfAreWarnedOfUpToABound(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		for n := range 1000 {
			l.saw(client.Status(fmt.Sprintf("PHASE_%d", n)), time.Second)
		}
		assert.Len(t, l.unknown, mostChanges)
	})
	assert.Equal(t, mostChanges, strings.Count(text, "is not one that DMS documents"))
}

func TestRequestsThatAreToldOfDoNotKeepBackTheHeartbeat(t *testing.T) {
	t.Parallel()
	text := logged(t, func(l *teller) {
		for range 10 {
			l.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/", StatusCode: 200})
			l.saw(client.Executing, 20*time.Second)
		}
	})
	assert.Equal(t, 3, strings.Count(text, " left\n"), text)
}

// Not parallel, so that nobody else's memory is counted. Every eleventh poll changes something.
func TestAMillionPollsLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stderr := Detach(io.Discard)
		hider := NewHider([]string{"hunter2-hunter2"})
		l := &Log{Out: stderr, Hider: hider, Start: start, Timeout: 240 * 24 * time.Hour, Live: &Live{out: stderr, width: func() int { return 80 }}}
		l.Open()
		timeline := Timeline{Start: start}
		fail := answered(503, "DMS.00500001", "busy")
		failures := []error{nil, nil, fail, unanswered(errors.New("refused")), nil, absent()}
		statuses := []client.Status{client.Created, client.Executing, "PAUSED"}
		var inUse [2]uint64
		var goroutines [2]int
		for n := 1; n <= 1_000_000; n++ {
			p := poll.Poll{N: n, At: time.Since(start), Err: failures[n/11%len(failures)], Next: time.Second}
			if p.Err == nil {
				p.Task = client.Task{ID: "t1", Status: statuses[n/77%len(statuses)]}
			}
			timeline.Poll(p)
			l.Poll(p)
			l.Progress(n / 100 % 100)
			if n%10_000 == 0 { // so that the heartbeat and the live line have their turns
				time.Sleep(15 * time.Second)
				synctest.Wait()
			}
			if n == 10_000 || n == 1_000_000 {
				inUse[n/1_000_000], goroutines[n/1_000_000] = memory(), runtime.NumGoroutine()
			}
		}
		l.Close()
		stderr.Close()
		assert.InDelta(t, inUse[0], inUse[1], 64<<10, "bytes in use")
		assert.Equal(t, goroutines[0], goroutines[1])
	})
}

func memory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
