//go:build unix

package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// program builds dmswait once for all tests that need a process of its own.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "dmswait-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "dmswait")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	measureIfAsked()
	if signal.Ignored(syscall.SIGHUP) { // under nohup: the processes of tests would inherit that
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	_ = flag.Set("test.parallel", "4") // most tests wait for something, and keep no processor busy; -parallel goes before it
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is a trial as a process, that ends after ten seconds whatever happens.
func process(t *testing.T, tr *trial) *exec.Cmd {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path, tr.args...)
	for name, value := range tr.env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = &tr.out, &tr.log
	return command
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return 0
}

func TestSignalsEndTheProcessWithinASecond(t *testing.T) {
	t.Parallel()
	for signal, code := range map[syscall.Signal]int{syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		for place, answer := range map[string]*simulator.Answer{"in a pause": nil, "in a request": {Hang: true}} {
			t.Run(signal.String()+" "+place, func(t *testing.T) {
				t.Parallel()
				sim := cloud(at(0, "EXECUTING"))
				sim.Intercept = simulator.Script(nil, answer)
				server := start(t, sim)
				tr := newTrial(server, "--interval", "50ms", "--max-interval", "1m").inActions(t)
				command := process(t, tr)
				require.NoError(t, command.Start())
				require.Eventually(t, func() bool { return server.Count("task") >= 2 }, 5*time.Second, 5*time.Millisecond)
				began := time.Now()
				require.NoError(t, command.Process.Signal(signal))
				assert.Equal(t, code, exitCode(command.Wait()))
				assert.Less(t, time.Since(began), time.Second)
				assert.Equal(t, "interrupted", tr.outputs(t)["result"])
			})
		}
	}
}

func TestASecondSignalEndsTheProcessAtOnceWithItsOwnCode(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "EXECUTING")))
	// Nobody reads its stdout, which is full: without a second signal it would hang there.
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	fill(t, writer)
	command := process(t, newTrial(server))
	command.Stdout = writer
	require.NoError(t, command.Start())
	writer.Close()
	require.Eventually(t, func() bool { return server.Count("task") >= 1 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, exitCode(command.Wait()))
}

// fill writes to a pipe until it takes no more.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	require.NoError(t, pipe.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	for {
		if _, err := pipe.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	require.NoError(t, pipe.SetWriteDeadline(time.Time{}))
}

func TestALogThatNobodyReadsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	fill(t, writer)
	tr := newTrial(start(t, cloud(at(200, "SUCCESS")))).inActions(t)
	command := process(t, tr)
	command.Stderr = writer
	began := time.Now()
	assert.Equal(t, 0, exitCode(command.Run()))
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.Equal(t, "success", tr.outputs(t)["result"])
	assert.Contains(t, tr.out.String(), "SUCCESS")
	writer.Close()
}

func TestNohupKeepsTheWaitAlive(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(600, "SUCCESS")))
	tr := newTrial(server)
	command := process(t, tr)
	command.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`}, command.Args...)
	command.Path, _ = exec.LookPath("sh")
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return server.Count("task") >= 1 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGHUP))
	assert.Equal(t, 0, exitCode(command.Wait()))
	assert.Contains(t, tr.out.String(), "SUCCESS")
}

func TestAClosedPipeLosesNoOutput(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(200, "SUCCESS")))
	for name, code := range map[string]int{"stdout": 74, "stderr": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer, err := os.Pipe()
			require.NoError(t, err)
			reader.Close()
			tr := newTrial(server).inActions(t)
			command := process(t, tr)
			if name == "stdout" {
				command.Stdout = writer
			} else {
				command.Stderr = writer
			}
			assert.Equal(t, code, exitCode(command.Run()))
			assert.Equal(t, "success", tr.outputs(t)["result"])
			writer.Close()
		})
	}
}

func TestAFullDiskIsNoSuccess(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	server := start(t, cloud(at(0, "SUCCESS")))

	toStdout := newTrial(server)
	command := process(t, toStdout)
	command.Stdout = full
	assert.Equal(t, 74, exitCode(command.Run()))
	assert.Contains(t, toStdout.log.String(), "could not be written to stdout")

	toOutput := newTrial(server).set("GITHUB_ACTIONS", "true").set("GITHUB_OUTPUT", "/dev/full")
	assert.Equal(t, 74, exitCode(process(t, toOutput).Run()))
	assert.Contains(t, toOutput.out.String(), "SUCCESS", "the result is on stdout all the same")
	assert.Contains(t, toOutput.log.String(), "could not be written to GITHUB_OUTPUT")
}

func TestHTTPSThroughAProxyWithACAOfOnesOwn(t *testing.T) {
	t.Parallel()
	server, proxy, ca := behindProxy(t, "")
	tr := newTrial(nil).set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", proxy.URL).set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, exitCode(process(t, tr).Run()), tr.log.String())
	assert.Equal(t, []string{"dms.test:443"}, proxy.Connects())
	assert.Equal(t, "dms.test", server.Requests()[0].Host)

	direct := newTrial(nil).set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", proxy.URL).set("NO_PROXY", "dms.test").set("DMSWAIT_TIMEOUT", "0")
	assert.Equal(t, 75, exitCode(process(t, direct).Run()))
	assert.Len(t, proxy.Connects(), 1, "NO_PROXY goes past the proxy")
}

func TestACertificateThatDoesNotVerifyHasTheGraceAndAHint(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	tr := newTrial(nil, "--not-found-grace", "100ms").set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", proxy.URL)
	assert.Equal(t, 75, exitCode(process(t, tr).Run()))
	assert.Contains(t, tr.log.String(), "certificate signed by unknown authority")
	assert.Contains(t, tr.log.String(), "hint: the server's certificate is not trusted")
}

func TestAProxyThatWantsALogin(t *testing.T) {
	t.Parallel()
	_, proxy, ca := behindProxy(t, "user:proxyPassword1")
	tr := newTrial(nil, "--not-found-grace", "100ms").set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", proxy.URL).set("SSL_CERT_FILE", ca)
	assert.Equal(t, 75, exitCode(process(t, tr).Run()))
	assert.Contains(t, tr.log.String(), "the proxy answered 407 Proxy Authentication Required")
	assert.Contains(t, tr.log.String(), "hint: the proxy wants a login")

	withLogin := strings.Replace(proxy.URL, "://", "://user:proxyPassword1@", 1)
	tr = newTrial(nil).set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", withLogin).set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, exitCode(process(t, tr).Run()), tr.log.String())
	assert.NotContains(t, tr.log.String(), "proxyPassword1")
}

// behindProxy is a cloud with a certificate for dms.test, that only the proxy knows the way to.
func behindProxy(t *testing.T, login string) (*simulator.Server, *simulator.Proxy, string) {
	t.Helper()
	sim := cloud(at(0, "SUCCESS"))
	server, err := sim.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": strings.TrimPrefix(server.URL, "https://")}, login)
	require.NoError(t, err)
	t.Cleanup(func() { proxy.Close() })
	ca, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	return server, proxy, ca
}

func TestAServerThatDiesIsAnOutage(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "EXECUTING"))
	server, err := sim.Start()
	require.NoError(t, err)
	tr := newTrial(server, "--max-outage", "300ms")
	command := process(t, tr)
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return server.Count("task") >= 2 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, server.Close())
	assert.Equal(t, 75, exitCode(command.Wait()))
	assert.Contains(t, tr.log.String(), "no good answer, asking on")
	assert.Contains(t, tr.log.String(), "connection refused")
}

func TestASuspendedProcessGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(400, "SUCCESS")))
	tr := newTrial(server)
	command := process(t, tr)
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return server.Count("task") >= 1 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGSTOP))
	time.Sleep(600 * time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGCONT))
	assert.Equal(t, 0, exitCode(command.Wait()), tr.log.String())
}

func TestHelpAndVersionWorkWithoutAnythingElse(t *testing.T) {
	t.Parallel()
	path, err := program()
	require.NoError(t, err)
	for _, flag := range []string{"--help", "-h", "--version"} {
		command := exec.Command(path, flag)
		command.Env = []string{"GITHUB_ACTIONS=true", "DMSWAIT_TIMEOUT=nonsense"}
		var stderr bytes.Buffer
		command.Stderr = &stderr
		out, err := command.Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), "dmswait")
		assert.Empty(t, stderr.String())
	}
}
