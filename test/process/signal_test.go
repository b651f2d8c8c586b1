//go:build unix

package process_test

import (
	"encoding/json"
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

func TestSignalsEndTheProcessWithinASecond(t *testing.T) {
	t.Parallel()
	for signal, code := range map[syscall.Signal]int{syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGQUIT: 131, syscall.SIGTERM: 143} {
		for place, answer := range map[string]*simulator.Response{"in a pause": nil, "in a request": {Hang: true}} {
			t.Run(signal.String()+" "+place, func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "EXECUTING"))
				sim.Intercept = simulator.Script(nil, answer)
				server := trial.Start(t, sim)
				tr := trial.New(server, "--interval", "50ms", "--max-interval", "1m").InActions(t)
				command := tr.Command(t)
				require.NoError(t, command.Start())
				require.Eventually(t, func() bool { return server.Count("task") >= 2 }, trial.Patience, 5*time.Millisecond)
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

func TestASecondSignalEndsTheProcessAtOnceWithItsOwnCode(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
	// Nobody reads its stdout, which is full: without a second signal it would hang there.
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

// awaitInterrupted waits until a first signal was heard. The outputs are written then, and stdout is what comes last.
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

func TestASignalIsHeardWhereverTheProcessIs(t *testing.T) {
	t.Parallel()
	for place := range moments() {
		for name, signals := range map[string][]syscall.Signal{
			"SIGINT": {syscall.SIGINT}, "SIGQUIT": {syscall.SIGQUIT}, "SIGTERM": {syscall.SIGTERM}, "two at once": {syscall.SIGINT, syscall.SIGTERM},
			"the same twice": {syscall.SIGHUP, syscall.SIGHUP}, // which may arrive as one
		} {
			t.Run(place+"/"+name, func(t *testing.T) {
				t.Parallel()
				m := moments()[place] // which is ours alone
				sim := m.sim()
				server := trial.Start(t, sim)
				tr := trial.New(server).InActions(t)
				m.prepare(t, tr, server)
				tr.InActions(t).Set("DMSWAIT_OUTPUT_FILE", filepath.Join(t.TempDir(), "result.json")).Set("DMSWAIT_FORMAT", "json")
				command := tr.Command(t)
				if place == "nobody who reads its log" {
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
					assert.Regexp(t, `^dmswait was interrupted by SIG[A-Z]+ after [0-9.]+ s(; the task goes on)?\.$`, outputs["message"])
				}
				wholeOrAbsent(t, tr)
			})
		}
	}
}

// wholeOrAbsent holds that of each output everything is there, or nothing, and nothing temporary.
func wholeOrAbsent(t *testing.T, tr *trial.Trial) {
	t.Helper()
	if outputs := tr.Outputs(t); len(outputs) != 1 {
		assert.Len(t, outputs, 1+len(trial.OutputNames()))
	}
	path := tr.Env["DMSWAIT_OUTPUT_FILE"]
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Equal(t, filepath.Base(path), entry.Name())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, json.Valid(content), string(content))
	}
}

func TestASignalRightAtTheStartIsNoResult(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, hanging("task")())
	for i := range 30 {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		command := trial.New(server).Command(t)
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
		prepare func(*testing.T, *trial.Trial, *exec.Cmd)
		codes   []int // 143 if the signal came before the task's end was known
	}{
		"stdout": {func(t *testing.T, _ *trial.Trial, c *exec.Cmd) { c.Stdout = trial.FullPipe(t) }, []int{143, 74}},
		"stdout and stderr": {func(t *testing.T, _ *trial.Trial, c *exec.Cmd) {
			c.Stdout, c.Stderr = trial.FullPipe(t), trial.FullPipe(t)
		}, []int{143, 74}},
		"a pipe for output_file": {func(t *testing.T, tr *trial.Trial, c *exec.Cmd) {
			c.Env = append(c.Env, "DMSWAIT_OUTPUT_FILE="+fifo(t))
		}, []int{143, 74}},
		"a pipe for the summary": {func(t *testing.T, tr *trial.Trial, c *exec.Cmd) {
			c.Env = append(c.Env, "GITHUB_STEP_SUMMARY="+fifo(t))
		}, []int{143, 0}},
		"pipes in results_dir": {func(t *testing.T, tr *trial.Trial, c *exec.Cmd) {
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
				server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
				tr := trial.New(server).InActions(t)
				command := tr.Command(t)
				c.prepare(t, tr, command)
				require.NoError(t, command.Start())
				trial.Await(t, server, "task")
				time.Sleep(100 * time.Millisecond) // so that it is writing as a rule
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

func TestASecondSignalLeavesNothingHalfMade(t *testing.T) {
	t.Parallel()
	for i := range 24 {
		server := trial.Start(t, hanging("task")())
		folder := t.TempDir()
		tr := trial.New(server, "--results-dir", folder)
		command := tr.Command(t)
		require.NoError(t, command.Start())
		trial.Await(t, server, "task")
		require.NoError(t, command.Process.Signal(syscall.SIGINT))
		time.Sleep(time.Duration(i) * 100 * time.Microsecond) // by then it is at one of its files
		_ = command.Process.Signal(syscall.SIGTERM)
		assert.Contains(t, []int{130, 143}, trial.ExitCode(command.Wait()))
		for _, name := range trial.List(t, folder) {
			assert.NotContains(t, name, ".dmswait-")
		}
	}
}

// GitHub cancels a step by SIGINT, after 7.5 seconds SIGTERM, and 2.5 seconds later SIGKILL.
func TestACancelledStepHasItsOutputsAtOnceEvenIfNobodyReads(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, hanging("task")())
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
		told, _ := os.ReadFile(summary)
		return strings.Contains(string(content), "\ninterrupted\n") && strings.Contains(string(told), "interrupted")
	}, soon, 5*time.Millisecond)
	assert.Equal(t, 130, trial.ExitCode(command.Wait()), "and it does not need the second signal")
	assert.Equal(t, "130", tr.Outputs(t)["exit_code"])
}

func TestASignalThatIsNoneOfOursChangesNothing(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	end := trial.Hold(&sim)
	server := trial.Start(t, sim)
	command := trial.New(server).Command(t)
	require.NoError(t, command.Start())
	asked("task")(t, trial.New(server), server)
	for _, signal := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGCHLD} {
		require.NoError(t, command.Process.Signal(signal))
	}
	end()
	assert.Equal(t, 0, trial.ExitCode(command.Wait()))
}
