package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIdleConnectionIsReusedFor90Seconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		transport := NewTransport(10 * time.Second)
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			connections++
			ours, theirs := net.Pipe()
			go respond(theirs)
			return ours, nil
		}
		c := &Client{Endpoint: "http://127.0.0.1:1", ProjectID: "p1", Transport: transport}
		for _, step := range []struct {
			pause       time.Duration
			connections int
		}{{0, 1}, {time.Second, 1}, {90*time.Second - 1, 1}, {90*time.Second + 1, 2}, {90*time.Second - 1, 2}} {
			time.Sleep(step.pause)
			_, err := c.Task(t.Context(), "i1", "t1")
			require.NoError(t, err)
			synctest.Wait() // until the connection is idle
			assert.Equal(t, step.connections, connections, step.pause)
		}
		transport.CloseIdleConnections()
	})
}

func TestOneConnectionIsKeptOfThoseUsedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open, opened atomic.Int32
		transport := NewTransport(10 * time.Second)
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			open.Add(1)
			opened.Add(1)
			ours, theirs := net.Pipe()
			go func() {
				time.Sleep(time.Second) // until all requests are under way
				respond(theirs)
				open.Add(-1)
			}()
			return ours, nil
		}
		c := &Client{Endpoint: "http://127.0.0.1:1", ProjectID: "p1", Transport: transport}
		for range 3 {
			go c.Task(t.Context(), "i1", "t1")
		}
		time.Sleep(2 * time.Second)
		assert.EqualValues(t, 3, opened.Load())
		assert.EqualValues(t, 1, open.Load())
		transport.CloseIdleConnections()
	})
}

// respond responds to every request of a connection with a running task.
func respond(conn net.Conn) {
	defer conn.Close()
	for requests := bufio.NewReader(conn); ; {
		if _, err := http.ReadRequest(requests); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"tasks\":[{\"id\":\"t1\"}]}")
	}
}

func TestTLSBefore12IsRefused(t *testing.T) {
	t.Parallel()
	for version, works := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		s := serveTLS(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1"}]}`}.handle)
		s.trust()
		s.server.TLS.MinVersion, s.server.TLS.MaxVersion = version, version
		_, err := s.Task(t.Context(), "i1", "t1")
		if works {
			assert.NoError(t, err, tls.VersionName(version))
			continue
		}
		assert.ErrorContains(t, err, "protocol version", tls.VersionName(version))
		assert.Equal(t, "failing", classOf(clientError(t, err)))
		assert.Zero(t, s.requests.Load())
	}
}
