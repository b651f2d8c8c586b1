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

// TestASuspendedProcessGoesOnByTheClock stops a process for longer than what it was in, be it a pause, a request or a budget.
// What is over then is over, but the look at its end is made all the same, since nobody looked in the meantime.
// A suspended machine is another matter: there the monotonic clock of Linux stands still, too, and the wait is longer by that.
func TestASuspendedProcessGoesOnByTheClock(t *testing.T) {
	t.Parallel()
	const stopped = 2700 * time.Millisecond
	broken := simulator.Fault(503, "DMS.00500001", "busy")
	var waits sync.WaitGroup // together, since they have little to do
	var checks []func()
	for name, c := range map[string]struct {
		ends  bool                // the task, in the meantime
		first *simulator.Response // nil: the ordinary one
		then  *simulator.Response
		args  []string
		code  int
		looks int // in all; 0: no matter
	}{
		"a pause, and the task has ended": {ends: true, code: 0, looks: 2},
		"a pause, and the task goes on":   {args: []string{"--timeout", "6s"}, code: 124},
		"the deadline, and the task has ended": {
			ends: true, args: []string{"--timeout", "2100ms"}, code: 0, looks: 2},
		"the deadline, and the task goes on": {
			args: []string{"--timeout", "2100ms"}, code: 124, looks: 2},
		"the deadline, and the API is down": {
			ends: true, then: broken, args: []string{"--timeout", "2100ms"}, code: 124, looks: 2},
		"an outage, and the API is up again": {
			ends: true, first: broken, args: []string{"--max-outage", "2100ms"}, code: 0, looks: 2},
		"an outage, and the API is still down": {
			ends: true, first: broken, then: broken, args: []string{"--max-outage", "2100ms"}, code: 75, looks: 2},
		"a request that is answered in the meantime": {
			ends: true, first: &simulator.Response{Delay: 1500 * time.Millisecond, Status: 503}, args: []string{"--request-timeout", "2100ms"}, code: 0},
		"a request without an answer": {
			ends: true, first: &simulator.Response{Hang: true}, args: []string{"--request-timeout", "1500ms"}, code: 0, looks: 2},
	} {
		var meantime atomic.Bool
		sim := trial.Cloud(trial.At(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
		sim.Clock = func() time.Time {
			if c.ends && meantime.Load() {
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
			meantime.Store(true)
			time.Sleep(stopped)
			assert.Equal(t, 1, server.Count("task"), name)
			assert.NoError(t, command.Process.Signal(syscall.SIGCONT))
			tr.Code = trial.ExitCode(command.Wait())
		})
		checks = append(checks, func() {
			t.Log(name)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.GreaterOrEqual(t, tr.JSON(t)["waited"], stopped.Seconds(), "the time counts")
			if c.looks > 0 {
				assert.Equal(t, c.looks, server.Count("task"), "one look, and no looks that were missed")
				assert.Less(t, tr.JSON(t)["waited"], 20.0)
			}
			var last time.Time
			for _, asked := range server.Requests() {
				if asked.Kind == "task" && asked.Nth < server.Count("task") { // the last one may be at the deadline
					assert.Greater(t, asked.At.Sub(last), 100*time.Millisecond, "pauses are as long as ever")
					last = asked.At
				}
			}
		})
	}
	waits.Wait()
	for _, check := range checks {
		check()
	}
}
