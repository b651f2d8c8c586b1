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
	measureIfAsked()
	trial.Main(m)
}

// measuring names the file that the most memory of a process is written to.
const measuring = "DMSWAIT_TEST_MEASURE"

// measureIfAsked makes this process a small one between the tests and the program, that starts the program and measures it. The tests can't do that
// themselves: Linux counts in what a process had before it became another program, and a forked one has all the memory of its parent.
func measureIfAsked() {
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
	if err := os.WriteFile(path, []byte(strconv.FormatInt(mostMemory(command.ProcessState), 10)), 0o600); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// mostMemory is in bytes.
func mostMemory(process *os.ProcessState) int64 {
	most := process.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		return most
	}
	return most * 1024
}

func TestFaultsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	path := trial.Program(t)
	large := allEncounters(t, func(e *encounter) bool { return e.row.mostMemory > 0 && e.want.place == "last" })
	require.NotEmpty(t, large)
	meet(t, large, 2, func(e *encounter, ctx context.Context) {
		command := exec.CommandContext(ctx, os.Args[0], append([]string{path}, e.Trial.Args...)...)
		for name, value := range e.Env {
			command.Env = append(command.Env, name+"="+value)
		}
		command.Env = append(command.Env, measuring+"="+e.OutputPath+".memory")
		command.Stdout, command.Stderr = &e.Out, &e.Log
		e.Code = trial.ExitCode(command.Run())
	})
	for _, e := range large {
		e.judge(t)
		content, err := os.ReadFile(e.OutputPath + ".memory")
		require.NoError(t, err)
		most, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
		require.NoError(t, err)
		t.Logf("%s: %.1f MB", e.name, float64(most)/1e6)
		assert.Less(t, most, e.row.mostMemory, "testdata/faults.md: %s: memory", e.name)
	}
}
