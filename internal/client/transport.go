package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"
)

// NewTransport returns a transport for polling: it keeps one connection, uses the proxy that HTTPS_PROXY and
// NO_PROXY name, and trusts the certificates in SSL_CERT_FILE. A connection has to be established within
// timeout, and its first byte to arrive within another.
func NewTransport(timeout time.Duration) *http.Transport {
	// HTTP/1.1 only: a request that timed out closes its connection, and the next one gets a new one. HTTP/2
	// would keep using the connection that may be the problem.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  noted(http.ProxyFromEnvironment),
		OnProxyConnectResponse: checkConnect,
		DialContext:            dial(timeout),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots(timeout)},
		TLSHandshakeTimeout:    timeout,
		Protocols:              &protocols,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second, // a firewall may have forgotten an older one
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
}

// dial opens connections that have to receive a first byte within timeout. Otherwise net/http would wait a
// minute for a proxy that does not respond to CONNECT, even when the request has long been given up, and each
// poll would leave another connection behind.
func dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: timeout}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		route := routeOf(ctx)
		route.enter(Connecting)
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(timeout)) // fails for a closed connection only
		route.enter(Sending)
		if route.proxy.Host != "" {
			route.enter(Tunneling)
		}
		return &newConn{Conn: conn, route: route}, nil
	}
}

// newConn is a connection whose read deadline ends with its first byte. It notes on the route of the request that it
// was made for how far it got.
type newConn struct {
	net.Conn
	received bool
	route    *route // nil once it is known to be of use
}

func (c *newConn) Write(b []byte) (int, error) {
	if c.route != nil && !c.route.written(b) {
		c.route = nil
	}
	return c.Conn.Write(b)
}

func (c *newConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.received {
		c.received = true
		_ = c.SetReadDeadline(time.Time{}) // as above
	}
	return n, err
}

// roots adds the certificates in SSL_CERT_FILE where Go leaves verification to the system, which does not read that
// variable. Elsewhere it returns nil: crypto/x509 reads the file itself, when it verifies the first certificate.
func roots(timeout time.Duration) *x509.CertPool {
	file := os.Getenv("SSL_CERT_FILE")
	if file == "" || runtime.GOOS != "darwin" && runtime.GOOS != "windows" {
		return nil
	}
	read := make(chan []byte, 1)
	go func() { // nothing can end a read of a pipe without a writer
		pem, _ := os.ReadFile(file) // as on other systems, the verification says what is missing
		read <- pem
	}()
	var pem []byte
	select {
	case pem = <-read:
	case <-time.After(timeout):
	}
	if len(pem) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(pem)
	return pool
}
