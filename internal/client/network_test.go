package client

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOneConnectionServesAllRequests(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200<<10)
	replies := []reply{
		{Status: 200, Body: `{"tasks":[{"id":"t1","status":"EXECUTING"}]}`},
		{Status: 200, Body: `{"tasks":[]}`},
		{Status: 200, Body: long},
		{Status: 204},
		{Status: 302, Body: long, Headers: map[string]string{"Location": "/elsewhere"}},
		{Status: 400, Body: `{"error_code":"DMS.00400070"}`},
		{Status: 401, Body: `{"error":{"code":401}}`},
		{Status: 403},
		{Status: 404, Body: long},
		{Status: 429, Body: `{"error_code":"APIGW.0308"}`},
		{Status: 500, Body: padded(1 << 20)},
		{Status: 503, Body: long},
	}
	n := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		replies[n%len(replies)].write(w)
		n++
	})
	for range 5 * len(replies) {
		for _, call := range calls {
			call.do(s.Client, "i1", "t1")
		}
	}
	assert.EqualValues(t, 5*len(replies)*len(calls), s.requests.Load())
	assert.EqualValues(t, 1, s.connections.Load(), "connections")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	target := serve(t, reply{Status: 200, Body: `{"tasks":[{"id":"t1","status":"SUCCESS"}]}`}.handle)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{target.Endpoint + "/v2/p1/instances/i1/tasks/t1", "/v2/p1/instances/i1/tasks/t1"} {
			s := serve(t, reply{Status: status, Headers: map[string]string{"Location": location}}.handle)
			_, err := s.Task(t.Context(), "i1", "t1")
			assert.EqualError(t, err, fmt.Sprintf(`get task "t1": %d %s`, status, http.StatusText(status)))
			assert.Equal(t, "failing", classOf(clientError(t, err)))
			assert.EqualValues(t, 1, s.requests.Load())
		}
	}
	assert.Zero(t, target.requests.Load())
}

func TestUnknownHostIsMisconfigured(t *testing.T) {
	t.Parallel()
	lookup := func(dns net.DNSError) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &dns}
	}
	none := lookup(net.DNSError{Err: "no such host", Name: "dms.nowhere-1.myhuaweicloud.com", IsNotFound: true})
	_, err := failWith(none).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": dial tcp: lookup dms.nowhere-1.myhuaweicloud.com: no such host`)
	assert.Equal(t, "failing, misconfigured", classOf(clientError(t, err)))

	broken := lookup(net.DNSError{Err: "server misbehaving", Name: "dms.test", IsTemporary: true})
	_, err = failWith(broken).Task(t.Context(), "i1", "t1")
	assert.Equal(t, "failing", classOf(clientError(t, err)), "the resolver is failing")
}

func TestRefusedConnectionIsAnOutage(t *testing.T) {
	t.Parallel()
	s := serve(t, reply{Status: 200}.handle)
	s.server.Close()
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.Equal(t, "failing", classOf(clientError(t, err)))
}

func TestInvalidCertificateIsMisconfigured(t *testing.T) {
	t.Parallel()
	s := serveTLS(t, reply{Status: 200}.handle)
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.ErrorContains(t, err, `get task "t1": tls: failed to verify certificate: x509: `)
	assert.Equal(t, "failing, misconfigured", classOf(clientError(t, err)))

	s.trust()
	_, port, err := net.SplitHostPort(s.server.Listener.Addr().String())
	require.NoError(t, err)
	s.Endpoint = "https://localhost:" + port // not one of its names
	_, err = s.Task(t.Context(), "i1", "t1")
	assert.ErrorContains(t, err, "not localhost")
	assert.Equal(t, "failing, misconfigured", classOf(clientError(t, err)))
	assert.Zero(t, s.requests.Load())
}

// trust makes the client trust the server's own certificate.
func (s *site) trust() {
	s.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	s.transport.TLSClientConfig.RootCAs.AddCert(s.server.Certificate())
}

func TestHTTP1IsUsedWhereTheServerOffersHTTP2(t *testing.T) {
	t.Parallel()
	var protocol string
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		protocol = r.Proto
		reply{Status: 200, Body: `{"tasks":[{"id":"t1"}]}`}.write(w)
	})
	s.trust()
	for range 3 {
		_, err := s.Task(t.Context(), "i1", "t1")
		require.NoError(t, err)
	}
	assert.Equal(t, "HTTP/1.1", protocol)
	assert.EqualValues(t, 1, s.connections.Load())
}

func TestConnectionToASilentProxyIsClosed(t *testing.T) {
	t.Parallel()
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { proxy.Close() })
	ended := make(chan error, 1)
	go func() {
		conn, err := proxy.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // net/http alone would wait for a minute
		_, err = io.Copy(io.Discard, conn)
		ended <- err
	}()
	transport := NewTransport(100 * time.Millisecond)
	transport.Proxy = noted(http.ProxyURL(&url.URL{Scheme: "http", Host: proxy.Addr().String()}))
	c := &Client{Endpoint: "https://dms.test", ProjectID: "p1", Timeout: 100 * time.Millisecond, Transport: transport}
	_, err = c.Task(t.Context(), "i1", "t1")
	assert.ErrorContains(t, err, `get task "t1": proxy: `)
	assert.Equal(t, "failing, misconfigured", classOf(clientError(t, err)))
	assert.Equal(t, Tunneling, clientError(t, err).Phase)
	assert.NoError(t, <-ended, "the connection to the proxy is closed")
}

// The request has ended by then, but net/http goes on with the handshake.
func TestConnectionWhoseTLSHandshakeHangsIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, closed := time.Now(), make(chan time.Duration, 1)
		transport := NewTransport(10 * time.Second)
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				go io.WriteString(theirs, "\x16") // the beginning of a handshake, and nothing more
				_, _ = io.Copy(io.Discard, theirs)
				closed <- time.Since(began)
			}()
			return ours, nil
		}
		c := &Client{Endpoint: "https://127.0.0.1:1", ProjectID: "p1", Timeout: 5 * time.Second, Transport: transport}
		_, err := c.Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, `get task "t1": no response within 5s`)
		assert.Equal(t, 10*time.Second, <-closed)
	})
}

func TestConnectionMayBeIdleAfterItsFirstByte(t *testing.T) {
	t.Parallel()
	connections := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		reply{Status: 200, Body: `{"tasks":[{"id":"t1"}]}`}.write(w)
	}))
	t.Cleanup(server.Close)
	const timeout = 2 * time.Second
	c := &Client{Endpoint: server.URL, ProjectID: "p1", Timeout: time.Minute, Transport: NewTransport(timeout)}
	_, err := c.Task(t.Context(), "i1", "t1")
	require.NoError(t, err)
	time.Sleep(timeout + timeout/5) // as long as a pause between polls
	_, err = c.Task(t.Context(), "i1", "t1")
	require.NoError(t, err)
	assert.Len(t, connections, 1, "connections")
}

func TestTooLargeHeaderIsAnOutage(t *testing.T) {
	t.Parallel()
	s := serve(t, reply{Status: 404, Headers: map[string]string{"X-Long": strings.Repeat("x", 65<<10)}}.handle)
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.Equal(t, "failing", classOf(clientError(t, err)))
}

func TestNonHTTPResponseIsAnOutage(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprint(connection, "SSH-2.0-OpenSSH_9.6\r\n")
			connection.Close()
		}
	})
	_, err := s.Task(t.Context(), "i1", "t1")
	assert.Equal(t, "failing", classOf(clientError(t, err)))
}
