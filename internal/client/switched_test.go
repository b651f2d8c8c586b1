package client

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// switchProtocols responds with a 101 to every request, and keeps the connection open until the client closes it. It
// sends to closed what reading from it ended with.
func switchProtocols(t *testing.T, closed chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n"+
			"X-Request-Id: r1\r\n\r\n{\"tasks\":[")
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, err = conn.Read(make([]byte, 1))
		closed <- err
	}
}

func TestProtocolSwitchIsAnOutageAndClosesTheConnection(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, http.HandlerFunc) *site{
		"http": serve,
		"https": func(t *testing.T, handler http.HandlerFunc) *site {
			s := serveTLS(t, handler)
			s.trust()
			return s
		},
	} {
		for _, traced := range []bool{false, true} {
			closed := make(chan error, 1)
			s := start(t, switchProtocols(t, closed))
			var traces []Trace
			if traced {
				s.Transport = &Tracer{Base: s.transport, Report: func(t *Trace) { traces = append(traces, *t) }}
			}
			done := make(chan error, 1)
			go func() {
				_, err := s.Task(t.Context(), "i1", "t1")
				done <- err
			}()
			select {
			case err := <-done:
				assert.EqualError(t, err, `get task "t1": 101: the server switched to another protocol `+
					`instead of responding (request r1)`)
				assert.Equal(t, "failing", classOf(clientError(t, err)))
			case <-time.After(30 * time.Second):
				require.Fail(t, "the client waits for the end of the connection", "%s, traced: %v", name, traced)
			}
			assert.Equal(t, io.EOF, <-closed, "the client closed the connection")
			if traced {
				require.Len(t, traces, 1)
				assert.Equal(t, 101, traces[0].StatusCode)
				assert.Equal(t, "r1", traces[0].RequestID)
				assert.Equal(t, errSwitched, traces[0].Err)
			}
		}
	}
}
