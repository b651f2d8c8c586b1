//go:build unix

package faults_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) {
	measureIfRequested()
	trial.Main(m)
}

// measuring is the variable with the path of the file to which the peak memory of the program is
// written.
const measuring = "DMSWAIT_TEST_MEASURE"

// measureIfRequested makes this process a small one between the tests and the program, which starts
// the program and measures it. The tests cannot do that themselves: Linux counts what a process had
// before it became another program, and a forked one has all the memory of its parent.
func measureIfRequested() {
	path := os.Getenv(measuring)
	if path == "" {
		return
	}
	os.Unsetenv(measuring)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[1], os.Args[2:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	code := trial.ExitCode(command.Run())
	memory := strconv.FormatInt(peakMemory(command.ProcessState), 10)
	if err := os.WriteFile(path, []byte(memory), 0o600); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// peakMemory returns the most memory that a process had, in bytes.
func peakMemory(process *os.ProcessState) int64 {
	peak := process.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		return peak
	}
	return peak * 1024 // elsewhere in KiB
}

func TestFaultsUseLittleMemory(t *testing.T) {
	t.Parallel()
	path := trial.Program(t)
	large := allRuns(t, func(r *run) bool { return r.row.maxMemory > 0 && r.want.place == "last" })
	require.NotEmpty(t, large)
	runAll(t, large, 4, func(r *run, ctx context.Context) {
		command := exec.CommandContext(ctx, os.Args[0], append([]string{path}, r.Args...)...)
		for name, value := range r.Env {
			command.Env = append(command.Env, name+"="+value)
		}
		command.Env = append(command.Env, measuring+"="+r.OutputPath+".memory")
		command.Stdout, command.Stderr = &r.Out, &r.Log
		r.Code = trial.ExitCode(command.Run())
	})
	for _, r := range large {
		r.check(t)
		content, err := os.ReadFile(r.OutputPath + ".memory")
		require.NoError(t, err)
		memory, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
		require.NoError(t, err)
		t.Logf("%s: %.1f MB", r.name, float64(memory)/1e6)
		assert.Less(t, memory, r.row.maxMemory, "testdata/faults.md: %s: memory", r.name)
	}
}
