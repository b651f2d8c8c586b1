//go:build unix

package process_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestHTTPSThroughAProxyWithAPrivateCA(t *testing.T) {
	t.Parallel()
	server, proxy, ca := behindProxy(t, "")
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.Equal(t, []string{"dms.test:443"}, proxy.Connects())
	assert.Equal(t, "dms.test", server.Requests()[0].Host)

	direct := trial.New(nil, "--timeout", "0", "--max-outage", "0").Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL).Set("NO_PROXY", "dms.test")
	assert.Equal(t, 2, trial.ExitCode(direct.Command(t).Run()))
	assert.Len(t, proxy.Connects(), 1, "NO_PROXY bypasses the proxy")
}

func TestUntrustedCertificateGetsTheGraceAndAHint(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL)
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()))
	assert.Contains(t, tr.Log.String(), "certificate signed by unknown authority")
	assert.Contains(t, tr.Log.String(), "hint: the server's certificate is not trusted")
}

func TestProxyThatRequiresALogin(t *testing.T) {
	t.Parallel()
	_, proxy, ca := behindProxy(t, "user:proxyPassword1")
	tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()))
	assert.Contains(t, tr.Log.String(), "the proxy responded 407 Proxy Authentication Required")
	assert.Contains(t, tr.Log.String(), "hint: the proxy requires a login")

	withLogin := strings.Replace(proxy.URL, "://", "://user:proxyPassword1@", 1)
	tr = trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", withLogin).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.NotContains(t, tr.Log.String(), "proxyPassword1")
}

// behindProxy starts a cloud with a certificate for dms.test, a host that can be reached through
// the proxy only. It returns the path of the CA's file as well.
func behindProxy(t *testing.T, login string) (*simulator.Server, *simulator.Proxy, string) {
	t.Helper()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	server, ca := startTLS(t, &sim)
	return server, startProxy(t, server, login), ca
}

// startProxy starts a proxy through which dms.test leads to the server.
func startProxy(t *testing.T, server *simulator.Server, login string) *simulator.Proxy {
	t.Helper()
	routes := map[string]string{"dms.test:443": strings.TrimPrefix(server.URL, "https://")}
	proxy, err := simulator.StartProxy(routes, login)
	require.NoError(t, err)
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

// startTLS starts a cloud with a certificate for dms.test, and returns the path of its CA's file.
func startTLS(t *testing.T, sim *simulator.Simulator) (*simulator.Server, string) {
	t.Helper()
	server, err := sim.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	ca, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	return server, ca
}
