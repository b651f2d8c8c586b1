package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Phase is how far a request got before it failed.
type Phase int

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
	r := &route{phase: Sending} // on a connection that is kept alive, or else the dialer says so
	resp, err := transport.RoundTrip(req.WithContext(context.WithValue(req.Context(), routeKey{}, r)))
	var login *Error
	if err == nil || errors.As(err, &login) {
		return resp, err
	}
	return nil, r.failed(op, cause(req.Context(), err))
}

// route is the way that a request takes. It is locked, because net/http connects in the background, even after the
// request has ended. (Package httptrace would tell the same, and add 30 kB to the program.)
type route struct {
	mu    sync.Mutex
	phase Phase
	proxy Proxy
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

func (r *route) enter(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = phase
}

// connected notes that there is a connection, to the proxy if there is one.
func (r *route) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = Sending
	if r.proxy.Host != "" {
		r.phase = Tunneling
	}
}

// written notes what is written to a new connection. It returns false once nothing more can be learned from that.
func (r *route) written(b []byte) bool {
	const handshake = 0x16 // the type of a TLS record
	r.mu.Lock()
	defer r.mu.Unlock()
	isHandshake := len(b) > 0 && b[0] == handshake
	switch {
	case r.proxy.Scheme == "https": // TLS with the proxy hides the rest
		return false
	case isHandshake:
		r.phase = Handshaking
	case r.phase == Handshaking: // the server has responded
		r.phase = Sending
	}
	return r.phase != Sending
}

// failed returns the error of a request that ended with err instead of a response.
func (r *route) failed(op string, err error) *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &Error{Op: op, Phase: r.phase, Proxy: r.proxy, Err: err}
	switch isCut := errors.Is(err, io.ErrUnexpectedEOF); {
	case !isCut && !errors.Is(err, io.EOF):
	case r.phase == Tunneling:
		e.Err = errProxyClosed
	case r.phase == Handshaking:
		e.Err = fmt.Errorf("%w: the server closed the connection", ErrNoHandshake)
	case isCut:
		e.Err = errCutOff
	default:
		e.Err = errClosed
	}
	var refusal *ProxyError
	var network *net.OpError
	var late *TimeoutError
	switch {
	case errors.As(err, &refusal):
	case r.proxy.Host != "" && r.phase <= Tunneling:
		e.Err = &ProxyError{Err: e.Err}
	case r.phase == Handshaking && (errors.As(err, &network) && network.Op == "read" || errors.As(err, &late)):
		e.Err = fmt.Errorf("%w: %w", ErrNoHandshake, err)
	default:
		e.Err = withoutRoots(e.Err, x509.SystemCertPool)
	}
	return e
}

// withoutRoots adds to an error about an unknown authority that the machine trusts none at all.
func withoutRoots(err error, system func() (*x509.CertPool, error)) error {
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unverified) || !errors.As(err, &unknown) {
		return err
	}
	if pool, poolErr := system(); poolErr == nil && !pool.Equal(x509.NewCertPool()) {
		return err
	}
	return fmt.Errorf("%w: %w", err, ErrNoRoots)
}

var (
	errProxyClosed = errors.New("the proxy closed the connection without a response")
	errClosed      = errors.New("the server closed the connection without a response")
	errCutOff      = errors.New("the response was cut off")
	errTooLarge    = errors.New("the response is larger than 1 MiB")

	// ErrNoHandshake is a cause of an Error about a server that does not respond to the beginning of TLS.
	ErrNoHandshake = errors.New("no TLS handshake")
	// ErrNoRoots is a cause of an Error about a certificate that cannot be verified.
	ErrNoRoots = errors.New("this machine has no CA certificates")
)
