package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"
)

// ProxyError says that the proxy refused to connect us.
type ProxyError struct{ StatusCode int }

func (e *ProxyError) Error() string {
	return strings.TrimRight(fmt.Sprintf("the proxy answered %d %s", e.StatusCode, http.StatusText(e.StatusCode)), " ")
}

// NewTransport returns a transport for polling: it keeps one connection, goes through the proxy that HTTPS_PROXY and NO_PROXY name,
// and trusts the certificates that SSL_CERT_FILE names. A connection has to stand within timeout, and to bring something within as long again.
func NewTransport(timeout time.Duration) *http.Transport {
	// HTTP/1.1 only: a request that ran out of time closes its connection, and the next one gets a fresh one.
	// On HTTP/2 it would go on using the connection that may be the trouble.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: refused,
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

// dial opens connections that must not be silent for longer than timeout at first. A proxy that is asked for a tunnel and does not answer
// would else be waited for a minute, whoever has given up by then, and each poll would leave one more connection behind.
func dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: timeout}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(timeout)) // fails for a closed connection only
		return &unheard{Conn: conn}, nil
	}
}

// unheard is a connection with a deadline that ends with the first byte.
type unheard struct {
	net.Conn
	heard bool
}

func (c *unheard) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.heard {
		c.heard = true
		_ = c.SetReadDeadline(time.Time{}) // as above
	}
	return n, err
}

func refused(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &ProxyError{StatusCode: resp.StatusCode}
	}
	return nil
}

// roots adds SSL_CERT_FILE's certificates where Go leaves it to the system to verify and does not read that variable.
// Elsewhere nil makes crypto/x509 read it itself, when the first certificate is to be verified.
func roots(timeout time.Duration) *x509.CertPool {
	file := os.Getenv("SSL_CERT_FILE")
	if file == "" || runtime.GOOS != "darwin" && runtime.GOOS != "windows" {
		return nil
	}
	read := make(chan []byte, 1)
	go func() { // which nothing can end: the file may be a pipe without a writer
		pem, _ := os.ReadFile(file) // as on other systems, the verification will say what is missing
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
