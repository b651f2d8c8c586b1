package credential

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// TestProtocolSwitchDuringLoginIsAnOutage responds to each request of a login with a 101, and keeps the
// connection open. Under a fake clock, a login that waited for the end of that connection would wait forever,
// which synctest reports.
func TestProtocolSwitchDuringLoginIsAnOutage(t *testing.T) {
	t.Parallel()
	for name, login := range logins {
		synctest.Test(t, func(t *testing.T) {
			closed := make(chan error, 1)
			transport := client.NewTransport(10 * time.Second)
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					_, _ = http.ReadRequest(bufio.NewReader(theirs))
					_, _ = io.WriteString(theirs, "HTTP/1.1 101 Switching Protocols\r\n"+
						"Connection: Upgrade\r\nUpgrade: x\r\n\r\n")
					_, err := theirs.Read(make([]byte, 1))
					closed <- err
				}()
				return ours, nil
			}
			c := &service{responses: []any{roundTripper(func(req *http.Request) (*http.Response, error) {
				plain := req.Clone(req.Context())
				plain.URL.Scheme, plain.URL.Host = "http", "127.0.0.1:1" // no TLS
				plain.Body, plain.ContentLength = nil, 0                 // the service has read it
				return transport.RoundTrip(plain)
			})}}
			err := login(c)(t.Context())
			e := loginError(t, err)
			assert.True(t, e.Failing(), name)
			assert.Equal(t, 101, e.Response.StatusCode, "%s %v", name, err)
			assert.Equal(t, io.EOF, <-closed, "the connection is closed")
			transport.CloseIdleConnections()
		})
	}
}

func TestIDTokenFileThatHangsIsAnOutage(t *testing.T) {
	t.Parallel()
	cancelled := errors.New("cancelled by the test")
	synctest.Test(t, func(t *testing.T) {
		get := (&tokenFile{"ID token", "x", func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", context.Cause(ctx)
		}}).get
		began := time.Now()
		_, err := get(t.Context())
		assert.Equal(t, fileTimeout, time.Since(began))
		assert.True(t, loginError(t, err).Failing())
		assert.EqualError(t, err, `read the ID token in "x": not read within 10s`)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "the ID token's file could not be read in time", e.Reason)
		assert.Contains(t, e.Hint, "check the file system")

		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cancelled) })
		began = time.Now()
		_, err = get(ctx)
		assert.Equal(t, time.Second, time.Since(began))
		require.ErrorIs(t, err, cancelled)
	})
}
