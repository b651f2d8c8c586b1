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

// Proxy is a CONNECT proxy on loopback: it connects names to the addresses it is given, and nothing else.
// With it, a program that is given a CA reaches https://dms.test without DNS and without a change to itself.
type Proxy struct {
	URL string // http, without user and password

	routes   map[string]string
	login    string // the Proxy-Authorization that is asked for; empty: none
	endpoint *endpoint

	mu       sync.Mutex
	connects []string
}

// StartProxy starts a proxy until [Proxy.Close]. Routes lead from a target as it is asked for ("dms.test:443") to the
// address it stands for ("127.0.0.1:1234"); other targets are answered 403, and other methods than CONNECT 405.
// With auth ("user:password") a request without it is answered 407. It fails when nothing can be listened on.
func StartProxy(routes map[string]string, auth string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p := &Proxy{URL: "http://" + listener.Addr().String(), routes: maps.Clone(routes)}
	if auth != "" {
		p.login = "Basic " + base64.StdEncoding.EncodeToString([]byte(auth))
	}
	p.endpoint = open(listener, p.handle)
	return p, nil
}

// Connects returns the targets asked for so far, in order, those that were refused too.
func (p *Proxy) Connects() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.connects)
}

// Close ends every tunnel at once and waits for them. Closing again does nothing.
func (p *Proxy) Close() error { return p.endpoint.close() }

func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy tunnels only", http.StatusMethodNotAllowed)
		return
	}
	p.mu.Lock()
	p.connects = append(p.connects, r.Host)
	p.mu.Unlock()

	if p.login != "" && !equal(p.login, r.Header.Get("Proxy-Authorization")) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="simulator"`)
		http.Error(w, "proxy login required", http.StatusProxyAuthRequired)
		return
	}
	address, known := p.routes[r.Host]
	if !known {
		http.Error(w, "no route to this host", http.StatusForbidden)
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	tunnel(w, r, upstream.(*net.TCPConn))
}

// tunnel copies both ways until both sides have ended, or the proxy closes. It closes upstream.
func tunnel(w http.ResponseWriter, r *http.Request, upstream *net.TCPConn) {
	defer upstream.Close()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	client := conn.(*net.TCPConn)
	defer client.Close()
	// A hijacked connection is no longer watched, so this context ends by Proxy.Close alone.
	stop := context.AfterFunc(r.Context(), func() { reset(client, upstream) })
	defer stop()

	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var ways sync.WaitGroup
	ways.Go(func() { forward(upstream, client, buffered.Reader) })
	ways.Go(func() { forward(client, upstream, upstream) })
	ways.Wait()
}

// forward passes everything on, and the way it ends too: a close as a close of this direction, a reset as a reset of both.
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
