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

// How long to soak: go test ./test/process -run Soak -soak 5m -parallel 3 -timeout 20m -v
var soak = flag.Duration("soak", 1500*time.Millisecond, "how long a process polls in TestSoak")

// faults are an API that has a bad day. How many of them cost a connection is counted.
func faults(broken *atomic.Int64) func(simulator.Request) *simulator.Response {
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
			return &simulator.Response{Delay: 20 * time.Millisecond, Status: 502, Body: strings.Repeat("<html>", 10_000)}
		}
		return nil
	}
}

// TestSoak has a process poll a troubled API as fast as it may, and holds that it uses no more at the end than at first.
func TestSoak(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(*testing.T, *simulator.Simulator) (*simulator.Server, *trial.Trial){
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
			proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": strings.TrimPrefix(server.URL, "https://")}, "")
			require.NoError(t, err)
			t.Cleanup(func() { proxy.Close() })
			return server, trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var broken atomic.Int64
			sim := trial.Cloud(trial.At(0, "EXECUTING"))
			sim.Tasks[0].Age = time.Hour
			sim.Intercept = faults(&broken)
			server, tr := reach(t, &sim)
			tr.Args = []string{"--interval", "5ms", "--max-interval", "5ms", "--request-timeout", "500ms", "--timeout", soak.String(), "--format", "json"}
			samples := watch(t, tr)

			assert.Equal(t, 124, tr.Code, tr.Log.String())
			early, late := usual(samples[len(samples)/4:len(samples)/2]), usual(samples[len(samples)*3/4:])
			polls := server.Count("task")
			t.Logf("%d polls, %d faults on the wire, %d connections; %d lines of log; early %v, late %v",
				polls, broken.Load(), server.Connections(), strings.Count(tr.Log.String(), "\n"), early, late)
			assert.Greater(t, polls, 20)
			// A fault costs a connection. Beside them, an answer may be late when the machine is busy.
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

// usual is the middle of each.
func usual(samples []usage) usage {
	middle := func(of func(usage) int) int {
		var all []int
		for _, s := range samples {
			all = append(all, of(s))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return usage{
		middle(func(u usage) int { return u.kilobytes }),
		middle(func(u usage) int { return u.files }),
		middle(func(u usage) int { return u.threads }),
	}
}

// watch runs a trial as a process, and samples what it uses until it ends.
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
			if u, err := look(command.Process.Pid); err == nil {
				samples = append(samples, u)
			}
		}
	}
}

// look asks the system; it fails for a process that has ended.
func look(pid int) (u usage, err error) {
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
