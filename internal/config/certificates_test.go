package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCertificateFileMustHoldPEMCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	server.Close()
	der := server.Certificate().Raw
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	good := encode("CERTIFICATE", der)
	for name, test := range map[string]struct{ content, problem string }{
		"one certificate":          {good, ""},
		"text around it":           {"# corporate\r\n" + good + "end", ""},
		"another block before it":  {encode("PRIVATE KEY", der) + encode("CERTIFICATE", []byte("x")) + good, ""},
		"empty":                    {"", "is empty"},
		"DER":                      {string(der), "is a certificate in DER, not in PEM (openssl x509 -inform der converts it)"},
		"a private key":            {encode("PRIVATE KEY", der), "contains no PEM certificate"},
		"a certificate cut off":    {good[:len(good)/2], "contains no PEM certificate"},
		"no certificate in PEM":    {encode("CERTIFICATE", []byte("x")), "contains no PEM certificate"},
		"a page":                   {"<html>", "contains no PEM certificate"},
		"too large to be an error": {strings.Repeat("#", 1<<20+1), ""},
	} {
		path := tempFile(t, test.content)
		_, faults := parse(complete().with(vars{"SSL_CERT_FILE": path}))
		if test.problem == "" {
			assert.Empty(t, faults, name)
			continue
		}
		assert.Equal(t, []string{"SSL_CERT_FILE cannot be used: " + strconv.Quote(path) + " " + test.problem +
			": name a file of PEM certificates, or unset it"}, faults, name)
	}
	for path, problem := range map[string]string{
		t.TempDir():                           "is a directory",
		filepath.Join(t.TempDir(), "missing"): "no such file or directory",
	} {
		_, faults := parse(complete().with(vars{"SSL_CERT_FILE": path}))
		if assert.Len(t, faultsOf(faults, "SSL_CERT_FILE"), 1) {
			assert.Contains(t, faults[0], path+": "+problem+": name a file of PEM certificates")
		}
	}
	_, faults := parse(complete().with(vars{"SSL_CERT_FILE": os.DevNull}))
	assert.Empty(t, faults, "what can be read only once is not read")
}

func TestCertificateFileCountsOnlyWithTLS(t *testing.T) {
	t.Parallel()
	plain := complete().with(vars{"SSL_CERT_FILE": "/nonexistent", "DMSWAIT_ENDPOINT": "http://127.0.0.1:1"})
	_, faults := parse(plain)
	assert.Empty(t, faults)
	for name, more := range map[string]vars{
		"IAM": {"DMSWAIT_PROJECT_ID": ""},
		"GitHub": withoutCredentials().with(vars{"DMSWAIT_PROVIDER_URN": "p", "DMSWAIT_AGENCY_URN": "a",
			"DMSWAIT_STS_ENDPOINT": "http://127.0.0.1:1", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://actions.test",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}),
	} {
		_, faults := parse(plain.with(more))
		require.Len(t, faults, 1, name)
		assert.Len(t, faultsOf(faults, "SSL_CERT_FILE"), 1, name)
	}
}
