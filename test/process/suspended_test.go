//go:build unix

package process_test

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// TestStoppedProcessContinuesByTheClock stops a process for longer than its current pause, request
// or budget lasts. The time counts, but the poll at the end of a budget is still made. (Suspending
// the machine is different: the monotonic clock of Linux stops, too, and the wait takes that much
// longer.)
func TestStoppedProcessContinuesByTheClock(t *testing.T) {
	t.Parallel()
	const stopped = 2700 * time.Millisecond
	broken := simulator.Fault(503, "DMS.00500001", "busy")
	var waits sync.WaitGroup // all at once, since they mostly wait
	var checks []func()
	for name, c := range map[string]struct {
		ends  bool                // the task, while the process is stopped
		first *simulator.Response // nil: that the task is EXECUTING
		then  *simulator.Response
		args  []string
		code  int
		polls int // in all; 0: any number
	}{
		"a pause, and the task has ended":     {ends: true, code: 0, polls: 2},
		"a pause, and the task keeps running": {args: []string{"--timeout", "6s"}, code: 124},
		"the deadline, and the task has ended": {
			ends: true, args: []string{"--timeout", "2100ms"}, code: 0, polls: 2},
		"the deadline, and the task keeps running": {
			args: []string{"--timeout", "2100ms"}, code: 124, polls: 2},
		"the deadline, and the API is down": {
			ends: true, then: broken, args: []string{"--timeout", "2100ms"}, code: 124, polls: 2},
		"an outage, and the API is up again": {
			ends: true, first: broken, args: []string{"--max-outage", "2100ms"}, code: 0, polls: 2},
		"an outage, and the API is still down": {
			ends: true, first: broken, then: broken, args: []string{"--max-outage", "2100ms"}, code: 75, polls: 2},
		"a request, and the response has arrived": {
			ends: true, first: &simulator.Response{Delay: 1500 * time.Millisecond, Status: 503},
			args: []string{"--request-timeout", "2100ms"}, code: 0},
		"a request without a response": {
			ends: true, first: &simulator.Response{Hang: true},
			args: []string{"--request-timeout", "1500ms"}, code: 0, polls: 2},
	} {
		var isStopped atomic.Bool
		sim := trial.Cloud(trial.At(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
		sim.Clock = func() time.Time {
			if c.ends && isStopped.Load() {
				return time.Now().Add(10 * time.Minute)
			}
			return time.Now()
		}
		sim.Intercept = simulator.Script(c.first, c.then)
		server := trial.Start(t, sim)
		tr := trial.New(server)
		tr.Args = append([]string{"--interval", "1500ms", "--max-interval", "25s", "--format", "json"}, c.args...)
		command := tr.Command(t)
		waits.Go(func() {
			if !assert.NoError(t, command.Start()) {
				return
			}
			for began := time.Now(); server.Count("task") == 0 && time.Since(began) < trial.Patience; {
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
			assert.NoError(t, command.Process.Signal(syscall.SIGSTOP))
			isStopped.Store(true)
			time.Sleep(stopped)
			assert.Equal(t, 1, server.Count("task"), name)
			assert.NoError(t, command.Process.Signal(syscall.SIGCONT))
			tr.Code = trial.ExitCode(command.Wait())
		})
		checks = append(checks, func() {
			t.Log(name)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.GreaterOrEqual(t, tr.JSON(t)["waited"], stopped.Seconds(), "the time while stopped counts")
			if c.polls > 0 {
				assert.Equal(t, c.polls, server.Count("task"), "missed polls are not made up for")
				assert.Less(t, tr.JSON(t)["waited"], 20.0)
			}
			var last time.Time
			for _, r := range server.Requests() {
				if r.Kind == "task" && r.Nth < server.Count("task") { // the last one may be at the deadline
					assert.Greater(t, r.At.Sub(last), 100*time.Millisecond, "pauses are as long as before")
					last = r.At
				}
			}
		})
	}
	waits.Wait()
	for _, check := range checks {
		check()
	}
}
