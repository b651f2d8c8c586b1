package config

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

// checkCertificates checks SSL_CERT_FILE where a request will need it. Otherwise each one would fail until its budget
// is used up, with an error about the server's certificate.
func (p *parser) checkCertificates() {
	const name = "SSL_CERT_FILE"
	path := p.getenv(name)
	if path == "" || !p.config.usesTLS() {
		return
	}
	if err := checkPEM(path); err != nil {
		p.fault(name, "cannot be used: %v: name a file of PEM certificates, or unset it", err)
	}
}

// usesTLS reports whether a request will go to an https endpoint.
func (c *Config) usesTLS() bool {
	used := []string{c.Endpoint, c.Login.IDToken.ActionsURL}
	if c.Login.Method != nil {
		used = append(used, c.LoginEndpoints()...)
	}
	for _, endpoint := range used {
		if strings.HasPrefix(endpoint, "https:") {
			return true
		}
	}
	return false
}

// checkPEM returns why a file holds no certificates that crypto/x509 would read. It does not read a pipe, which can be
// read only once, and no file that is larger than any without certificates.
func checkPEM(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && (!info.Mode().IsRegular() || info.Size() > 1<<20) {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			return nil
		}
	}
	problem := "contains no PEM certificate"
	switch _, err := x509.ParseCertificate(content); {
	case len(content) == 0:
		problem = "is empty"
	case err == nil:
		problem = "is a certificate in DER, not in PEM (openssl x509 -inform der converts it)"
	}
	return fmt.Errorf("%s %s", quote(path), problem)
}
