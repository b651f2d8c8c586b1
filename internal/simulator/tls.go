package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// StartTLS serves HTTPS on address, such as "127.0.0.1:0", until [Server.Close] is called. The certificate
// is valid for the names and the IP of the address, and signed by a new CA: see [Server.CAFile].
// Only HTTP/1.1 is supported, because a connection shared by requests cannot be reset for one of them.
// It returns an error for a malformed id in s, and if it cannot listen.
func (s *Simulator) StartTLS(address string, names ...string) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	ip := listener.Addr().(*net.TCPAddr).IP.String()
	certificate, ca, err := issue(append([]string{ip}, names...))
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	secure := tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{"http/1.1"},
		MinVersion:   tls.VersionTLS12,
	})
	return s.serve(secure, "https", ca)
}

// CAFile writes the certificate of the server's CA to ca.pem in dir, and returns its path, for SSL_CERT_FILE.
// It returns an error for a server without TLS, and if it cannot write the file.
func (s *Server) CAFile(dir string) (string, error) {
	if s.ca == nil {
		return "", errors.New("write CA file: the server has no certificate, because it serves plain HTTP")
	}
	path := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(path, s.ca, 0o644); err != nil {
		return "", fmt.Errorf("write CA file: %w", err)
	}
	return path, nil
}

// issue returns a certificate for the names (host names or IP addresses), and the new CA that signed it.
// Both are valid for a day by time.Now, because a test that sets the cloud's clock wrong must still connect.
func issue(names []string) (certificate tls.Certificate, caPEM []byte, err error) {
	from, until := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)

	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate, nil, err
	}
	ca := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "dmswait simulator CA"},
		NotBefore:             from,
		NotAfter:              until,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return certificate, nil, err
	}

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate, nil, err
	}
	leaf := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "dmswait simulator"},
		NotBefore:   from,
		NotAfter:    until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return certificate, nil, err
	}
	certificate = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}
