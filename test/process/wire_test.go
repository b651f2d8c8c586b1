//go:build unix

package process_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// switched returns a cloud that responds to requests of a kind with 101, on a connection that stays
// open.
func switched(kind string) simulator.Simulator {
	const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
	return responding(trial.Only(kind, &simulator.Response{Raw: head, Open: true}))
}

// loggingIn returns a trial that logs in by the method that sends requests of a kind.
func loggingIn(t *testing.T, kind string, server *simulator.Server, args ...string) *trial.Trial {
	tr := trial.NewLogin(server, args...).InActions(t)
	if kind == "iam-token" {
		return tr.ByPassword()
	}
	return tr.ByAgency(server)
}

func TestProtocolSwitchDelaysNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"id-token", "assume", "iam-token", "projects", "task"} {
		for _, debug := range []string{"--debug=false", "--debug"} {
			t.Run(kind+" "+debug, func(t *testing.T) {
				t.Parallel()
				server := trial.Start(t, switched(kind))
				tr := loggingIn(t, kind, server, debug)
				command := tr.Command(t)
				require.NoError(t, command.Start())
				isPolling := func() bool { return server.Count(kind) >= 3 }
				require.Eventually(t, isPolling, trial.Patience, 5*time.Millisecond, "it keeps polling")
				began := time.Now()
				require.NoError(t, command.Process.Signal(syscall.SIGTERM))
				assert.Equal(t, 143, trial.ExitCode(command.Wait()))
				assert.Less(t, time.Since(began), soon)
				assert.Equal(t, "interrupted", tr.Outputs(t)["result"])

				tr = loggingIn(t, kind, server, debug, "--max-outage", "300ms")
				assert.Equal(t, 75, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
				assert.Contains(t, tr.Log.String(), "101: the server switched to another protocol instead of responding")
				assert.Equal(t, "unavailable", tr.Outputs(t)["result"])
			})
		}
	}
}

func TestRunnerTokenIsNotSentUnencrypted(t *testing.T) {
	t.Parallel()
	for _, requestURL := range []string{
		"http://runner.test/idtoken?s3cret=1", "htps://runner.test/idtoken?s3cret=1",
	} {
		server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
		proxy, err := simulator.StartProxy(nil, "")
		require.NoError(t, err)
		t.Cleanup(func() { proxy.Close() })
		plain := listenSilently(t)
		tr := trial.NewLogin(server).InActions(t).ByAgency(server)
		tr.Set("ACTIONS_ID_TOKEN_REQUEST_URL", requestURL)
		tr.Set("HTTP_PROXY", "http://"+plain.address).Set("HTTPS_PROXY", proxy.URL)
		assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
		assert.Equal(t, "usage", tr.Outputs(t)["result"])
		assert.Contains(t, tr.Log.String(), "ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL")
		assert.NotContains(t, tr.Log.String(), "s3cret")
		assert.Empty(t, server.Requests())
		assert.Empty(t, proxy.Connects())
		assert.Zero(t, plain.connections.Load())
	}
}

// silent is a server that accepts connections and sends nothing.
type silent struct {
	address     string
	connections atomic.Int32
}

func listenSilently(t *testing.T) *silent {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	s := &silent{address: listener.Addr().String()}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			defer connection.Close()
		}
	}()
	return s
}

func TestCAFileThatIsAPipeDelaysNothing(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	environment := func(tr *trial.Trial) *trial.Trial {
		return tr.InActions(t).Set("DMSWAIT_ENDPOINT", "https://dms.test").
			Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", fifo(t))
	}
	tr := environment(trial.New(nil, "--max-outage", "300ms", "--request-timeout", "200ms"))
	assert.Equal(t, 75, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.Equal(t, "unavailable", tr.Outputs(t)["result"])

	tr = environment(trial.New(nil))
	command := tr.Command(t)
	require.NoError(t, command.Start())
	isPolling := func() bool { return len(proxy.Connects()) > 2 }
	require.Eventually(t, isPolling, trial.Patience, 5*time.Millisecond)
	began := time.Now()
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, trial.ExitCode(command.Wait()))
	assert.Less(t, time.Since(began), soon)
	assert.Equal(t, "interrupted", tr.Outputs(t)["result"])
}

// executing is a response about the task.
const executing = `{"tasks":[{"id":"` + trial.TaskID + `","status":"EXECUTING"}]}`

// unsolicited returns a cloud that sends text after each response, on a connection that stays open.
func unsolicited() simulator.Simulator {
	const text = "##[set-output name=result]success " + trial.SecretKey + "\n::error::forged\n"
	raw := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(executing), executing, text)
	return responding(trial.Always(&simulator.Response{Raw: raw, Open: true}))
}

func TestUnsolicitedBytesAppearNowhere(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"text": nil, "json": {"--log-format", "json"}, "debug": {"--debug"},
		"quiet": {"--quiet", "--succeed-on", "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, unsolicited())
			tr := trial.New(server, append(args, "--timeout", "400ms")...)
			want := 124
			if name == "quiet" {
				want = 0
			}
			assert.Equal(t, want, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
			assert.GreaterOrEqual(t, server.Connections(), 2, "such a connection is not used again")
			log := tr.Log.String()
			for _, part := range []string{trial.SecretKey, "##[", "forged", "Unsolicited"} {
				assert.NotContains(t, log, part)
			}
			switch name {
			case "quiet":
				assert.Empty(t, log)
			case "json":
				for line := range strings.Lines(log) {
					assert.True(t, json.Valid([]byte(line)), line)
				}
			}
		})
	}
}

func TestUnsolicitedBytesDelayNothingWhenNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	for ending, timeout := range map[string]string{"timeout": "1s", "signal": "1h"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, unsolicited())
			tr := trial.New(server, "--timeout", timeout).InActions(t)
			want := map[string]int{"timeout": 124, "signal": 143}[ending]
			command := tr.Command(t)
			command.Stderr = trial.FullPipe(t)
			require.NoError(t, command.Start())
			began := time.Now()
			if ending == "signal" {
				hasReconnected := func() bool { return server.Connections() >= 2 }
				require.Eventually(t, hasReconnected, trial.Patience, 5*time.Millisecond)
				require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			}
			assert.Equal(t, want, trial.ExitCode(command.Wait()))
			assert.Less(t, time.Since(began), soon)
			assert.Equal(t, map[int]string{124: "timeout", 143: "interrupted"}[want], tr.Outputs(t)["result"])
		})
	}
}
