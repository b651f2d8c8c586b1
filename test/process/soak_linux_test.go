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

// To soak for longer: go test ./test/process -run Soak -soak 60000 -parallel 3 -timeout 30m -v
var soak = flag.Int("soak", 200, "how many polls TestSoak makes")

// troubled returns the responses of an API that fails in every way, and counts those that break a
// connection.
func troubled(broken *atomic.Int64) func(simulator.Request) *simulator.Response {
	const half = `{"task_count":"1","tasks":[{"id":"8abfa7a77e2b4c0e0`
	return func(r simulator.Request) *simulator.Response {
		if r.Kind != "task" {
			return nil
		}
		switch n := r.Nth; {
		case n == *soak:
			return &simulator.Response{Body: strings.Replace(executing, "EXECUTING", "SUCCESS", 1)}
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
			process := sampler{intercept: troubled(&broken)}
			sim.Intercept = process.respond
			server, tr := start(t, &sim)
			tr.Args = []string{"--interval", "5ms", "--max-interval", "5ms", "--request-timeout", "1s"}
			tr.Limit += time.Duration(*soak) * 50 * time.Millisecond
			command := tr.Command(t)
			began := time.Now()
			require.NoError(t, command.Start())
			process.pid.Store(int64(command.Process.Pid))
			assert.Equal(t, 0, trial.ExitCode(command.Wait()), tr.Log.String())

			samples := process.samples
			early, late := median(samples[len(samples)/4:len(samples)/2]), median(samples[len(samples)*3/4:])
			lines, connections := strings.Count(tr.Log.String(), "\n"), server.Connections()
			t.Logf("%d connections, of which %d were broken; %d lines of log; early %v, late %v",
				connections, broken.Load(), lines, early, late)
			// A response that is late because the machine is busy costs a connection as well.
			assert.LessOrEqual(t, connections, int(broken.Load())+5+*soak/20)
			assert.LessOrEqual(t, late.kilobytes, early.kilobytes+6<<10, "the heap is still growing to its usual size")
			assert.LessOrEqual(t, late.files, early.files+1)
			assert.LessOrEqual(t, late.threads, early.threads+3)
			assert.Less(t, lines, 40+int(time.Since(began)/time.Minute))
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

// sampler samples what a process uses whenever it polls.
type sampler struct {
	intercept func(simulator.Request) *simulator.Response
	pid       atomic.Int64 // 0 before it is known
	samples   []usage      // polls come one at a time
}

func (s *sampler) respond(r simulator.Request) *simulator.Response {
	if pid := s.pid.Load(); r.Kind == "task" && pid > 0 {
		if u, err := usageOf(int(pid)); err == nil {
			s.samples = append(s.samples, u)
		}
	}
	return s.intercept(r)
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
