//go:build unix

package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

func TestReaderThatExitsDuringTheWaitLosesNoOutput(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"stdout", "stderr", "stdout and stderr"} {
		for _, format := range []string{"text", "json"} {
			t.Run(gone+" "+format, func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "EXECUTING"))
				end := trial.Hold(&sim)
				server := trial.Start(t, sim)
				tr := trial.New(server, "--format", format, "--log-format", format, "--debug").InActions(t)
				reader, writer, err := os.Pipe()
				require.NoError(t, err)
				command := tr.Command(t)
				if strings.Contains(gone, "stdout") {
					command.Stdout = writer
				}
				if strings.Contains(gone, "stderr") {
					command.Stderr = writer
				}
				require.NoError(t, command.Start())
				trial.Await(t, server, "task")
				breakPipe(t, reader, writer)
				end()
				want := 0
				if strings.Contains(gone, "stdout") {
					want = 74
				}
				assert.Equal(t, want, trial.ExitCode(command.Wait()))
				if gone == "stdout" {
					assert.Contains(t, tr.Log.String(), "could not write the result to stdout: ")
				}
				outputs := tr.Outputs(t)
				assert.Equal(t, "success", outputs["result"])
				assert.Equal(t, "0", outputs["exit_code"], "the result's own code")
			})
		}
	}
}

// breakPipe closes the reading end, and waits until no process has it any more: one that another
// test is just starting has a copy for a moment.
func breakPipe(t *testing.T, reader, writer *os.File) {
	t.Helper()
	t.Cleanup(func() { writer.Close() })
	require.NoError(t, reader.Close())
	require.Eventually(t, func() bool {
		_, err := writer.Write([]byte{'\n'})
		return errors.Is(err, syscall.EPIPE)
	}, trial.Patience, time.Millisecond)
}

// pipeline runs a shell command line in its own process group. The program is "$@" there, and the
// line writes its exit code to the file "code", whose content is returned. If signal is not nil, it
// is called once the shell has started.
func pipeline(t *testing.T, tr *trial.Trial, line string, signal func(group int)) (code, out string) {
	t.Helper()
	folder := t.TempDir()
	command := tr.Command(t)
	trial.ByShell(command, line)
	command.Dir, command.SysProcAttr = folder, &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, command.Start())
	if signal != nil {
		signal(command.Process.Pid)
	}
	_ = command.Wait()
	isEmpty := func() bool { return syscall.Kill(-command.Process.Pid, 0) == syscall.ESRCH }
	require.Eventually(t, isEmpty, soon, 5*time.Millisecond, "no process of the group is left")
	content, err := os.ReadFile(filepath.Join(folder, "code"))
	require.NoError(t, err)
	return strings.TrimSpace(string(content)), tr.Out.String()
}

func TestPipingIntoHeadLosesNoOutput(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{ "$@"; echo $? >code; } 2>&1 | head -1`:                     "74", // the result goes there as well
		`{ { "$@" 2>&1 >&3 3>&-; echo $? >code; } | head -1; } 3>out`: "0",
		`{ "$@" 2>log; echo $? >code; } | head -1`:                    "0",
		`{ "$@" 2>log; echo $? >code; } | true`:                       "74",
	} {
		for _, format := range []string{"text", "json"} {
			t.Run(format+" "+line, func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "EXECUTING"))
				trial.EndAt(&sim, "task", 40) // by then the reader is gone, even on a slow machine
				server := trial.Start(t, sim)
				tr := trial.New(server, "--format", format).InActions(t)
				code, out := pipeline(t, tr, line, nil)
				assert.Equal(t, want, code)
				assert.LessOrEqual(t, strings.Count(out, "\n"), 1)
				assert.Equal(t, "success", tr.Outputs(t)["result"])
			})
		}
	}
}

func TestCtrlCInAPipelineWritesOutputsAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"a reader that dies":     `{ trap : INT; "$@"; echo $? >code; } | cat`,
		"a reader of both":       `{ trap : INT; "$@"; echo $? >code; } 2>&1 | tee log`,
		"a reader that survives": `{ trap : INT; "$@"; echo $? >code; } | (trap "" INT; cat)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
			tr := trial.New(server, "--format", "json").InActions(t)
			code, out := pipeline(t, tr, line, func(group int) {
				trial.Await(t, server, "task")
				require.NoError(t, syscall.Kill(-group, syscall.SIGINT))
			})
			assert.Equal(t, "130", code)
			assert.Equal(t, "interrupted", tr.Outputs(t)["result"])
			if name == "a reader that survives" {
				assert.Contains(t, out, `"result":"interrupted"`)
			}
		})
	}
}
