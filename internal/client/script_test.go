package client

import (
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
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain fails when a connection or a request outlives the tests: a wait of hours would pile them up.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(5 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers are the goroutines of net/http and of this package, if there are some after the patience given.
func leftovers(patience time.Duration) (left []string) {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left = nil
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, stack := range strings.Split(string(stacks), "\n\n") {
			if !strings.Contains(stack, "TestMain") && (strings.Contains(stack, "net/http.") || strings.Contains(stack, "internal/client.")) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// site is a server on loopback, and a client that asks it for project p1.
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
	s.transport = NewTransport(10 * time.Second)
	t.Cleanup(s.transport.CloseIdleConnections)
	s.Client = &Client{Endpoint: s.server.URL, ProjectID: "p1", UserAgent: "dmswait/test", Timeout: 10 * time.Second, Transport: s.transport}
}

// hang answers nothing more until the client is gone.
func hang(r *http.Request) { <-r.Context().Done() }

// reply is one scripted answer.
type reply struct {
	Status  int
	Headers map[string]string
	Body    string
	Cut     bool // the body ends before the length that was announced
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

// carrier is a transport that a test writes itself.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(req *http.Request) (*http.Response, error) { return c(req) }

// answering is a client whose every request gets this answer, without a network.
func answering(status int, header http.Header, body io.Reader) *Client {
	return &Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: carrier(func(*http.Request) (*http.Response, error) {
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}, nil
	})}
}

// failing is a client whose every request ends in err.
func failing(err error) *Client {
	return &Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: carrier(func(*http.Request) (*http.Response, error) { return nil, err })}
}

// fault is the *Error that every error of this package is.
func fault(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	require.True(t, errors.As(err, &e), "%T: %v", err, err)
	require.Same(t, e, err)
	return e
}

// class names what an error is, in the order of the methods.
func class(e *Error) string {
	var is []string
	for _, method := range []struct {
		name string
		is   func() bool
	}{
		{"denied", e.Denied}, {"no such api", e.NoSuchAPI}, {"rejected", e.Rejected}, {"missing", e.Missing}, {"failing", e.Failing},
		{"throttled", e.Throttled}, {"misconfigured", e.Misconfigured},
	} {
		if method.is() {
			is = append(is, method.name)
		}
	}
	return strings.Join(is, ", ")
}
