package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Phase is how far a request got before it failed.
type Phase int32

// The phases.
const (
	Connecting  Phase = iota // to the server or, where there is one, to the proxy
	Tunneling                // the proxy is to open a tunnel to the server
	Handshaking              // TLS with the server
	Sending                  // the request, until its response
)

// TimeoutError is the cause of the end of a request that took too long.
type TimeoutError struct{ Limit time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("no response within %v", e.Limit) }

// Send sends a request once. Its error is an *Error or, where the login that the request needs failed, wraps one.
func Send(transport http.RoundTripper, req *http.Request, op string) (*http.Response, error) {
	r := &route{}
	r.enter(Sending) // on a connection that is kept alive; otherwise the dialer notes more
	resp, err := transport.RoundTrip(req.WithContext(context.WithValue(req.Context(), routeKey{}, r)))
	var login *Error
	if err == nil || errors.As(err, &login) {
		return resp, err
	}
	return nil, r.failed(op, cause(req.Context(), err))
}

// route is the way that a request takes. Package net/http connects in the background, even after the request has ended.
// (Package httptrace could trace the same, and would make the program 30 kB larger.)
type route struct {
	phase atomic.Int32 // a Phase
	proxy Proxy        // set before there is a connection
}

// routeKey is the key of a request's route in its context.
type routeKey struct{}

// routeOf returns the route of the request with this context, or one that nobody reads.
func routeOf(ctx context.Context) *route {
	if r, ok := ctx.Value(routeKey{}).(*route); ok {
		return r
	}
	return &route{}
}

func (r *route) enter(phase Phase) { r.phase.Store(int32(phase)) }

func (r *route) in() Phase { return Phase(r.phase.Load()) }

// written notes what is written to a new connection. It returns false once nothing more can be learned from that.
func (r *route) written(b []byte) bool {
	const handshake = 0x16 // the type of a TLS record
	switch {
	case r.proxy.Scheme == "https": // TLS with the proxy hides the rest
		return false
	case len(b) > 0 && b[0] == handshake:
		r.enter(Handshaking)
	case r.in() == Handshaking: // the server has responded
		r.enter(Sending)
	}
	return r.in() != Sending
}

// failed returns the error of a request that ended with err instead of a response.
func (r *route) failed(op string, err error) *Error {
	phase := r.in()
	e := &Error{Op: op, Phase: phase, Proxy: r.proxy, Err: err}
	switch isCut := errors.Is(err, io.ErrUnexpectedEOF); {
	case !isCut && !errors.Is(err, io.EOF):
	case phase == Tunneling:
		e.Err = errProxyClosed
	case phase == Handshaking:
		e.Err = fmt.Errorf("%w: the server closed the connection", errNoHandshake)
	case isCut:
		e.Err = errCutOff
	default:
		e.Err = errClosed
	}
	var refusal *ProxyError
	var network *net.OpError
	var late *TimeoutError
	var handshake net.Error // net/http's own limit for the handshake, which ends at the same time as ours
	switch {
	case errors.As(err, &refusal):
	case r.proxy.Host != "" && phase <= Tunneling:
		e.Err = &ProxyError{Err: e.Err}
	case phase == Handshaking && (errors.As(err, &network) && network.Op == "read" ||
		errors.As(err, &late) || errors.As(err, &handshake) && handshake.Timeout()):
		e.Err = fmt.Errorf("%w: %w", errNoHandshake, err)
	}
	return e
}

var (
	errProxyClosed = errors.New("the proxy closed the connection without a response")
	errClosed      = errors.New("the server closed the connection without a response")
	errCutOff      = errors.New("the response was cut off")
	errTooLarge    = errors.New("the response is larger than 1 MiB")
	errNoHandshake = errors.New("no TLS handshake")
	// ErrNoRoots is a cause of an Error about a certificate that cannot be verified.
	ErrNoRoots = errors.New("this machine has no CA certificates")
)
