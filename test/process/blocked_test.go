//go:build unix

package process_test

import (
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

// stands is a destination that takes nothing, by the name that it has in the process.
var stands = map[string]func(t *testing.T, command *exec.Cmd) (path string){
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
	"an open file, by its other name": func(t *testing.T, command *exec.Cmd) string {
		command.ExtraFiles = []*os.File{trial.FullPipe(t)}
		return "/proc/self/fd/3"
	},
	"a device": func(t *testing.T, _ *exec.Cmd) string {
		master, slave, err := pty.Open()
		require.NoError(t, err)
		t.Cleanup(func() { master.Close(); slave.Close() })
		stuff(t, slave)
		return slave.Name()
	},
}

// stuff writes to a terminal until it has taken nothing for a while: what it took goes on to another
// buffer by and by, which makes room again.
func stuff(t *testing.T, terminal *os.File) {
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

func TestADestinationThatTakesNothingHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for place, prepare := range stands {
		for _, signalled := range []string{"before the end", "after it"} {
			t.Run(place+", a signal "+signalled, func(t *testing.T) {
				t.Parallel()
				sim := trial.Cloud(trial.At(0, "SUCCESS"))
				if signalled == "before the end" {
					sim = hanging("task")()
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
				asked("task")(t, tr, server)
				code := 143
				if signalled == "after it" {
					code = 74
					isWritten := func() bool { return written(results, "success") }
					require.Eventually(t, isWritten, soon, 5*time.Millisecond, "without any signal")
				}
				began := time.Now()
				require.NoError(t, command.Process.Signal(syscall.SIGTERM))
				require.Eventually(t, func() bool { return written(results, "") }, soon, 5*time.Millisecond)
				assert.Equal(t, code, trial.ExitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				assert.Len(t, trial.List(t, results), len(trial.OutputNames()))
				assert.NotEmpty(t, tr.Outputs(t)["result"])
				assert.FileExists(t, summary)
			})
		}
	}
}

// written reports whether the folder holds that result, or any if it is empty.
func written(folder, result string) bool {
	content, err := os.ReadFile(filepath.Join(folder, "result"))
	return err == nil && (result == "" || string(content) == result)
}

func TestAStreamOfOutputsWaitsForItsReader(t *testing.T) {
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
	time.Sleep(1500 * time.Millisecond) // longer than after a signal
	read := make(chan string)
	go func() {
		content := make([]byte, 0, 1<<20)
		for {
			n, err := reader.Read(content[len(content):cap(content)])
			content = content[:len(content)+n]
			if err != nil {
				break
			}
		}
		read <- string(content)
	}()
	assert.Equal(t, 0, trial.ExitCode(command.Wait()), tr.Log.String())
	content := <-read
	reader.Close()
	assert.Regexp(t, `DMS_STATUS=SUCCESS\n(DMS_.*\n)+Task `+trial.TaskID+` ended with SUCCESS after .*\n$`, content)
}
