package simulator

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxBody is the longest body a request may have, in bytes.
const maxBody = 1 << 20

// Server is a started [Simulator]. Its methods can be called at any time, from several goroutines.
type Server struct {
	URL string // base URL, without a slash at its end

	cloud    Simulator
	start    time.Time // by the cloud's clock
	ca       []byte    // PEM; nil without TLS
	endpoint *endpoint
	ledger   ledger

	mu       sync.Mutex
	requests []Request
	counts   map[string]int // by kind
}

// Start serves plain HTTP on a free port of 127.0.0.1 until [Server.Close].
// It fails on a malformed id in s, or when nothing can be listened on.
func (s *Simulator) Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	return s.serve(listener, "http", nil)
}

// serve takes the listener over, and closes it when it fails.
func (s *Simulator) serve(listener net.Listener, scheme string, ca []byte) (*Server, error) {
	cloud, err := s.settled()
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	server := &Server{
		URL:    scheme + "://" + listener.Addr().String(),
		cloud:  cloud,
		start:  cloud.Clock(),
		ca:     ca,
		counts: map[string]int{},
	}
	server.Revoke() // of nothing: this makes the ledger ready
	server.endpoint = open(listener, server.handle)
	return server, nil
}

// handle answers one request: recorded first, then asked of the script, then of the cloud.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	// What could not be read is missing from the body, and fails the signature; there is nobody left to tell.
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	asked := find(r.URL.Path)
	request := s.record(r, asked.kind, body[:min(len(body), maxBody)])

	var answer *Answer
	if s.cloud.Intercept != nil {
		answer = s.cloud.Intercept(request)
	}
	if answer == nil {
		answer = s.answer(asked, &call{request: r, body: body, ids: asked.ids, now: s.cloud.Clock()})
	}
	s.deliver(w, r, answer)
}

func (s *Server) record(r *http.Request, kind string, body []byte) Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[kind]++
	request := Request{
		N:          len(s.requests) + 1,
		Nth:        s.counts[kind],
		Kind:       kind,
		Method:     r.Method,
		Path:       r.URL.Path,
		RawQuery:   r.URL.RawQuery,
		Host:       r.Host,
		Header:     r.Header.Clone(),
		Body:       body,
		At:         time.Now(),
		RemoteAddr: r.RemoteAddr,
	}
	s.requests = append(s.requests, request)
	return request
}

// Requests returns all requests so far, in the order in which they had arrived. Their headers and bodies are
// shared with the server's record: read them only.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count returns how many requests of a kind have arrived.
func (s *Server) Count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[kind]
}

// Connections returns how many TCP connections were accepted so far: 1 as long as the client keeps its own alive.
func (s *Server) Connections() int { return int(s.endpoint.accepted.Load()) }

// Close ends everything at once, answers under way too, and waits until all handlers have returned.
// Closing again does nothing. Don't call it from Intercept or Clock, which it waits for.
func (s *Server) Close() error { return s.endpoint.close() }

// endpoint is an [http.Server] that ends completely: the standard one's Close neither waits for handlers
// nor knows connections that were hijacked.
type endpoint struct {
	server   *http.Server
	cancel   context.CancelFunc // ends the context of every request
	served   chan struct{}      // closed when no connection is accepted any more
	busy     sync.WaitGroup     // open connections and running handlers
	accepted atomic.Int64
	close    func() error
}

// open serves the listener until close.
func open(listener net.Listener, handle http.HandlerFunc) *endpoint {
	ctx, cancel := context.WithCancel(context.Background())
	e := &endpoint{cancel: cancel, served: make(chan struct{})}
	e.close = sync.OnceValue(e.end)
	e.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.busy.Add(1)
			defer e.busy.Done()
			handle(w, r)
		}),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnState:   e.watch,
		ErrorLog:    log.New(io.Discard, "", 0), // failed handshakes are what some tests are about
	}
	go func() {
		defer close(e.served)
		_ = e.server.Serve(listener) // ErrServerClosed, always: the listener is closed by end alone
	}()
	return e
}

func (e *endpoint) watch(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		e.accepted.Add(1)
		e.busy.Add(1)
	case http.StateClosed, http.StateHijacked:
		e.busy.Done()
	}
}

func (e *endpoint) end() error {
	e.cancel()
	err := e.server.Close()
	<-e.served
	// A connection accepted while the first Close was under way is known only now.
	_ = e.server.Close()
	e.busy.Wait()
	return err
}
