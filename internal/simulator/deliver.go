package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxEndless bounds an endless body, in bytes, so that a client which reads it all does not read for ever.
const maxEndless = 400_000_000

// deliver gives the answer, with all its faults. http.ErrAbortHandler is how a handler closes a connection
// of net/http in the middle of an answer, or without any.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, a *Answer) {
	if !pause(r.Context(), a.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case a.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case a.Reset, a.Close:
		hangUp(w, a.Reset)
		return
	case a.Raw != "":
		sendRaw(w, r, a)
		return
	}

	cut := a.Cut > 0 && a.Cut < len(a.Body)
	endless := a.Endless && !cut
	s.writeHead(w, a, endless)
	body := a.Body
	if cut {
		body = body[:a.Cut]
	}
	writeBody(r.Context(), w, body, a.Slow)
	if endless {
		writeSpaces(w)
	}
	if cut || endless {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// writeHead sets status and headers. Without a length, net/http sends chunks.
func (s *Server) writeHead(w http.ResponseWriter, a *Answer, chunked bool) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Date", s.cloud.Clock().UTC().Format(http.TimeFormat))
	header.Set("X-Request-Id", randomID())
	if !chunked {
		header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	for name, values := range a.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
}

// pause waits, and tells whether the time has passed: false if the client has gone away or the server closes.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// hangUp ends the connection without an answer, by FIN or by RST. The request was read whole, else a FIN would be an RST too.
func hangUp(w http.ResponseWriter, rst bool) {
	conn := hijack(w)
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn() // TLS would say goodbye first
	}
	if tcp, ok := conn.(*net.TCPConn); ok && rst {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// sendRaw sends what net/http would not let through, and ends the connection; at once, or when
// the client does or the server closes.
func sendRaw(w http.ResponseWriter, r *http.Request, a *Answer) {
	conn := hijack(w)
	defer conn.Close()
	// Nobody else looks after this connection any more: neither when the server closes nor when the client goes away.
	defer context.AfterFunc(r.Context(), func() { _ = conn.Close() })()
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	if a.Open {
		defer func() { <-ctx.Done() }()
	}
	if a.Slow <= 0 {
		_, _ = io.WriteString(conn, a.Raw)
		return
	}
	for i := range len(a.Raw) {
		if _, err := io.WriteString(conn, a.Raw[i:i+1]); err != nil || !pause(ctx, a.Slow) {
			return
		}
	}
}

// hijack takes the connection out of net/http's hands.
func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// writeBody sends the body, byte by byte if it is to be slow. Writing fails only when nobody listens any more,
// which the server sees by itself.
func writeBody(ctx context.Context, w http.ResponseWriter, body string, slow time.Duration) {
	if slow <= 0 {
		_, _ = io.WriteString(w, body)
		return
	}
	for i := range len(body) {
		_, _ = io.WriteString(w, body[i:i+1])
		_ = http.NewResponseController(w).Flush()
		if !pause(ctx, slow) {
			panic(http.ErrAbortHandler)
		}
	}
}

// writeSpaces sends JSON's white space, so that no reader finds fault with the body before it finds it too long.
func writeSpaces(w io.Writer) {
	spaces := bytes.Repeat([]byte(" "), 64<<10)
	for sent := len(spaces); sent <= maxEndless; sent += len(spaces) {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}
