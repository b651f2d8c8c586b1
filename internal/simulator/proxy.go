package simulator

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Proxy is a CONNECT proxy on loopback that maps host names to configured addresses. It lets an unchanged
// program that trusts the CA reach https://dms.test without DNS.
type Proxy struct {
	URL string // http, without user and password

	routes   map[string]string
	login    string // required Proxy-Authorization; empty: none
	endpoint *endpoint

	mu       sync.Mutex
	connects []string
}

// StartProxy starts a proxy that runs until [Proxy.Close] is called. routes maps the target of a CONNECT
// request ("dms.test:443") to an address ("127.0.0.1:1234"); where that is empty, the response is 503, as for a name
// that does not exist. The response to other targets is 403, to other methods 405, and to requests without auth
// ("user:password"), unless that is empty, 407.
// It returns an error if it cannot listen.
func StartProxy(routes map[string]string, auth string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p := &Proxy{URL: "http://" + listener.Addr().String(), routes: maps.Clone(routes)}
	if auth != "" {
		p.login = "Basic " + base64.StdEncoding.EncodeToString([]byte(auth))
	}
	p.endpoint = listenAndHandle(listener, p.handle)
	return p, nil
}

// Connects returns the targets of all CONNECT requests so far, in order, including rejected ones.
func (p *Proxy) Connects() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.connects)
}

// Close drops all tunnels and waits for them to end. Further calls do nothing.
func (p *Proxy) Close() error { return p.endpoint.close() }

func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT is supported", http.StatusMethodNotAllowed)
		return
	}
	p.mu.Lock()
	p.connects = append(p.connects, r.Host)
	p.mu.Unlock()

	if p.login != "" && !equal(p.login, r.Header.Get("Proxy-Authorization")) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="simulator"`)
		http.Error(w, "proxy authentication required", http.StatusProxyAuthRequired)
		return
	}
	address, known := p.routes[r.Host]
	if !known {
		http.Error(w, "no route to this host", http.StatusForbidden)
		return
	}
	if address == "" {
		http.Error(w, "the name does not exist", http.StatusServiceUnavailable)
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	tunnel(w, r, upstream.(*net.TCPConn))
}

// tunnel copies in both directions until both have ended, or the proxy closes. It closes upstream.
func tunnel(w http.ResponseWriter, r *http.Request, upstream *net.TCPConn) {
	defer upstream.Close()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	client := conn.(*net.TCPConn)
	defer client.Close()
	// net/http no longer watches a hijacked connection, so only Proxy.Close cancels this context.
	stop := context.AfterFunc(r.Context(), func() { reset(client, upstream) })
	defer stop()

	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { forward(upstream, client, buffered.Reader) })
	directions.Go(func() { forward(client, upstream, upstream) })
	directions.Wait()
}

// forward copies one direction, including how it ends: a close closes this direction, a reset resets both.
func forward(to, from *net.TCPConn, data io.Reader) {
	if _, err := io.Copy(to, data); err != nil {
		reset(to, from)
		return
	}
	_ = to.CloseWrite()
}

func reset(conns ...*net.TCPConn) {
	for _, conn := range conns {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}
