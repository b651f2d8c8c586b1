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

// maxEndless limits an endless body, in bytes, so that a client that reads all of it stops eventually.
const maxEndless = 400_000_000

// send sends the response, with all its faults. A handler that panics with http.ErrAbortHandler makes
// net/http close the connection, in the middle of the response or without one.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a *Response) {
	if !pause(r.Context(), a.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case a.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case a.Reset, a.Close:
		disconnect(w, a.Reset)
		return
	case a.Raw != "":
		sendRaw(w, r, a)
		return
	}

	cut := a.Cut > 0 && a.Cut < len(a.Body)
	endless := a.Endless && !cut
	s.writeHeader(w, a, endless)
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

// writeHeader writes status and headers. Without Content-Length, net/http sends the body chunked.
func (s *Server) writeHeader(w http.ResponseWriter, a *Response, chunked bool) {
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

// pause waits for d. It returns early, and false, if the client disconnects or the server closes.
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

// disconnect ends the connection without a response, by FIN or by RST. A FIN needs the request to have
// been read completely: else the kernel sends an RST.
func disconnect(w http.ResponseWriter, rst bool) {
	conn := hijack(w)
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn() // tls.Conn would send a close_notify first
	}
	if tcp, ok := conn.(*net.TCPConn); ok && rst {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// sendRaw sends bytes that net/http would refuse to send, and closes the connection: at once, or when the client
// disconnects or the server closes.
func sendRaw(w http.ResponseWriter, r *http.Request, a *Response) {
	conn := hijack(w)
	defer conn.Close()
	// net/http no longer watches this connection: close it with the server, and notice if the client closes it.
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

// hijack takes over the connection from net/http.
func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// writeBody writes the body, byte by byte if slow > 0. Write errors are ignored: they mean that the
// client has disconnected, which net/http detects itself.
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

// writeSpaces writes white space up to maxEndless. A JSON decoder accepts it, so only a limit on the
// size of the body stops the client.
func writeSpaces(w io.Writer) {
	spaces := bytes.Repeat([]byte(" "), 64<<10)
	for sent := len(spaces); sent <= maxEndless; sent += len(spaces) {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}
