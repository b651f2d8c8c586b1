package trial

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Main is the TestMain of a package that runs trials.
func Main(m *testing.M) {
	if signal.Ignored(syscall.SIGHUP) { // under nohup; the processes of tests would inherit it
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// Most tests wait rather than compute. -parallel on the command line, parsed later, overrides this.
	_ = flag.Set("test.parallel", "8")
	code := m.Run()
	if shared != "" {
		os.RemoveAll(shared)
	}
	os.Exit(code)
}

var shared string // the folder of SharedFolder, once it exists

// SharedFolder returns a folder for what a package's tests make once. Main removes it.
var SharedFolder = sync.OnceValues(func() (_ string, err error) {
	shared, err = os.MkdirTemp("", "dmswait-test-")
	return shared, err
})

// Root returns the root of the repository: the nearest folder with a go.mod, from the working
// directory up.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no go.mod found in the working directory or above")
		}
		folder = parent
	}
}

var build = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	// The tests import what main imports, but not main itself. Reading it here makes cached test
	// results depend on it.
	if _, err := os.ReadFile(filepath.Join(root, "main.go")); err != nil {
		return "", err
	}
	folder, err := SharedFolder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "dmswait")
	command := exec.Command("go", "build", "-o", path, ".")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// Program returns the path of the program. It is built once for all tests of a package.
func Program(t *testing.T) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	return path
}

// Command returns a process of the built program, not started yet. Its environment is the trial's
// and nothing else.
func (tr *Trial) Command(t *testing.T) *exec.Cmd {
	t.Helper()
	path := Program(t)
	ctx, cancel := context.WithTimeout(context.Background(), tr.Limit)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path, tr.Args...)
	command.Env = []string{} // nil would be the test's own
	for name, value := range tr.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = &tr.Out, &tr.Log
	return command
}

// ByShell makes the command run a shell script in which "$@" is the program with its arguments. The
// script has a PATH.
func ByShell(command *exec.Cmd, script string) {
	command.Args = append([]string{"sh", "-c", script, "sh"}, command.Args...)
	command.Path, command.Err = "/bin/sh", nil
	command.Env = append(command.Env, "PATH="+os.Getenv("PATH"))
}

// ExitCode returns the exit code of a process whose [exec.Cmd.Wait] returned err: -1 if a signal
// killed it.
func ExitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return 0
}

// FullPipe returns the writing end of a pipe that is full and that nobody reads.
func FullPipe(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	Fill(t, writer)
	return writer
}

// Fill writes to a pipe until it accepts nothing more.
func Fill(t *testing.T, pipe *os.File) {
	t.Helper()
	for refused := 0; refused < 2; { // once may be a slow machine that reached the deadline before it wrote
		require.NoError(t, pipe.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		n, err := pipe.Write(make([]byte, 4096))
		switch {
		case n > 0:
			refused = 0
		case errors.Is(err, os.ErrDeadlineExceeded):
			refused++
		default:
			require.NoError(t, err)
		}
	}
	require.NoError(t, pipe.SetWriteDeadline(time.Time{}))
}
