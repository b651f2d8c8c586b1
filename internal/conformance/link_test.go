//go:build unix

package conformance

import (
	"bytes"
	"cmp"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/stretchr/testify/require"
)

// effect is what a link does to its connections.
type effect struct {
	up, down []toxics.Toxic // on requests and on responses, at most two each
	rst      bool           // connections end with RST, not with FIN
	refuse   bool           // nobody listens, and existing connections end
	drop     bool           // existing connections end
	divert   string         // existing connections end, and new ones go to this address
	existing bool           // only connections that exist at the start are affected, and they do not recover
}

// link is the network between the program and its peers: a TCP proxy whose data goes through toxiproxy's toxics.
// Toxiproxy's own proxy includes an API server and metrics, and does not report how many connections are open.
type link struct {
	address, target string

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	effect   effect
	all      []*connection
	accepted int
	overlap  time.Duration // the longest time that the program had a connection open beside a newer one
}

type connection struct {
	client, server *net.TCPConn
	up, down       *lane
	gone           bool      // the client has closed it, or we have
	lost           bool      // does not recover
	overtaken      time.Time // when a newer one was opened; zero: none was
}

func startLink(t *testing.T, target string) *link {
	t.Helper()
	l := &link{target: target}
	require.NoError(t, l.listen("127.0.0.1:0"))
	t.Cleanup(l.close)
	return l
}

func (l *link) listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	l.listener, l.address = listener, listener.Addr().String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			l.join(client.(*net.TCPConn))
		}
	}()
	return nil
}

func (l *link) join(client *net.TCPConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted++
	for _, c := range l.all {
		if !c.gone && c.overtaken.IsZero() {
			c.overtaken = time.Now()
		}
	}
	server, err := net.Dial("tcp", cmp.Or(l.effect.divert, l.target))
	if err != nil || l.listener == nil {
		_ = client.Close()
		return
	}
	c := &connection{client: client, server: server.(*net.TCPConn)}
	l.all = append(l.all, c)
	c.linger(l.effect.rst)
	c.up = startLane(c.server, client, l.effect.up, func() { l.leave(c) })
	c.down = startLane(client, c.server, l.effect.down, func() {})
}

func (l *link) leave(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.gone = true
	if !c.overtaken.IsZero() {
		l.overlap = max(l.overlap, time.Since(c.overtaken))
	}
}

// seen returns how many connections there were, and the longest time that one was open beside a newer one.
func (l *link) seen() (connections int, overlap time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	overlap = l.overlap
	for _, c := range l.all {
		if !c.gone && !c.overtaken.IsZero() {
			overlap = max(overlap, time.Since(c.overtaken))
		}
	}
	return l.accepted, overlap
}

// apply starts an effect, which replaces the one before; the zero effect is none.
func (l *link) apply(t *testing.T, next effect) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.effect
	l.effect = next
	if next.existing {
		l.effect = effect{}
	}
	if next.refuse {
		_ = l.listener.Close()
		l.listener = nil
	}
	ends := next.refuse || next.drop || next.divert != before.divert
	for _, c := range l.all {
		if c.gone || c.lost {
			continue
		}
		c.lost = next.existing
		c.linger(next.rst)
		if ends {
			c.end()
			continue
		}
		c.up.put(next.up)
		c.down.put(next.down)
	}
	if before.refuse && !next.refuse {
		// The port is unlikely to be in use by others, and not for long.
		var err error
		for range 100 {
			if err = l.listen(l.address); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		require.NoError(t, err, "listen on the same port again")
	}
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
	for _, c := range l.all {
		c.end()
		c.up.put(nil)
		c.down.put(nil)
	}
}

func (c *connection) linger(rst bool) {
	seconds := -1
	if rst {
		seconds = 0
	}
	_ = c.client.SetLinger(seconds)
	_ = c.server.SetLinger(seconds)
}

func (c *connection) end() {
	c.gone = true
	_ = c.client.Close()
	_ = c.server.Close()
}

// lane is one direction of a connection: data passes through two stages, each of which runs a toxic.
type lane struct {
	stages [2]*toxics.ToxicStub
	runs   [2]toxics.Toxic
}

// startLane forwards data, and the end of the source. It calls ended as soon as the source has ended.
func startLane(to, from *net.TCPConn, through []toxics.Toxic, ended func()) *lane {
	in, between, out := make(chan *stream.StreamChunk), make(chan *stream.StreamChunk), make(chan *stream.StreamChunk)
	l := &lane{stages: [2]*toxics.ToxicStub{toxics.NewToxicStub(in, between), toxics.NewToxicStub(between, out)}}
	for i := range l.stages {
		l.run(i, through)
	}
	go func() {
		defer close(in)
		defer ended()
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				in <- &stream.StreamChunk{Data: bytes.Clone(buffer[:n]), Timestamp: time.Now()}
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		for chunk := range out {
			_, _ = to.Write(chunk.Data) // fails where nobody reads any more
		}
		_ = to.Close()
	}()
	return l
}

func (l *lane) run(i int, through []toxics.Toxic) {
	l.runs[i] = new(toxics.NoopToxic)
	if i < len(through) {
		l.runs[i] = through[i]
	}
	stage := l.stages[i]
	if toxic, ok := l.runs[i].(toxics.StatefulToxic); ok {
		stage.State = toxic.NewState()
	}
	wrapped := &toxics.ToxicWrapper{Toxic: l.runs[i], Toxicity: 1}
	go func() {
		if !stage.Closed() {
			stage.Run(wrapped)
		}
		if stage.Closed() {
			for range stage.Input { // nobody must wait for an ended stage
			}
		}
	}()
}

// put replaces the toxics, of the last stage first, so that none waits for the next one.
func (l *lane) put(through []toxics.Toxic) {
	for i := len(l.stages) - 1; i >= 0; i-- {
		stage := l.stages[i]
		if !stage.InterruptToxic() {
			continue
		}
		if toxic, ok := l.runs[i].(toxics.CleanupToxic); ok {
			toxic.Cleanup(stage)
		}
		l.run(i, through)
	}
}

// hole is a toxic like timeout, but it does not forward the end of the source either.
type hole struct{}

func (hole) Pipe(stage *toxics.ToxicStub) {
	input := stage.Input
	for {
		select {
		case <-stage.Interrupt:
			return
		case chunk := <-input:
			if chunk == nil {
				input = nil
			}
		}
	}
}
