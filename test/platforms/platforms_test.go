//go:build platforms

// Package platforms runs dmswait on systems, and behind programs of others, that a machine may or may not have: other
// architectures and Windows by emulation, proxies, load balancers, cron, systemd. What is not installed is skipped.
// .ci/platforms runs it as root, in a network of its own.
package platforms_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

// need skips the test if a program is not installed. Otherwise it returns the program's path.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip(program + " is not installed")
	}
	return path
}

// inMounts returns a command that runs a shell script as root, in which mounts do not affect the rest of the machine.
func inMounts(ctx context.Context, script string, args ...string) *exec.Cmd {
	args = append([]string{"--mount", "--", "sh", "-euc", script, "sh"}, args...)
	return exec.CommandContext(ctx, "unshare", args...)
}

// start runs a command for as long as the test runs, and shows its output if the test fails.
func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its children
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s: %s", command.Path, text)
		}
		log.Close()
	})
}

// freePort returns a port of loopback that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// awaitPort waits until something listens on a port of loopback.
func awaitPort(t *testing.T, port string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, trial.Patience, 20*time.Millisecond, "nothing listens on port %s", port)
}

// publicFolder returns a folder of the test that every user can write to, for programs that change their user.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
	require.NoError(t, os.Chmod(folder, 0o777))
	return folder
}

// portOf returns the port of a server.
func portOf(t *testing.T, server *simulator.Server) string {
	t.Helper()
	parsed, err := url.Parse(server.URL)
	require.NoError(t, err)
	return parsed.Port()
}

// write writes a file that every user can read, with {NAME} replaced by values.
func write(t *testing.T, path, content string, values ...string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(values...).Replace(content)), 0o644))
	return path
}

// run runs the program and returns its exit code.
func run(t *testing.T, tr *trial.Trial) int {
	t.Helper()
	code := trial.ExitCode(tr.Command(t).Run())
	t.Logf("exit code %d\n%s", code, tr.Log.String())
	return code
}
