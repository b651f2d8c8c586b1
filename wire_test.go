//go:build unix

package main

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
)

// switched is a 101 on a connection that stays open, to requests of a kind.
func switched(kind string) simulator.Simulator {
	sim := account(at(0, "EXECUTING"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == kind {
			return &simulator.Response{Raw: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", Open: true}
		}
		return nil
	}
	return sim
}

// met is a process that waits for a cloud's task and has to log in, until requests of a kind were
// met often enough.
func met(t *testing.T, kind string, server *simulator.Server, args ...string) (tr *trial, wait func() int, end func(syscall.Signal)) {
	t.Helper()
	tr = newLogin(server, args...).inActions(t)
	if kind == "iam-token" {
		tr.set("DMSWAIT_USERNAME", "waiter").set("DMSWAIT_PASSWORD", userPassword).set("DMSWAIT_DOMAIN_NAME", "acme")
	} else {
		tr.byAgency(server)
	}
	command := process(t, tr)
	require.NoError(t, command.Start())
	return tr, func() int { return exitCode(command.Wait()) }, func(signal syscall.Signal) {
		require.Eventually(t, func() bool { return server.Count(kind) >= 3 }, 8*time.Second, 5*time.Millisecond, "it asks on")
		require.NoError(t, command.Process.Signal(signal))
	}
}

func TestASwitchOfProtocolsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"id-token", "assume", "iam-token", "projects", "task"} {
		for _, debug := range []string{"--debug=false", "--debug"} {
			t.Run(kind+" "+debug, func(t *testing.T) {
				t.Parallel()
				server := start(t, switched(kind))
				tr, wait, end := met(t, kind, server, debug)
				end(syscall.SIGTERM)
				began := time.Now()
				assert.Equal(t, 143, wait())
				assert.Less(t, time.Since(began), soon)
				assert.Equal(t, "interrupted", tr.outputs(t)["result"])

				tr, wait, _ = met(t, kind, server, debug, "--max-outage", "300ms")
				assert.Equal(t, 75, wait(), tr.log.String())
				assert.Contains(t, tr.log.String(), "101: the server switched to another protocol instead of responding")
				assert.Equal(t, "unavailable", tr.outputs(t)["result"])
			})
		}
	}
}

func TestTheRunnersTokenIsNotSentUnencrypted(t *testing.T) {
	t.Parallel()
	for _, requestURL := range []string{"http://runner.test/idtoken?s3cret=1", "htps://runner.test/idtoken?s3cret=1"} {
		server := start(t, account(at(0, "SUCCESS")))
		proxy, err := simulator.StartProxy(nil, "")
		require.NoError(t, err)
		t.Cleanup(func() { proxy.Close() })
		heard := listen(t)
		tr := newLogin(server).inActions(t).byAgency(server).set("ACTIONS_ID_TOKEN_REQUEST_URL", requestURL)
		tr.set("HTTP_PROXY", "http://"+heard.address).set("HTTPS_PROXY", proxy.URL)
		assert.Equal(t, 2, exitCode(process(t, tr).Run()), tr.log.String())
		assert.Equal(t, "usage", tr.outputs(t)["result"])
		assert.Contains(t, tr.log.String(), "ACTIONS_ID_TOKEN_REQUEST_URL: is not an https URL")
		assert.NotContains(t, tr.log.String(), "s3cret")
		assert.Empty(t, server.Requests())
		assert.Empty(t, proxy.Connects())
		assert.Zero(t, heard.connections.Load(), "nobody heard of it")
	}
}

// silent is a server that takes connections and says nothing.
type silent struct {
	address     string
	connections atomic.Int32
}

func listen(t *testing.T) *silent {
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

func TestACAFileThatIsAPipeHoldsNothingUp(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	environment := func(tr *trial) *trial {
		return tr.inActions(t).set("DMSWAIT_ENDPOINT", "https://dms.test").set("HTTPS_PROXY", proxy.URL).set("SSL_CERT_FILE", fifo(t))
	}
	tr := environment(newTrial(nil, "--max-outage", "300ms", "--request-timeout", "200ms"))
	assert.Equal(t, 75, exitCode(process(t, tr).Run()), tr.log.String())
	assert.Equal(t, "unavailable", tr.outputs(t)["result"])

	tr = environment(newTrial(nil))
	command := process(t, tr)
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return len(proxy.Connects()) > 2 }, 8*time.Second, 5*time.Millisecond)
	began := time.Now()
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, exitCode(command.Wait()))
	assert.Less(t, time.Since(began), soon)
	assert.Equal(t, "interrupted", tr.outputs(t)["result"])
}

// straying is a cloud whose responses are followed by text that nobody asked for, on a connection
// that stays open.
func straying(text string) simulator.Simulator {
	sim := cloud(at(0, "EXECUTING"))
	sim.Intercept = func(simulator.Request) *simulator.Response {
		return &simulator.Response{Raw: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(executing), executing, text), Open: true}
	}
	return sim
}

const stray = "##[set-output name=result]success " + secretKey + "\n::error::forged\n"

func TestWhatAServerSendsUnaskedIsNowhere(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"text": nil, "json": {"--log-format", "json"}, "debug": {"--debug"}, "quiet": {"--quiet", "--succeed-on", "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, straying(stray))
			tr := newTrial(server, append(args, "--timeout", "400ms")...)
			want := 124
			if name == "quiet" {
				want = 0
			}
			assert.Equal(t, want, exitCode(process(t, tr).Run()), tr.log.String())
			assert.Greater(t, server.Connections(), 2, "a connection that brought it is left")
			log := tr.log.String()
			for _, part := range []string{secretKey, "##[", "forged", "Unsolicited"} {
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

func TestWhatAServerSendsUnaskedHoldsNothingUpWhereNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	for ending, timeout := range map[string]string{"timeout": "1s", "signal": "1h"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			server := start(t, straying(stray))
			tr := newTrial(server, "--timeout", timeout).inActions(t)
			want := map[string]int{"timeout": 124, "signal": 143}[ending]
			command := process(t, tr)
			command.Stderr = nobodyReads(t)
			require.NoError(t, command.Start())
			began := time.Now()
			if ending == "signal" {
				asked("task")(t, tr, server)
				time.Sleep(200 * time.Millisecond) // by then there was more than one connection
				require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			}
			assert.Equal(t, want, exitCode(command.Wait()))
			assert.Less(t, time.Since(began), soon)
			assert.Equal(t, map[int]string{124: "timeout", 143: "interrupted"}[want], tr.outputs(t)["result"])
		})
	}
}
