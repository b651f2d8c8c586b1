//go:build unix

package conformance

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// route is how the program gets to the cloud; the link is its first hop.
type route int

const (
	overHTTP     route = iota // http://127.0.0.1
	overTLS                   // https://127.0.0.1
	throughProxy              // https://dms.test, through a CONNECT proxy with a login
	byName                    // https://dms.test, by DNS
)

// fault is a row's first cell as the network does it.
type fault struct {
	route    route
	hangs    bool // it shows by nothing happening: requests get 300 ms
	harmless bool // answers come all the same
	trouble  trouble
	leadTo   func(*testing.T, *authority) peer // new connections lead to it, and those that stand end
	dns      int32                             // where it is not knows, the connections that stand end, too
	files    int                               // how many may be open at once, if more than usual
}

func leadTo(serve peer) func(*testing.T, *authority) peer {
	return func(*testing.T, *authority) peer { return serve }
}

func through(chain ...toxics.Toxic) []toxics.Toxic { return chain }

// Bytes of an answer: its headers have some 170, its body more than 300.
const inHeaders, inBody = 100, 300

// slow is longer than the 300 ms of a request, in milliseconds.
const slow = 800

var faults = map[string]fault{
	"connection refused": {trouble: trouble{refuse: true}},

	"reset before the answer":    {trouble: trouble{rst: true, down: through(&toxics.ResetToxic{})}},
	"reset before the request":   {trouble: trouble{rst: true, up: through(&toxics.ResetToxic{})}},
	"reset inside the body":      {trouble: trouble{rst: true, down: through(&toxics.LimitDataToxic{Bytes: inBody}, &toxics.SlowCloseToxic{Delay: 20})}},
	"cut inside the headers":     {trouble: trouble{down: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"cut inside the body":        {trouble: trouble{down: through(&toxics.LimitDataToxic{Bytes: inBody})}},
	"cut inside the request":     {trouble: trouble{up: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"cut, and a slow close":      {hangs: true, trouble: trouble{down: through(&toxics.LimitDataToxic{Bytes: inBody}, &toxics.SlowCloseToxic{Delay: slow})}},
	"slow close":                 {harmless: true, trouble: trouble{down: through(&toxics.SlowCloseToxic{Delay: slow}), up: through(&toxics.SlowCloseToxic{Delay: slow})}},
	"late answers":               {hangs: true, trouble: trouble{down: through(&toxics.LatencyToxic{Latency: slow})}},
	"late requests":              {hangs: true, trouble: trouble{up: through(&toxics.LatencyToxic{Latency: slow})}},
	"latency of 100 ms":          {harmless: true, trouble: trouble{down: through(&toxics.LatencyToxic{Latency: 50}), up: through(&toxics.LatencyToxic{Latency: 50})}},
	"answers at 1 kB/s":          {hangs: true, trouble: trouble{down: through(&toxics.BandwidthToxic{Rate: 1})}},
	"requests at 1 kB/s":         {hangs: true, trouble: trouble{up: through(&toxics.BandwidthToxic{Rate: 1})}},
	"20 kB/s":                    {harmless: true, trouble: trouble{down: through(&toxics.BandwidthToxic{Rate: 20}), up: through(&toxics.BandwidthToxic{Rate: 20})}},
	"answers in slices":          {harmless: true, trouble: trouble{down: through(&toxics.SlicerToxic{AverageSize: 16, Delay: 500})}},
	"requests in slices":         {harmless: true, trouble: trouble{up: through(&toxics.SlicerToxic{AverageSize: 16, Delay: 500})}},
	"answers stop":               {hangs: true, trouble: trouble{down: through(&toxics.TimeoutToxic{})}},
	"requests stop":              {hangs: true, trouble: trouble{up: through(&toxics.TimeoutToxic{})}},
	"connections fall in a hole": {hangs: true, trouble: trouble{up: through(hole{}), down: through(hole{})}},

	"the idle connection closes":                      {trouble: trouble{standing: true, drop: true}},
	"the idle connection is reset":                    {trouble: trouble{standing: true, drop: true, rst: true}},
	"the kept connection is reset by the request":     {trouble: trouble{standing: true, rst: true, up: through(&toxics.ResetToxic{})}},
	"the kept connection is reset instead of answers": {trouble: trouble{standing: true, rst: true, down: through(&toxics.ResetToxic{})}},
	"the kept connection falls in a hole":             {hangs: true, trouble: trouble{standing: true, up: through(hole{}), down: through(hole{})}},

	"a server without TLS":        {route: overTLS, leadTo: leadTo(says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))},
	"a close in the handshake":    {route: overTLS, leadTo: leadTo(says(""))},
	"a hang in the handshake":     {route: overTLS, hangs: true, leadTo: leadTo(hangs)},
	"TLS 1.1 only":                {route: overTLS, leadTo: oldTLS},
	"a certificate's other name":  {route: overTLS, leadTo: otherName},
	"a certificate's unknown CA":  {route: overTLS, leadTo: unknownCA},
	"a certificate that is over":  {route: overTLS, leadTo: expired},
	"a cut inside a TLS record":   {route: overTLS, trouble: trouble{down: through(&toxics.LimitDataToxic{Bytes: inHeaders})}},
	"a reset after the handshake": {route: overTLS, trouble: trouble{rst: true}, leadTo: resetLater},

	"the proxy wants a login":      {route: throughProxy, leadTo: proxySays("407 Proxy Authentication Required")},
	"the proxy answers 502":        {route: throughProxy, leadTo: proxySays("502 Bad Gateway")},
	"the proxy answers 503":        {route: throughProxy, leadTo: proxySays("503 Service Unavailable")},
	"the proxy speaks nonsense":    {route: throughProxy, leadTo: leadTo(says("SSH-2.0-OpenSSH_9.6\r\n"))},
	"the proxy hangs":              {route: throughProxy, hangs: true, leadTo: leadTo(hangs)},
	"the proxy closes":             {route: throughProxy, leadTo: leadTo(says(""))},
	"the proxy is gone":            {route: throughProxy, trouble: trouble{refuse: true}},
	"the proxy's tunnel hangs":     {route: throughProxy, hangs: true, leadTo: leadTo(hangsAfter("HTTP/1.1 200 Connection established\r\n\r\n"))},
	"the proxy forgets the tunnel": {route: throughProxy, hangs: true, trouble: trouble{standing: true, up: through(hole{}), down: through(hole{})}},

	"DNS knows no such name": {route: byName, dns: noSuch},
	"DNS is in trouble":      {route: byName, dns: servfail},
	// Go's resolver keeps the two sockets of a question for its own 5 s and more, though nobody waits for the answer any more.
	"DNS is silent": {route: byName, hangs: true, dns: silent, files: 40},
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

// resetLater shakes hands, and resets the connection when the request comes: the link makes an RST of its end.
func resetLater(t *testing.T, known *authority) peer {
	config := known.issue(t, time.Now().AddDate(0, 0, 1))
	return func(c net.Conn) { _, _ = tls.Server(c, config).Read(make([]byte, 16<<10)) }
}

func expired(t *testing.T, known *authority) peer {
	return shakesHands(known.issue(t, time.Now().AddDate(0, 0, -1)))
}
