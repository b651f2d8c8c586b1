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
	if signal.Ignored(syscall.SIGHUP) { // under nohup: the processes of tests would inherit that
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// Most tests wait for something, and keep no processor busy. A -parallel of the command line goes before it.
	_ = flag.Set("test.parallel", "8")
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// Root returns the root of the repository: the nearest folder above the test's own that has a go.mod.
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
			return "", errors.New("there is no go.mod here or above")
		}
		folder = parent
	}
}

var built string // the folder of the built program, for Main to remove

var build = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	// The tests import what main imports, but not main itself: once it is read here, cached results depend on it, too.
	if _, err := os.ReadFile(filepath.Join(root, "main.go")); err != nil {
		return "", err
	}
	if built, err = os.MkdirTemp("", "dmswait-test-"); err != nil {
		return "", err
	}
	path := filepath.Join(built, "dmswait")
	command := exec.Command("go", "build", "-o", path, ".")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// Program returns the path of the program, which is built once for all tests of a package.
func Program(t *testing.T) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	return path
}

// Command returns the run as a process of the built program, not started yet. It has the trial's environment and no other.
func (tr *Trial) Command(t *testing.T) *exec.Cmd {
	t.Helper()
	path := Program(t)
	ctx, cancel := context.WithTimeout(context.Background(), tr.Limit)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path, tr.Args...)
	command.Env = []string{} // nil would be ours
	for name, value := range tr.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = &tr.Out, &tr.Log
	return command
}

// ByShell makes the command the arguments of a script: the program is "$@" there. The shell finds other programs, too.
func ByShell(command *exec.Cmd, script string) {
	command.Args = append([]string{"sh", "-c", script, "sh"}, command.Args...)
	command.Path, command.Err = "/bin/sh", nil
	command.Env = append(command.Env, "PATH="+os.Getenv("PATH"))
}

// ExitCode returns the exit code of a process whose [exec.Cmd.Wait] returned err. It is -1 if a signal killed it.
func ExitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return 0
}

// FullPipe returns the writing end of a pipe that accepts nothing more, because nobody reads it.
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
	for refused := 0; refused < 2; { // once might be a slow machine, whose time was over before it wrote
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
