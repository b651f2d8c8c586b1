//go:build unix

package process_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestSignalEndsTheProcessWithItsOutputsWritten(t *testing.T) {
	t.Parallel()
	for signal, code := range map[syscall.Signal]int{
		syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGQUIT: 131, syscall.SIGTERM: 143,
	} {
		for place, response := range map[string]*simulator.Response{
			"in a pause": nil, "in a request": {Hang: true},
		} {
			t.Run(signal.String()+" "+place, func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "EXECUTING"))
				sim.Intercept = simulator.Script(nil, response)
				server := trial.Start(t, sim)
				tr := trial.New(server, "--interval", "50ms", "--max-interval", "1m").InActions(t)
				command := tr.Command(t)
				require.NoError(t, command.Start())
				isThere := func() bool { return server.Count("task") >= 2 }
				require.Eventually(t, isThere, trial.Patience, 5*time.Millisecond)
				began := time.Now()
				require.NoError(t, command.Process.Signal(signal))
				assert.Equal(t, code, trial.ExitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				outputs := tr.Outputs(t)
				assert.Equal(t, "interrupted", outputs["result"])
				assert.Equal(t, "EXECUTING", outputs["status"])
				assert.Equal(t, strconv.Itoa(code), outputs["exit_code"])
			})
		}
	}
}

func TestLogEndsWithTheResultOfAnInterruption(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
	tr := trial.New(server)
	command := tr.Command(t)
	require.NoError(t, command.Start())
	trial.Await(t, server, "task")
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, trial.ExitCode(command.Wait()))
	assert.Regexp(t, `\ndmswait: `+interrupted+`\n$`, tr.Log.String())
	assert.Regexp(t, `^`+interrupted+`\n$`, tr.Out.String())
}

func TestSecondSignalEndsTheProcessAtOnceWithItsOwnCode(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
	// Nobody reads its stdout, which is full: without a second signal, it would wait there.
	tr := trial.New(server).InActions(t)
	command := tr.Command(t)
	command.Stdout = trial.FullPipe(t)
	require.NoError(t, command.Start())
	trial.Await(t, server, "task")
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	awaitInterrupted(t, tr)
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, trial.ExitCode(command.Wait()))
}

// awaitInterrupted waits until a first signal was handled: the outputs are written. Only stdout
// comes after them.
func awaitInterrupted(t *testing.T, tr *trial.Trial) {
	t.Helper()
	require.Eventually(t, func() bool {
		content, _ := os.ReadFile(tr.OutputPath)
		return strings.Contains(string(content), "\ninterrupted\n")
	}, trial.Patience, time.Millisecond)
}

func TestNohupKeepsTheWaitAlive(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	end := trial.Hold(&sim)
	server := trial.Start(t, sim)
	tr := trial.New(server)
	command := tr.Command(t)
	trial.ByShell(command, `trap "" HUP; exec "$@"`)
	require.NoError(t, command.Start())
	trial.Await(t, server, "task")
	require.NoError(t, command.Process.Signal(syscall.SIGHUP))
	end()
	assert.Equal(t, 0, trial.ExitCode(command.Wait()))
	assert.Contains(t, tr.Out.String(), "SUCCESS")
}

func TestSignalIsHandledAtEveryMoment(t *testing.T) {
	t.Parallel()
	for place := range moments() {
		for name, signals := range map[string][]syscall.Signal{
			"SIGINT": {syscall.SIGINT}, "SIGQUIT": {syscall.SIGQUIT}, "SIGTERM": {syscall.SIGTERM},
			"two at once":    {syscall.SIGINT, syscall.SIGTERM},
			"the same twice": {syscall.SIGHUP, syscall.SIGHUP}, // may arrive as one
		} {
			t.Run(place+"/"+name, func(t *testing.T) {
				t.Parallel()
				m := moments()[place] // for this run only
				server := trial.Start(t, m.sim)
				tr := trial.New(server)
				if m.prepare != nil {
					m.prepare(t, tr, server)
				}
				tr.InActions(t).Set("DMSWAIT_OUTPUT_FILE", filepath.Join(t.TempDir(), "result.json"))
				tr.Set("DMSWAIT_FORMAT", "json")
				command := tr.Command(t)
				if place == "while nobody reads the log" {
					command.Stderr = trial.FullPipe(t)
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
				assert.Contains(t, codes, trial.ExitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				if len(signals) == 1 {
					assert.Equal(t, "interrupted", tr.JSON(t)["result"], tr.Log.String())
					outputs := tr.Outputs(t)
					assert.Equal(t, "interrupted", outputs["result"])
					assert.Regexp(t, "^"+interrupted+"$", outputs["message"])
				}
				assertWholeOrAbsent(t, tr)
			})
		}
	}
}

// assertWholeOrAbsent asserts that GITHUB_OUTPUT and the output file are complete or untouched, and
// that no temporary file is left.
func assertWholeOrAbsent(t *testing.T, tr *trial.Trial) {
	t.Helper()
	if outputs := tr.Outputs(t); len(outputs) != 1 {
		assert.Len(t, outputs, 1+len(trial.OutputNames()))
	}
	path := tr.Env["DMSWAIT_OUTPUT_FILE"]
	for _, name := range trial.List(t, filepath.Dir(path)) {
		assert.Equal(t, filepath.Base(path), name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, json.Valid(content), string(content))
	}
}

func TestSignalAtTheStartEndsTheProcess(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, hanging("task"))
	for i := range 30 {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		command := trial.New(server).Command(t)
		require.NoError(t, command.Start())
		time.Sleep(time.Duration(i/3) * 500 * time.Microsecond)
		require.NoError(t, command.Process.Signal(signal))
		_ = command.Wait()
		status := command.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signaled() { // before it could handle signals: a shell reports the same code
			assert.Equal(t, signal, status.Signal())
		} else {
			assert.Equal(t, 128+int(signal), status.ExitStatus())
		}
	}
}

func TestSignalEndsAWriteThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *exec.Cmd)
		codes   []int // 143: the signal came before the task's end was known
	}{
		"stdout": {func(t *testing.T, c *exec.Cmd) { c.Stdout = trial.FullPipe(t) }, []int{143, 74}},
		"stdout and stderr": {func(t *testing.T, c *exec.Cmd) {
			c.Stdout, c.Stderr = trial.FullPipe(t), trial.FullPipe(t)
		}, []int{143, 74}},
		"a pipe for output_file": {func(t *testing.T, c *exec.Cmd) {
			c.Env = append(c.Env, "DMSWAIT_OUTPUT_FILE="+fifo(t))
		}, []int{143, 74}},
		"a pipe for the summary": {func(t *testing.T, c *exec.Cmd) {
			c.Env = append(c.Env, "GITHUB_STEP_SUMMARY="+fifo(t))
		}, []int{143, 0}},
		"pipes in results_dir": {func(t *testing.T, c *exec.Cmd) {
			folder := t.TempDir()
			for _, name := range []string{"status", "task", "message"} {
				require.NoError(t, syscall.Mkfifo(filepath.Join(folder, name), 0o600))
			}
			c.Env = append(c.Env, "DMSWAIT_RESULTS_DIR="+folder)
		}, []int{143, 74}},
	} {
		for _, times := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d signals", name, times), func(t *testing.T) {
				t.Parallel()
				server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
				tr := trial.New(server).InActions(t)
				command := tr.Command(t)
				c.prepare(t, command)
				require.NoError(t, command.Start())
				trial.Await(t, server, "task")
				time.Sleep(100 * time.Millisecond) // usually, it is writing by then
				began := time.Now()
				for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP}[:times] {
					_ = command.Process.Signal(signal)
				}
				_ = command.Wait()
				assert.Contains(t, append(c.codes, 129), command.ProcessState.ExitCode())
				assert.Less(t, time.Since(began), soon)
				if times == 1 {
					assert.Contains(t, []string{"success", "interrupted"}, tr.Outputs(t)["result"])
				}
			})
		}
	}
}

func TestSecondSignalLeavesNoTemporaryFile(t *testing.T) {
	t.Parallel()
	for i := range 24 {
		server := trial.Start(t, hanging("task"))
		folder := t.TempDir()
		tr := trial.New(server, "--results-dir", folder)
		command := tr.Command(t)
		require.NoError(t, command.Start())
		trial.Await(t, server, "task")
		require.NoError(t, command.Process.Signal(syscall.SIGINT))
		time.Sleep(time.Duration(i) * 100 * time.Microsecond) // each time it is at another file
		_ = command.Process.Signal(syscall.SIGTERM)
		assert.Contains(t, []int{130, 143}, trial.ExitCode(command.Wait()))
		for _, name := range trial.List(t, folder) {
			assert.NotContains(t, name, ".dmswait-")
		}
	}
}

// GitHub cancels a step with SIGINT, after 7.5 s with SIGTERM, and 2.5 s later with SIGKILL.
func TestCancelledStepWritesItsOutputsAtOnceEvenIfNobodyReads(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, hanging("task"))
	tr := trial.New(server).InActions(t)
	summary := filepath.Join(t.TempDir(), "summary")
	tr.Set("GITHUB_STEP_SUMMARY", summary)
	command := tr.Command(t)
	command.Stdout, command.Stderr = trial.FullPipe(t), trial.FullPipe(t)
	require.NoError(t, command.Start())
	trial.Await(t, server, "task")
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Eventually(t, func() bool {
		content, _ := os.ReadFile(tr.OutputPath)
		shown, _ := os.ReadFile(summary)
		return strings.Contains(string(content), "\ninterrupted\n") &&
			strings.Contains(string(shown), "interrupted")
	}, soon, 5*time.Millisecond)
	assert.Equal(t, 130, trial.ExitCode(command.Wait()), "without a second signal")
	assert.Equal(t, "130", tr.Outputs(t)["exit_code"])
}

func TestUnrelatedSignalChangesNothing(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	end := trial.Hold(&sim)
	server := trial.Start(t, sim)
	command := trial.New(server).Command(t)
	require.NoError(t, command.Start())
	trial.Await(t, server, "task")
	for _, signal := range []syscall.Signal{
		syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGCHLD,
	} {
		require.NoError(t, command.Process.Signal(signal))
	}
	end()
	assert.Equal(t, 0, trial.ExitCode(command.Wait()))
}
