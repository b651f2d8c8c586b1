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

func TestHTTPSThroughAProxyWithACAOfOnesOwn(t *testing.T) {
	t.Parallel()
	server, proxy, ca := behindProxy(t, "")
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.Equal(t, []string{"dms.test:443"}, proxy.Connects())
	assert.Equal(t, "dms.test", server.Requests()[0].Host)

	direct := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", proxy.URL).Set("NO_PROXY", "dms.test").Set("DMSWAIT_TIMEOUT", "0")
	assert.Equal(t, 75, trial.ExitCode(direct.Command(t).Run()))
	assert.Len(t, proxy.Connects(), 1, "NO_PROXY goes past the proxy")
}

func TestACertificateThatDoesNotVerifyHasTheGraceAndAHint(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", proxy.URL)
	assert.Equal(t, 75, trial.ExitCode(tr.Command(t).Run()))
	assert.Contains(t, tr.Log.String(), "certificate signed by unknown authority")
	assert.Contains(t, tr.Log.String(), "hint: the server's certificate is not trusted")
}

func TestAProxyThatWantsALogin(t *testing.T) {
	t.Parallel()
	_, proxy, ca := behindProxy(t, "user:proxyPassword1")
	tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 75, trial.ExitCode(tr.Command(t).Run()))
	assert.Contains(t, tr.Log.String(), "the proxy answered 407 Proxy Authentication Required")
	assert.Contains(t, tr.Log.String(), "hint: the proxy wants a login")

	withLogin := strings.Replace(proxy.URL, "://", "://user:proxyPassword1@", 1)
	tr = trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", withLogin).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.NotContains(t, tr.Log.String(), "proxyPassword1")
}

// behindProxy is a cloud with a certificate for dms.test, that only the proxy knows the way to.
func behindProxy(t *testing.T, login string) (*simulator.Server, *simulator.Proxy, string) {
	t.Helper()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	server, ca := startTLS(t, &sim)
	proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": strings.TrimPrefix(server.URL, "https://")}, login)
	require.NoError(t, err)
	t.Cleanup(func() { proxy.Close() })
	return server, proxy, ca
}

// startTLS starts a cloud with a certificate for dms.test, and returns the file of its CA.
func startTLS(t *testing.T, sim *simulator.Simulator) (*simulator.Server, string) {
	t.Helper()
	server, err := sim.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	ca, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	return server, ca
}
