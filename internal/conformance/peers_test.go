//go:build unix

package conformance

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// peer is another end of a connection than the cloud: what it does before it closes the connection.
type peer func(net.Conn)

// startPeer serves until the test ends, and returns the address.
func startPeer(t *testing.T, serve peer) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				serve(connection)
			}()
		}
	}()
	return listener.Addr().String()
}

// says responds with text to what is sent first, a handshake or a request, and closes.
func says(text string) peer {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 16<<10))
		_, _ = io.WriteString(c, text)
	}
}

// hangs reads, and never responds.
func hangs(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// hangsAfter responds with text to what is sent first, and to nothing after it.
func hangsAfter(text string) peer {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 16<<10))
		_, _ = io.WriteString(c, text)
		hangs(c)
	}
}

// shakesHands does the server's part of TLS, and nothing after it.
func shakesHands(config *tls.Config) peer {
	return func(c net.Conn) {
		if tls.Server(c, config).Handshake() == nil {
			hangs(c)
		}
	}
}

// authority is a CA.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	pem         []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of a test"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{key, certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue returns the configuration of a server with a certificate for these names; none: for 127.0.0.1.
func (a *authority) issue(t *testing.T, until time.Time, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server of a test"},
		NotBefore: until.AddDate(0, -1, 0), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: names,
	}
	if len(names) == 0 {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	require.NoError(t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// What a DNS server does.
const (
	knows    int32 = iota // it resolves one name, to 127.0.0.1
	noSuch                // no name exists
	servfail              // it fails
	silent                // it does not respond
)

// resolver is a DNS server that knows one name.
type resolver struct {
	address string
	does    atomic.Int32
}

func startResolver(t *testing.T, name string) *resolver {
	t.Helper()
	connection, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	r := &resolver{address: connection.LocalAddr().String()}
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := connection.ReadFrom(packet)
			if err != nil {
				return
			}
			if reply := r.reply(packet[:n], encodeName(name)); reply != nil {
				_, _ = connection.WriteTo(reply, from)
			}
		}
	}()
	return r
}

// reply follows RFC 1035, section 4.1: a header of 12 bytes, the question as received and, for our name's
// IPv4 address, one record.
func (r *resolver) reply(query, ours []byte) []byte {
	const nxdomain, failure = 3, 2
	end := bytes.IndexByte(query[min(12, len(query)):], 0)
	if end < 0 || r.does.Load() == silent {
		return nil
	}
	name := query[12 : 12+end+1]
	question := query[12 : 12+len(name)+4]
	isA := bytes.Equal(question[len(name):], []byte{0, 1, 0, 1})

	code, answers, record := byte(nxdomain), byte(0), []byte(nil)
	switch known := bytes.EqualFold(name, ours); {
	case r.does.Load() == servfail:
		code = failure
	case r.does.Load() == knows && known:
		code = 0
		if isA { // a pointer to the question's name, type A, class IN, no caching, 4 bytes
			answers, record = 1, []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1}
		}
	}
	header := []byte{query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0}
	return bytes.Join([][]byte{header, question, record}, nil)
}

func encodeName(name string) (encoded []byte) {
	for label := range bytes.SplitSeq([]byte(name), []byte(".")) {
		encoded = append(append(encoded, byte(len(label))), label...)
	}
	return append(encoded, 0)
}
