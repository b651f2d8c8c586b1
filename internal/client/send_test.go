package client

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// lateHandshake is like net/http's error about a handshake, whose type has no name outside.
type lateHandshake struct{}

func (lateHandshake) Error() string   { return "net/http: TLS handshake timeout" }
func (lateHandshake) Timeout() bool   { return true }
func (lateHandshake) Temporary() bool { return true }

func TestHandshakeThatIsLateIsNoneWhoeverEndsIt(t *testing.T) {
	t.Parallel()
	for _, err := range []error{lateHandshake{}, &TimeoutError{Limit: time.Second}} {
		r := &route{}
		r.enter(Handshaking)
		assert.Equal(t, NoHandshake, r.failed("get task", err).Cause(), err)
		r.enter(Sending)
		assert.NotEqual(t, NoHandshake, r.failed("get task", err).Cause(), err)
	}
	r := &route{}
	r.enter(Handshaking)
	assert.NotEqual(t, NoHandshake, r.failed("get task", errors.New("canceled")).Cause())
}
