package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain fails when a connection or a request outlives the tests: they would pile up in a wait of hours.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(5 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers returns the goroutines of net/http and of this package that are still there when the patience is over.
func leftovers(patience time.Duration) (left []string) {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left = nil
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, stack := range strings.Split(string(stacks), "\n\n") {
			ours := strings.Contains(stack, "net/http.") || strings.Contains(stack, "internal/client.")
			if ours && !strings.Contains(stack, "TestMain") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// site is a server on loopback, and a client for it in project p1.
type site struct {
	*Client
	transport   *http.Transport
	server      *httptest.Server
	requests    atomic.Int32
	connections atomic.Int32
}

func serve(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.start(t, handler, (*httptest.Server).Start)
	return s
}

func serveTLS(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.start(t, handler, (*httptest.Server).StartTLS)
	return s
}

func (s *site) start(t *testing.T, handler http.HandlerFunc, start func(*httptest.Server)) {
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}))
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	start(s.server)
	t.Cleanup(s.server.Close)
	s.transport = NewTransport(time.Minute)
	t.Cleanup(s.transport.CloseIdleConnections)
	s.Client = &Client{
		Endpoint:  s.server.URL,
		ProjectID: "p1",
		UserAgent: "dmswait/test",
		Timeout:   time.Minute,
		Transport: s.transport,
	}
}

// reply is one scripted response.
type reply struct {
	Status  int
	Headers map[string]string
	Body    string
	Cut     bool // the body ends before the announced length
}

func (a reply) write(w http.ResponseWriter) {
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	if a.Cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.Body)+1))
	}
	w.WriteHeader(a.Status)
	io.WriteString(w, a.Body)
}

func (a reply) handle(w http.ResponseWriter, _ *http.Request) { a.write(w) }

// pipeTo returns a client whose connections are pipes to serve. Unlike a network it works in a synctest bubble, where
// time is exact. serve gets a connection after the first request was read, and closes it when it returns.
func pipeTo(t *testing.T, serve func(net.Conn)) *Client {
	t.Helper()
	var connections sync.WaitGroup
	transport := NewTransport(time.Minute)
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		connections.Go(func() {
			defer theirs.Close()
			if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
				serve(theirs)
			}
		})
		return ours, nil
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		connections.Wait()
	})
	return &Client{Endpoint: "http://127.0.0.1:1", ProjectID: "p1", Timeout: time.Minute, Transport: transport}
}

// hang responds no more until the client closes the connection.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// hangInBody responds with the beginning of a body, and no more until the client closes the connection.
func hangInBody(conn net.Conn) {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"tasks\":[")
	hang(conn)
}

// trickle responds with a body that has another byte every second, and no end.
func trickle(conn net.Conn) {
	_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
	for err == nil {
		time.Sleep(time.Second)
		_, err = io.WriteString(conn, " ")
	}
}

// roundTripper is a transport that a test writes itself.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// over returns a client for a transport.
func over(transport http.RoundTripper) *Client {
	return &Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: transport}
}

// respondWith returns a client whose every request gets this response, without a network.
func respondWith(status int, header http.Header, body io.Reader) *Client {
	return over(roundTripper(func(*http.Request) (*http.Response, error) {
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}, nil
	}))
}

// failWith returns a client whose every request ends with err.
func failWith(err error) *Client {
	return over(roundTripper(func(*http.Request) (*http.Response, error) { return nil, err }))
}

// clientError returns the *Error that every error of this package is.
func clientError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	require.True(t, errors.As(err, &e), "%T: %v", err, err)
	require.Same(t, e, err)
	return e
}

// classOf lists the methods of an error that return true, in their order.
func classOf(e *Error) string {
	var is []string
	for _, method := range []struct {
		name string
		is   func() bool
	}{
		{"denied", e.Denied}, {"no such api", e.NoSuchAPI}, {"rejected", e.Rejected}, {"missing", e.Missing},
		{"failing", e.Failing}, {"throttled", e.Throttled}, {"misconfigured", e.Misconfigured},
	} {
		if method.is() {
			is = append(is, method.name)
		}
	}
	return strings.Join(is, ", ")
}
