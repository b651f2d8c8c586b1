package process_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// To soak for longer: go test ./test/process -run Soak -soak 5m -parallel 3 -timeout 20m -v
var soak = flag.Duration("soak", 1500*time.Millisecond, "how long a process polls in TestSoak")

// troubled returns the responses of an API that fails in every way, and counts those that break a
// connection.
func troubled(broken *atomic.Int64) func(simulator.Request) *simulator.Response {
	const half = `{"task_count":"1","tasks":[{"id":"8abfa7a77e2b4c0e0`
	return func(r simulator.Request) *simulator.Response {
		if r.Kind != "task" {
			return nil
		}
		switch n := r.Nth; {
		case n%37 == 0:
			broken.Add(1)
			return &simulator.Response{Reset: true}
		case n%41 == 0:
			broken.Add(1)
			return &simulator.Response{Close: true}
		case n%43 == 0:
			broken.Add(1)
			return &simulator.Response{Body: half + strings.Repeat(" ", 1000), Cut: len(half)}
		case n%149 == 0:
			broken.Add(1)
			return &simulator.Response{Hang: true}
		case n%11 == 0:
			return simulator.Fault(503, "DMS.00500001", "busy")
		case n%23 == 0:
			return &simulator.Response{Body: half, Slow: 100 * time.Microsecond}
		case n%29 == 0:
			page := strings.Repeat("<html>", 10_000)
			return &simulator.Response{Delay: 20 * time.Millisecond, Status: 502, Body: page}
		}
		return nil
	}
}

// TestSoak polls a troubled API in short intervals, and asserts that the process uses no more at
// its end than early on.
func TestSoak(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *simulator.Simulator) (*simulator.Server, *trial.Trial){
		"HTTP": func(t *testing.T, sim *simulator.Simulator) (*simulator.Server, *trial.Trial) {
			server := trial.Start(t, *sim)
			return server, trial.New(server)
		},
		"HTTPS": func(t *testing.T, sim *simulator.Simulator) (*simulator.Server, *trial.Trial) {
			server, ca := startTLS(t, sim)
			return server, trial.New(server).Set("SSL_CERT_FILE", ca)
		},
		"HTTPS through a proxy": func(t *testing.T, sim *simulator.Simulator) (*simulator.Server, *trial.Trial) {
			server, ca := startTLS(t, sim)
			return server, trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").
				Set("HTTPS_PROXY", startProxy(t, server, "").URL).Set("SSL_CERT_FILE", ca)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var broken atomic.Int64
			sim := trial.Cloud(trial.At(0, "EXECUTING"))
			sim.Tasks[0].Age = time.Hour
			sim.Intercept = troubled(&broken)
			server, tr := start(t, &sim)
			tr.Args = []string{
				"--interval", "5ms", "--max-interval", "5ms", "--request-timeout", "500ms",
				"--timeout", soak.String(), "--format", "json",
			}
			samples := watch(t, tr)

			assert.Equal(t, 124, tr.Code, tr.Log.String())
			early, late := median(samples[len(samples)/4:len(samples)/2]), median(samples[len(samples)*3/4:])
			polls := server.Count("task")
			t.Logf("%d polls, %d faults on the wire, %d connections; %d lines of log; early %v, late %v",
				polls, broken.Load(), server.Connections(), strings.Count(tr.Log.String(), "\n"), early, late)
			assert.Greater(t, polls, 20)
			// Such a fault costs a connection, and so does a response that is late because the
			// machine is busy.
			assert.LessOrEqual(t, server.Connections(), int(broken.Load())+5+polls/20)
			assert.LessOrEqual(t, late.kilobytes, early.kilobytes+4<<10)
			assert.LessOrEqual(t, late.files, early.files+1)
			assert.LessOrEqual(t, late.threads, early.threads+3)
			assert.Less(t, strings.Count(tr.Log.String(), "\n"), 40+int(*soak/time.Minute))
		})
	}
}

// usage is what a process uses of the system at one moment.
type usage struct{ kilobytes, files, threads int }

func (u usage) String() string {
	return fmt.Sprintf("%d KB, %d files, %d threads", u.kilobytes, u.files, u.threads)
}

// median returns the median of each value.
func median(samples []usage) usage {
	of := func(value func(usage) int) int {
		var all []int
		for _, s := range samples {
			all = append(all, value(s))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return usage{
		of(func(u usage) int { return u.kilobytes }),
		of(func(u usage) int { return u.files }),
		of(func(u usage) int { return u.threads }),
	}
}

// watch runs a trial as a process, and samples its usage until it ends.
func watch(t *testing.T, tr *trial.Trial) (samples []usage) {
	t.Helper()
	tr.Limit += *soak
	command := tr.Command(t)
	require.NoError(t, command.Start())
	ended := make(chan error)
	go func() { ended <- command.Wait() }()
	ticks := time.NewTicker(*soak / 100)
	defer ticks.Stop()
	for {
		select {
		case err := <-ended:
			tr.Code = trial.ExitCode(err)
			require.Greater(t, len(samples), 10)
			return samples
		case <-ticks.C:
			if u, err := usageOf(command.Process.Pid); err == nil {
				samples = append(samples, u)
			}
		}
	}
}

// usageOf returns what a process uses now. It fails for a process that has ended.
func usageOf(pid int) (u usage, err error) {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return u, err
	}
	u.files = len(files)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		fmt.Sscanf(line, "VmRSS: %d kB", &u.kilobytes)
		fmt.Sscanf(line, "Threads: %d", &u.threads)
	}
	if u.kilobytes == 0 {
		return u, os.ErrNotExist
	}
	return u, nil
}
