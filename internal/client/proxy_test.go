package client

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// through returns a client for https://dms.test that uses this proxy.
func through(t *testing.T, proxy string) *Client {
	t.Helper()
	address, err := url.Parse(proxy)
	require.NoError(t, err)
	transport := NewTransport(time.Minute)
	transport.Proxy = noted(http.ProxyURL(address))
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{Endpoint: "https://dms.test", ProjectID: "p1", Timeout: time.Minute, Transport: transport}
}

func TestProxyRefusalIsAnErrorWithItsStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status             int
		login              string // in the URL of the proxy
		offered            string
		class, text        string
		required, refused  bool
		schemes            string
		unknown, sentLogin bool
	}{
		{status: 302, class: "failing, misconfigured", text: "302 Found"},
		{status: 403, class: "failing, misconfigured", text: "403 Forbidden"},
		{status: 404, class: "failing, misconfigured", text: "404 Not Found"},
		{status: 502, class: "failing, misconfigured", text: "502 Bad Gateway", unknown: true},
		{status: 503, class: "failing, misconfigured", text: "503 Service Unavailable", unknown: true},
		{status: 504, class: "failing, misconfigured", text: "504 Gateway Timeout", unknown: true},
		{status: 407, class: "failing, misconfigured", text: "407 Proxy Authentication Required", required: true},
		{status: 407, login: "user:secret@", class: "rejected, misconfigured",
			text: "407 Proxy Authentication Required", required: true, refused: true},
		{status: 407, offered: `NTLM, Negotiate`, class: "failing, misconfigured",
			text: "407 Proxy Authentication Required", required: true, schemes: "NTLM or Negotiate"},
		{status: 407, offered: `Negotiate, Basic realm="x"`, class: "failing, misconfigured",
			text: "407 Proxy Authentication Required", required: true},
	} {
		t.Run(fmt.Sprint(c.status, c.login, c.offered), func(t *testing.T) {
			t.Parallel()
			var line string
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				line = r.Method + " " + r.Host
				if c.offered != "" {
					w.Header().Set("Proxy-Authenticate", c.offered)
				}
				w.WriteHeader(c.status)
			}))
			t.Cleanup(proxy.Close)
			host := proxy.Listener.Addr().String()
			_, err := through(t, "http://"+c.login+host).Task(t.Context(), "i1", "t1")
			assert.EqualError(t, err, `get task "t1": the proxy responded `+c.text)
			assert.Equal(t, "CONNECT dms.test:443", line)
			e := clientError(t, err)
			assert.Equal(t, c.class, classOf(e))
			assert.Equal(t, Response{}, e.Response, "the API did not respond")
			assert.Equal(t, host, e.Proxy.Host)
			refusal := e.AtProxy()
			require.NotNil(t, refusal)
			assert.Equal(t, c.status, refusal.StatusCode)
			assert.Equal(t, c.required, refusal.LoginRequired())
			assert.Equal(t, c.refused, refusal.LoginRefused())
			assert.Equal(t, c.schemes, refusal.Schemes)
			assert.Equal(t, c.unknown, e.HostUnknown())
			assert.NotContains(t, fmt.Sprintf("%+v", e), "secret")
		})
	}
}

// listen serves connections, each until serve returns, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// closes closes a connection on which something was sent.
func closes(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }

// says returns a server that sends this text when something was sent to it.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		closes(conn)
		_, _ = io.WriteString(conn, text)
	}
}

// socks returns a SOCKS proxy that chooses this login method and sends these replies, one for each message.
func socks(method byte, replies ...string) func(net.Conn) {
	return func(conn net.Conn) {
		message := make([]byte, 512)
		for _, reply := range append([]string{string([]byte{5, method})}, replies...) {
			if _, err := conn.Read(message); err != nil {
				return
			}
			_, _ = io.WriteString(conn, reply)
		}
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestFailureToGetThroughTheProxyIsMisconfigured(t *testing.T) {
	t.Parallel()
	const unreached = "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"
	plain := func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	}
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused.Close()
	for name, c := range map[string]struct {
		proxy, text              string
		unknown, required, final bool
	}{
		"nothing listens":    {proxy: "http://" + refused.Addr().String(), text: "proxyconnect tcp: dial tcp"},
		"no such host":       {proxy: "http://proxy.invalid:3128", text: "lookup proxy.invalid"},
		"TLS to a plain one": {proxy: "https://" + listen(t, plain), text: "first record does not look like a TLS handshake"},
		"TLS to one that closes": {proxy: "https://" + listen(t, closes),
			text: "the proxy closed the connection without a response"},
		"it closes": {proxy: "http://" + listen(t, closes), text: "the proxy closed the connection without a response"},
		"not a proxy": {proxy: "http://" + listen(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n")
			closes(conn)
		}), text: `proxy: malformed HTTP response`},
		"SOCKS, host unreachable": {proxy: "socks5://" + listen(t, socks(0, unreached)),
			text: "dms.test:443: unknown error host unreachable", unknown: true},
		"SOCKS, not allowed": {proxy: "socks5://" + listen(t, socks(0, "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")),
			text: "connection not allowed by ruleset"},
		"SOCKS, a login is required": {proxy: "socks5://" + listen(t, socks(0xff)),
			text: "no acceptable authentication methods", required: true},
		"SOCKS, the login is refused": {proxy: "socks5://user:secret@" + listen(t, socks(2, "\x01\x01")),
			text: "username/password authentication failed", final: true},
		"SOCKS to an HTTP proxy": {proxy: "socks5://" + listen(t, says("HTTP/1.1 400 Bad Request\r\n\r\n")), text: "unexpected protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := through(t, c.proxy).Task(t.Context(), "i1", "t1")
			assert.ErrorContains(t, err, c.text)
			e := clientError(t, err)
			require.NotNil(t, e.AtProxy(), "%v", err)
			assert.True(t, e.Misconfigured())
			assert.Equal(t, c.unknown, e.HostUnknown())
			assert.Equal(t, c.required, e.AtProxy().LoginRequired())
			assert.Equal(t, c.final, e.ProxyRefusedLogin())
			assert.Equal(t, c.final, e.Rejected())
			assert.NotContains(t, fmt.Sprintf("%+v", e), "secret")
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// tunnelTo returns an HTTP proxy that connects every request to serve.
func tunnelTo(serve func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		serve(conn)
	}
}

func TestErrorSaysHowFarTheRequestGot(t *testing.T) {
	t.Parallel()
	resets := func(conn net.Conn) {
		closes(conn)
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	secure := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	secure.trust()
	for name, c := range map[string]struct {
		endpoint, text string
		phase          Phase
		cause          Cause
	}{
		"handshake, silence": {"https://" + listen(t, hang), "no TLS handshake: no response within 1s", Handshaking, NoHandshake},
		"handshake, closed": {"https://" + listen(t, closes),
			"no TLS handshake: the server closed the connection", Handshaking, NoHandshake},
		"handshake, reset": {"https://" + listen(t, resets), "no TLS handshake: read tcp", Handshaking, NoHandshake},
		"plain http at an https endpoint": {"https://" + listen(t, says("HTTP/1.1 400 Bad Request\r\n\r\n")),
			"tls: first record does not look like a TLS handshake", Handshaking, NoTLS},
		"no response":      {"http://" + listen(t, hang), "no response within 1s", Sending, 0},
		"closed":           {"http://" + listen(t, closes), "the server closed the connection without a response", Sending, 0},
		"a truncated head": {"http://" + listen(t, says("HTTP/1.1 200 OK\r\nX: ")), "the response was cut off", Sending, 0},
		"not HTTP": {"http://" + listen(t, says("SSH-2.0-OpenSSH_9.6\r\n")),
			`malformed HTTP response "SSH-2.0-OpenSSH_9.6"`, Sending, 0},
		"closed after the handshake": {secure.Endpoint, "the server closed the connection without a response", Sending, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &Client{Endpoint: c.endpoint, ProjectID: "p1", Timeout: time.Minute, Transport: secure.transport}
			if c.endpoint != secure.Endpoint {
				transport := NewTransport(time.Minute)
				t.Cleanup(transport.CloseIdleConnections)
				client.Transport = transport
			}
			if name == "handshake, silence" || name == "no response" {
				client.Timeout = time.Second
			}
			_, err := client.Task(t.Context(), "i1", "t1")
			assert.ErrorContains(t, err, `get task "t1": `)
			assert.ErrorContains(t, err, c.text)
			assert.Equal(t, c.phase, clientError(t, err).Phase)
			assert.Equal(t, c.cause, clientError(t, err).Cause())
			assert.Equal(t, c.cause == NoTLS, clientError(t, err).Misconfigured())
			assert.True(t, clientError(t, err).Failing())
			assert.Nil(t, clientError(t, err).AtProxy())
		})
	}
	silent := through(t, "http://"+listen(t, tunnelTo(hang)))
	silent.Timeout = time.Second
	_, err := silent.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": no TLS handshake: no response within 1s`)
	assert.Nil(t, clientError(t, err).AtProxy(), "the proxy has opened the tunnel")
}

func TestProxyThatSpeaksTLSHidesTheHandshakeWithTheServer(t *testing.T) {
	t.Parallel()
	proxy := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		hang(conn)
	})
	proxy.trust()
	c := through(t, proxy.server.URL)
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = proxy.transport.TLSClientConfig.RootCAs
	c.Timeout = 2 * time.Second
	_, err := c.Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": no response within 2s`)
	assert.Nil(t, clientError(t, err).AtProxy())
}
