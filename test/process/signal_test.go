//go:build unix

package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soon is within a second, on a machine that has other things to do as well.
const soon = 6 * time.Second

func TestASignalIsHeardWhereverTheProcessIs(t *testing.T) {
	t.Parallel()
	for place := range moments() {
		for name, signals := range map[string][]syscall.Signal{
			"SIGINT": {syscall.SIGINT}, "SIGTERM": {syscall.SIGTERM}, "two at once": {syscall.SIGINT, syscall.SIGTERM},
			"the same twice": {syscall.SIGHUP, syscall.SIGHUP}, // which may arrive as one
		} {
			t.Run(place+"/"+name, func(t *testing.T) {
				t.Parallel()
				m := moments()[place] // which is ours alone
				sim := m.sim()
				server := start(t, sim)
				tr := newTrial(server).inActions(t)
				m.prepare(t, tr, server)
				tr.inActions(t).set("DMSWAIT_OUTPUT_FILE", filepath.Join(t.TempDir(), "result.json")).set("DMSWAIT_FORMAT", "json")
				command := process(t, tr)
				if place == "nobody who reads its log" {
					command.Stderr = nobodyReads(t)
				}
				require.NoError(t, command.Start())
				m.reached(t, tr, server)
				began := time.Now()
				var codes []int
				for _, signal := range signals {
					codes = append(codes, 128+int(signal))
					if err := command.Process.Signal(signal); err != nil {
						require.ErrorIs(t, err, os.ErrProcessDone)
					}
				}
				assert.Contains(t, codes, exitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				if len(signals) == 1 {
					assert.Equal(t, "interrupted", tr.json(t)["result"], tr.log.String())
					outputs := tr.outputs(t)
					assert.Equal(t, "interrupted", outputs["result"])
					assert.Regexp(t, `^dmswait was interrupted by SIG[A-Z]+ after [0-9.]+ s(; the task goes on)?\.$`, outputs["message"])
				}
				wholeOrAbsent(t, tr)
			})
		}
	}
}

// wholeOrAbsent holds that of each output everything is there, or nothing, and nothing temporary.
func wholeOrAbsent(t *testing.T, tr *trial) {
	t.Helper()
	if outputs := tr.outputs(t); len(outputs) != 1 {
		assert.Len(t, outputs, 12)
	}
	path := tr.env["DMSWAIT_OUTPUT_FILE"]
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Equal(t, filepath.Base(path), entry.Name())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, json.Valid(content), string(content))
	}
}

// nobodyReads is a pipe that takes nothing more.
func nobodyReads(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	fill(t, writer)
	return writer
}

func TestASignalRightAtTheStartIsNoResult(t *testing.T) {
	t.Parallel()
	server := start(t, hanging("task")())
	for i := range 30 {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		command := process(t, newTrial(server))
		require.NoError(t, command.Start())
		time.Sleep(time.Duration(i/3) * 500 * time.Microsecond)
		require.NoError(t, command.Process.Signal(signal))
		_ = command.Wait()
		status := command.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signaled() { // before it could listen: the shell makes the same code of that
			assert.Equal(t, signal, status.Signal())
		} else {
			assert.Equal(t, 128+int(signal), status.ExitStatus())
		}
	}
}

func TestASignalEndsWhatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *trial, *exec.Cmd)
		codes   []int // 143 if the signal came before the task's end was known
	}{
		"stdout": {func(t *testing.T, _ *trial, c *exec.Cmd) { c.Stdout = nobodyReads(t) }, []int{143, 74}},
		"stdout and stderr": {func(t *testing.T, _ *trial, c *exec.Cmd) {
			c.Stdout, c.Stderr = nobodyReads(t), nobodyReads(t)
		}, []int{143, 74}},
		"a pipe for output_file": {func(t *testing.T, tr *trial, c *exec.Cmd) {
			c.Env = append(c.Env, "DMSWAIT_OUTPUT_FILE="+fifo(t))
		}, []int{143, 74}},
		"a pipe for the summary": {func(t *testing.T, tr *trial, c *exec.Cmd) {
			c.Env = append(c.Env, "GITHUB_STEP_SUMMARY="+fifo(t))
		}, []int{143, 0}},
		"pipes in results_dir": {func(t *testing.T, tr *trial, c *exec.Cmd) {
			folder := t.TempDir()
			for _, name := range []string{"status", "task", "message"} {
				require.NoError(t, syscall.Mkfifo(filepath.Join(folder, name), 0o600))
			}
			c.Env = append(c.Env, "DMSWAIT_RESULTS_DIR="+folder)
		}, []int{143, 74}},
	} {
		for _, times := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := start(t, cloud(at(0, "SUCCESS")))
				tr := newTrial(server).inActions(t)
				command := process(t, tr)
				c.prepare(t, tr, command)
				require.NoError(t, command.Start())
				asked("task")(t, tr, server)
				time.Sleep(100 * time.Millisecond) // so that it is writing as a rule
				began := time.Now()
				for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP}[:times] {
					_ = command.Process.Signal(signal)
				}
				_ = command.Wait()
				assert.Contains(t, append(c.codes, 129), command.ProcessState.ExitCode())
				assert.Less(t, time.Since(began), soon)
				if times == 1 {
					assert.Contains(t, []string{"success", "interrupted"}, tr.outputs(t)["result"])
				}
			})
		}
	}
}

func TestASecondSignalLeavesNothingHalfMade(t *testing.T) {
	t.Parallel()
	for i := range 24 {
		server := start(t, hanging("task")())
		folder := t.TempDir()
		tr := newTrial(server, "--results-dir", folder)
		command := process(t, tr)
		require.NoError(t, command.Start())
		asked("task")(t, tr, server)
		require.NoError(t, command.Process.Signal(syscall.SIGINT))
		time.Sleep(time.Duration(i) * 100 * time.Microsecond) // by then it is at one of its files
		_ = command.Process.Signal(syscall.SIGTERM)
		assert.Contains(t, []int{130, 143}, exitCode(command.Wait()))
		for _, name := range list(t, folder) {
			assert.NotContains(t, name, ".dmswait-")
		}
	}
}

// GitHub cancels a step by SIGINT, after 7.5 seconds SIGTERM, and 2.5 seconds later SIGKILL.
func TestACancelledStepHasItsOutputsAtOnceEvenIfNobodyReads(t *testing.T) {
	t.Parallel()
	server := start(t, hanging("task")())
	tr := newTrial(server).inActions(t)
	summary := filepath.Join(t.TempDir(), "summary")
	tr.set("GITHUB_STEP_SUMMARY", summary)
	command := process(t, tr)
	command.Stdout, command.Stderr = nobodyReads(t), nobodyReads(t)
	require.NoError(t, command.Start())
	asked("task")(t, tr, server)
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Eventually(t, func() bool {
		content, _ := os.ReadFile(tr.output)
		told, _ := os.ReadFile(summary)
		return strings.Contains(string(content), "\ninterrupted\n") && strings.Contains(string(told), "interrupted")
	}, soon, 5*time.Millisecond)
	assert.Equal(t, 130, exitCode(command.Wait()), "and it does not need the second signal")
	assert.Equal(t, "130", tr.outputs(t)["exit_code"])
}

func TestASignalThatIsNoneOfOursChangesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "EXECUTING"), at(600, "SUCCESS")))
	command := process(t, newTrial(server))
	require.NoError(t, command.Start())
	asked("task")(t, newTrial(server), server)
	for _, signal := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGCHLD} {
		require.NoError(t, command.Process.Signal(signal))
	}
	assert.Equal(t, 0, exitCode(command.Wait()))
}
