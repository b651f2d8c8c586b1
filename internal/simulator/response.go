package simulator

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Response is a response, or a fault instead of one. The zero Response is an empty 200.
// If several faults are set, the first in the order of the fields takes effect.
type Response struct {
	Status int // if 0, 200
	// Header adds to or replaces the headers of every response (Content-Type, Date, X-Request-Id).
	// A name without values removes the header.
	Header http.Header
	Body   string

	Delay   time.Duration // wait first, unless the client disconnects or the server closes
	Hang    bool          // never respond, until the client disconnects or the server closes
	Reset   bool          // reset the connection (TCP RST)
	Close   bool          // close the connection
	Raw     string        // send these bytes, at the pace of Slow, and close the connection unless Open is set
	Open    bool          // with Raw: leave the connection open, until the client disconnects or the server closes
	Cut     int           // if > 0, announce the whole body, send this many bytes of it, close the connection
	Endless bool          // after Body, send spaces without end, chunked; stops after 400 MB
	Slow    time.Duration // if > 0, pause after every byte of Body
}

func jsonResponse(value any) *Response { return &Response{Body: compactJSON(value)} }

// compactJSON returns JSON as the cloud formats it: on one line, with <, > and & unescaped.
func compactJSON(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // cannot happen: all values are strings and numbers
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// randomID returns 32 hex digits.
func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}
