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

// maxBody is the size limit of a request body, in bytes.
const maxBody = 1 << 20

// Server is a running [Simulator]. Its methods are safe for concurrent use.
type Server struct {
	URL string // base URL, without a trailing slash

	cloud    Simulator
	start    time.Time // by the cloud's clock
	ca       []byte    // PEM; nil without TLS
	endpoint *endpoint
	ledger   ledger

	mu       sync.Mutex
	requests []Request
	counts   map[string]int       // by kind
	minute   int                  // for Simulator.PerMinute: the present one,
	inMinute int                  // and the requests in it
	polled   map[string]time.Time // first request for each task, by lower-case id and the cloud's clock
}

// Start serves plain HTTP on a free port of 127.0.0.1 until [Server.Close] is called.
// It returns an error for a malformed id in s, and if it cannot listen.
func (s *Simulator) Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	return s.serve(listener, "http", nil)
}

// serve takes ownership of the listener, and closes it on error.
func (s *Simulator) serve(listener net.Listener, scheme string, ca []byte) (*Server, error) {
	cloud, err := s.withDefaults()
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
		polled: map[string]time.Time{},
	}
	server.Revoke() // initializes the ledger
	server.endpoint = listenAndHandle(listener, server.handle)
	return server, nil
}

// handle records the request, then responds with the result of Intercept or else the regular response.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	// An incomplete body fails the check of the signature. One byte above the limit shows that it is too large.
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	target := lookUp(r.URL.Path)
	request := s.record(r, target.kind, body[:min(len(body), maxBody)])

	var response *Response
	if s.cloud.Intercept != nil {
		response = s.cloud.Intercept(request)
	}
	if response == nil {
		response = s.respond(target, &call{request: r, body: body, ids: target.ids, now: s.cloud.Clock()})
	}
	s.send(w, r, response)
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

// Requests returns all requests so far, in order of arrival. Their headers and bodies are shared with
// the server and must not be modified.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count returns the number of requests of a kind so far.
func (s *Server) Count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[kind]
}

// Connections returns the number of TCP connections accepted so far: 1 as long as a single client
// keeps its connection alive.
func (s *Server) Connections() int { return int(s.endpoint.accepted.Load()) }

// Close drops all connections, including responses in progress, and waits for all handlers to return.
// Further calls do nothing. Calling it from Intercept or Clock deadlocks.
func (s *Server) Close() error { return s.endpoint.close() }

// endpoint is an [http.Server] that stops completely: Close of the standard one neither waits for
// handlers nor closes hijacked connections.
type endpoint struct {
	server   *http.Server
	cancel   context.CancelFunc // cancels the context of every request
	served   chan struct{}      // closed when Serve has returned
	busy     sync.WaitGroup     // open connections and running handlers
	accepted atomic.Int64
	close    func() error
}

// listenAndHandle serves the listener until close is called.
func listenAndHandle(listener net.Listener, handle http.HandlerFunc) *endpoint {
	ctx, cancel := context.WithCancel(context.Background())
	e := &endpoint{cancel: cancel, served: make(chan struct{})}
	e.close = sync.OnceValue(e.stop)
	e.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.busy.Add(1)
			defer e.busy.Done()
			handle(w, r)
		}),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnState:   e.track,
		ErrorLog:    log.New(io.Discard, "", 0), // some tests provoke failed handshakes
	}
	go func() {
		defer close(e.served)
		_ = e.server.Serve(listener) // always ErrServerClosed: only stop closes the listener
	}()
	return e
}

func (e *endpoint) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		e.accepted.Add(1)
		e.busy.Add(1)
	case http.StateClosed, http.StateHijacked:
		e.busy.Done()
	}
}

func (e *endpoint) stop() error {
	e.cancel()
	err := e.server.Close()
	<-e.served
	// The first Close misses a connection that is accepted while it runs.
	_ = e.server.Close()
	e.busy.Wait()
	return err
}
