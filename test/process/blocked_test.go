//go:build unix

package process_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// blocked are destinations that accept nothing. Each prepares a command and returns the path that
// its process writes to.
var blocked = map[string]func(t *testing.T, command *exec.Cmd) (path string){
	"stderr": func(t *testing.T, command *exec.Cmd) string {
		command.Stderr = trial.FullPipe(t)
		return "/dev/stderr"
	},
	"stdout": func(t *testing.T, command *exec.Cmd) string {
		command.Stdout = trial.FullPipe(t)
		return "/dev/stdout"
	},
	"an open file": func(t *testing.T, command *exec.Cmd) string {
		command.ExtraFiles = []*os.File{trial.FullPipe(t)}
		return "/dev/fd/3"
	},
	"an open file in /proc": func(t *testing.T, command *exec.Cmd) string {
		command.ExtraFiles = []*os.File{trial.FullPipe(t)}
		return "/proc/self/fd/3"
	},
	"a device": func(t *testing.T, _ *exec.Cmd) string {
		master, slave, err := pty.Open()
		require.NoError(t, err)
		t.Cleanup(func() { master.Close(); slave.Close() })
		fillTerminal(t, slave)
		return slave.Name()
	},
}

// fillTerminal writes to a terminal until it has accepted nothing for a while. A single refusal is
// not enough: the kernel moves what it has accepted to another buffer later, which makes room
// again.
func fillTerminal(t *testing.T, terminal *os.File) {
	t.Helper()
	raw, err := terminal.SyscallConn()
	require.NoError(t, err)
	for since := time.Now(); time.Since(since) < 200*time.Millisecond; {
		var n int
		require.NoError(t, raw.Write(func(fd uintptr) bool {
			n, err = syscall.Write(int(fd), []byte("x"))
			return true
		}))
		if n > 0 {
			since = time.Now()
			continue
		}
		require.ErrorIs(t, err, syscall.EAGAIN)
		time.Sleep(time.Millisecond)
	}
}

func TestBlockedDestinationDelaysNoOther(t *testing.T) {
	t.Parallel()
	for place, prepare := range blocked {
		for _, ended := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, task ended: %t", place, ended), func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "SUCCESS"))
				if !ended {
					sim = hanging("task")
				}
				server := trial.Start(t, sim)
				results, summary := t.TempDir(), filepath.Join(t.TempDir(), "summary")
				tr := trial.New(server, "--results-dir", results).InActions(t)
				tr.Set("GITHUB_STEP_SUMMARY", summary)
				command := tr.Command(t)
				path := prepare(t, command)
				if _, err := os.Stat(filepath.Dir(path)); err != nil {
					t.Skip("this system has no " + path)
				}
				command.Args = append(command.Args, "--output-file", path)
				require.NoError(t, command.Start())
				requested("task")(t, tr, server)
				code := 143
				if ended {
					code = 74
					isWritten := func() bool { return hasResult(results, "success") }
					require.Eventually(t, isWritten, soon, 5*time.Millisecond, "written without a signal")
				}
				began := time.Now()
				require.NoError(t, command.Process.Signal(syscall.SIGTERM))
				require.Eventually(t, func() bool { return hasResult(results, "") }, soon, 5*time.Millisecond)
				assert.Equal(t, code, trial.ExitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				assert.Len(t, trial.List(t, results), len(trial.OutputNames()))
				assert.NotEmpty(t, tr.Outputs(t)["result"])
				assert.FileExists(t, summary)
			})
		}
	}
}

// hasResult reports whether a results folder holds that result; an empty result stands for any.
func hasResult(folder, result string) bool {
	content, err := os.ReadFile(filepath.Join(folder, "result"))
	return err == nil && (result == "" || string(content) == result)
}

func TestOutputToASlowPipeWaitsForItsReader(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	trial.Fill(t, writer)
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))))
	command := tr.Command(t)
	command.Stdout = writer
	command.Args = append(command.Args, "--output-file", "/dev/stdout")
	require.NoError(t, command.Start())
	writer.Close()
	time.Sleep(1500 * time.Millisecond) // longer than a write may take after a signal
	read := make(chan string)
	go func() {
		content, _ := io.ReadAll(reader)
		read <- string(content)
	}()
	assert.Equal(t, 0, trial.ExitCode(command.Wait()), tr.Log.String())
	content := <-read
	reader.Close()
	assert.Regexp(t, `DMS_STATUS=SUCCESS\n(DMS_.*\n)+`+ended+`\n$`, content)
}
