//go:build unix

package conformance

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// route is how the program reaches the cloud. The link is its first hop.
type route int

const (
	overHTTP     route = iota // http://127.0.0.1
	overTLS                   // https://127.0.0.1
	throughProxy              // https://dms.test, through a CONNECT proxy with a login
	byName                    // https://dms.test, by DNS
)

// fault is what the first cell of a row means for the network.
type fault struct {
	route    route
	hangs    bool // nothing happens: requests get 300 ms
	harmless bool // valid responses come nevertheless
	effect   effect
	leadTo   func(*testing.T, *authority) peer // new connections lead to it, and existing ones end
	dns      int32                             // other than knows: existing connections end, too
	files    int                               // how many may be open at once, if more than usual
}

func leadTo(serve peer) func(*testing.T, *authority) peer {
	return func(*testing.T, *authority) peer { return serve }
}

func through(chain ...toxics.Toxic) []toxics.Toxic { return chain }

// Positions in a response, whose headers have some 170 bytes and whose body has more than 300.
const inHeaders, inBody = 100, 300

// slow is longer than the 300 ms of a request; in milliseconds.
const slow = 800

var faults = map[string]fault{
	"connection refused": {effect: effect{refuse: true}},

	"reset before the response": {effect: effect{rst: true, down: through(&toxics.ResetToxic{})}},
	"reset before the request":  {effect: effect{rst: true, up: through(&toxics.ResetToxic{})}},
	"reset inside the body":     {effect: effect{rst: true, down: through(&toxics.LimitDataToxic{Bytes: inBody}, &toxics.SlowCloseToxic{Delay: 20})}},
	"cut inside the headers":    {effect: effect{down: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"cut inside the body":       {effect: effect{down: through(&toxics.LimitDataToxic{Bytes: inBody})}},
	"cut inside the request":    {effect: effect{up: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"cut, and a slow close":     {hangs: true, effect: effect{down: through(&toxics.LimitDataToxic{Bytes: inBody}, &toxics.SlowCloseToxic{Delay: slow})}},
	"slow close":                {harmless: true, effect: effect{down: through(&toxics.SlowCloseToxic{Delay: slow}), up: through(&toxics.SlowCloseToxic{Delay: slow})}},
	"late responses":            {hangs: true, effect: effect{down: through(&toxics.LatencyToxic{Latency: slow})}},
	"late requests":             {hangs: true, effect: effect{up: through(&toxics.LatencyToxic{Latency: slow})}},
	"latency of 100 ms":         {harmless: true, effect: effect{down: through(&toxics.LatencyToxic{Latency: 50}), up: through(&toxics.LatencyToxic{Latency: 50})}},
	"responses at 1 kB/s":       {hangs: true, effect: effect{down: through(&toxics.BandwidthToxic{Rate: 1})}},
	"requests at 1 kB/s":        {hangs: true, effect: effect{up: through(&toxics.BandwidthToxic{Rate: 1})}},
	"20 kB/s":                   {harmless: true, effect: effect{down: through(&toxics.BandwidthToxic{Rate: 20}), up: through(&toxics.BandwidthToxic{Rate: 20})}},
	"responses in slices":       {harmless: true, effect: effect{down: through(&toxics.SlicerToxic{AverageSize: 16, Delay: 500})}},
	"requests in slices":        {harmless: true, effect: effect{up: through(&toxics.SlicerToxic{AverageSize: 16, Delay: 500})}},
	"responses stop":            {hangs: true, effect: effect{down: through(&toxics.TimeoutToxic{})}},
	"requests stop":             {hangs: true, effect: effect{up: through(&toxics.TimeoutToxic{})}},
	"packets are lost":          {hangs: true, effect: effect{up: through(hole{}), down: through(hole{})}},

	"the idle connection closes":                      {effect: effect{existing: true, drop: true}},
	"the idle connection is reset":                    {effect: effect{existing: true, drop: true, rst: true}},
	"the kept connection is reset by a request":       {effect: effect{existing: true, rst: true, up: through(&toxics.ResetToxic{})}},
	"the kept connection is reset without a response": {effect: effect{existing: true, rst: true, down: through(&toxics.ResetToxic{})}},
	"the kept connection loses its packets":           {hangs: true, effect: effect{existing: true, up: through(hole{}), down: through(hole{})}},

	"a server without TLS":           {route: overTLS, leadTo: leadTo(says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))},
	"a close in the handshake":       {route: overTLS, leadTo: leadTo(says(""))},
	"a hang in the handshake":        {route: overTLS, hangs: true, leadTo: leadTo(hangs)},
	"TLS 1.1 only":                   {route: overTLS, leadTo: oldTLS},
	"a certificate for another name": {route: overTLS, leadTo: otherName},
	"a certificate of an unknown CA": {route: overTLS, leadTo: unknownCA},
	"an expired certificate":         {route: overTLS, leadTo: expired},
	"a cut inside a TLS record":      {route: overTLS, effect: effect{down: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"a reset after the handshake":    {route: overTLS, effect: effect{rst: true}, leadTo: resetLater},

	"the proxy refuses the login":   {route: throughProxy, leadTo: proxySays("407 Proxy Authentication Required")},
	"the proxy responds 502":        {route: throughProxy, leadTo: proxySays("502 Bad Gateway")},
	"the proxy responds 503":        {route: throughProxy, leadTo: proxySays("503 Service Unavailable")},
	"the proxy does not speak HTTP": {route: throughProxy, leadTo: leadTo(says("SSH-2.0-OpenSSH_9.6\r\n"))},
	"the proxy hangs":               {route: throughProxy, hangs: true, leadTo: leadTo(hangs)},
	"the proxy closes":              {route: throughProxy, leadTo: leadTo(says(""))},
	"the proxy refuses connections": {route: throughProxy, effect: effect{refuse: true}},
	"the proxy's tunnel hangs":      {route: throughProxy, hangs: true, leadTo: leadTo(hangsAfter("HTTP/1.1 200 Connection established\r\n\r\n"))},
	"the proxy forgets the tunnel":  {route: throughProxy, hangs: true, effect: effect{existing: true, up: through(hole{}), down: through(hole{})}},

	"the name does not exist": {route: byName, dns: noSuch},
	"DNS fails":               {route: byName, dns: servfail},
	// Go's resolver keeps the two sockets of a query for its own 5 s and more, although nobody waits for the
	// response.
	"DNS does not respond": {route: byName, hangs: true, dns: silent, files: 40},
}

func proxySays(status string) func(*testing.T, *authority) peer {
	return leadTo(says("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n"))
}

func oldTLS(t *testing.T, known *authority) peer {
	config := known.issue(t, time.Now().AddDate(0, 0, 1))
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	return shakesHands(config)
}

func otherName(t *testing.T, known *authority) peer {
	return shakesHands(known.issue(t, time.Now().AddDate(0, 0, 1), "other.test"))
}

func unknownCA(t *testing.T, _ *authority) peer {
	return shakesHands(newAuthority(t).issue(t, time.Now().AddDate(0, 0, 1)))
}

// resetLater completes the handshake, and ends the connection at the request, which the link turns into an RST.
func resetLater(t *testing.T, known *authority) peer {
	config := known.issue(t, time.Now().AddDate(0, 0, 1))
	return func(c net.Conn) { _, _ = tls.Server(c, config).Read(make([]byte, 16<<10)) }
}

func expired(t *testing.T, known *authority) peer {
	return shakesHands(known.issue(t, time.Now().AddDate(0, 0, -1)))
}
