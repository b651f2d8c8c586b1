package client

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// switching responds with a 101 to every request, and keeps the connection open until the client
// closes it, of which it tells on gone.
func switching(t *testing.T, gone chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\nX-Request-Id: r1\r\n\r\n{\"tasks\":[")
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		gone <- err
	}
}

func TestASwitchOfProtocolsIsAnOutageAndItsConnectionIsClosed(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, http.HandlerFunc) *site{"http": serve, "https": func(t *testing.T, handler http.HandlerFunc) *site {
		s := serveTLS(t, handler)
		s.trust()
		return s
	}} {
		for _, traced := range []bool{false, true} {
			gone := make(chan error, 1)
			s := start(t, switching(t, gone))
			var traces []Trace
			if traced {
				s.Transport = &Tracer{Base: s.transport, Tell: func(trace Trace) { traces = append(traces, trace) }}
			}
			done := make(chan error, 1)
			go func() {
				_, err := s.Task(t.Context(), "i1", "t1")
				done <- err
			}()
			select {
			case err := <-done:
				assert.EqualError(t, err, `get task "t1": 101: the server switched to another protocol instead of responding (request r1)`)
				assert.Equal(t, "failing", class(fault(t, err)))
			case <-time.After(5 * time.Second):
				require.Fail(t, "it waits for the end of the connection", "%s, traced: %v", name, traced)
			}
			assert.Equal(t, io.EOF, <-gone, "the client closed the connection")
			if traced {
				require.Len(t, traces, 1)
				assert.Equal(t, 101, traces[0].StatusCode)
				assert.Equal(t, "r1", traces[0].RequestID)
				assert.Equal(t, errSwitched, traces[0].Err)
			}
		}
	}
}
