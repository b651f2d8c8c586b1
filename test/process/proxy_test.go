//go:build unix

package process_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
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
	first, _, _ := strings.Cut(tr.Log.String(), "\n")
	assert.Contains(t, first, " through the proxy "+strings.TrimPrefix(proxy.URL, "http://")+" with ")

	direct := trial.New(nil, "--timeout", "0", "--max-outage", "0").Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL).Set("NO_PROXY", "dms.test")
	assert.Contains(t, []int{2, 75}, trial.ExitCode(direct.Command(t).Run()), "75 where there is no name resolution")
	assert.Len(t, proxy.Connects(), 1, "NO_PROXY bypasses the proxy")
	assert.NotContains(t, direct.Log.String(), "proxy 127")
}

func TestUntrustedCertificateGetsTheGraceAndAHint(t *testing.T) {
	t.Parallel()
	_, proxy, _ := behindProxy(t, "")
	tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", proxy.URL)
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()))
	assert.Contains(t, tr.Log.String(), "certificate signed by unknown authority")
	assert.Contains(t, tr.Log.String(), "hint: the server's certificate is not trusted: ")
	assert.Contains(t, tr.Out.String(), "Could not reach the API for 100ms (not_found_grace): its certificate does not verify;")
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

// Directories lock an account after a few of these.
func TestLoginThatTheProxyRefusesIsSentOnce(t *testing.T) {
	t.Parallel()
	_, proxy, ca := behindProxy(t, "user:proxyPassword1")
	wrong := strings.Replace(proxy.URL, "://", "://jane:proxyPassword2@", 1)
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("HTTPS_PROXY", wrong).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()))
	assert.Len(t, proxy.Connects(), 1)
	assert.Contains(t, tr.Log.String(), " refused user jane: correct the login in HTTPS_PROXY=")
	assert.NotContains(t, tr.Log.String()+tr.Out.String(), "proxyPassword2")
	assert.Contains(t, tr.Out.String(), "The proxy refused the login (407);")

	account := trial.Account(trial.At(0, "SUCCESS"))
	_, ca = startTLS(t, &account)
	keyless := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("DMSWAIT_IAM_ENDPOINT", "https://iam.test").
		Set("DMSWAIT_PROJECT_ID", "").Set("DMSWAIT_PROJECT_NAME", "cn-north-4").
		Set("HTTPS_PROXY", wrong).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 2, trial.ExitCode(keyless.Command(t).Run()))
	assert.Equal(t, []string{"dms.test:443", "iam.test:443"}, proxy.Connects(), "a login too")
	assert.Contains(t, keyless.Log.String(), " refused user jane: ")
}

// A tunnel that was open is gone, and the proxy refuses the login from now on.
func TestLoginThatTheProxyRefusesIsFinalInTheMiddleOfAWait(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Nth == 2 {
			return &simulator.Response{Close: true}
		}
		return nil
	}
	server, ca := startTLS(t, &sim)
	good := startProxy(t, server, "user:proxyPassword1")
	var attempts atomic.Int32
	relay := relayTo(t, strings.TrimPrefix(good.URL, "http://"), func(w http.ResponseWriter) (refused bool) {
		if attempts.Add(1) == 1 {
			return false
		}
		http.Error(w, "no", http.StatusProxyAuthRequired)
		return true
	})
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", "http://user:proxyPassword1@"+relay).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.EqualValues(t, 2, attempts.Load())
}

// relayTo starts a proxy that passes CONNECT requests on to another one, unless refuse responds to them.
func relayTo(t *testing.T, next string, refuse func(http.ResponseWriter) bool) string {
	t.Helper()
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse(w) {
			return
		}
		upstream, err := net.Dial("tcp", next)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer upstream.Close()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = r.Write(upstream)
		go func() { _, _ = io.Copy(upstream, conn) }()
		_, _ = io.Copy(conn, upstream)
	}))
	t.Cleanup(relay.Close)
	return relay.Listener.Addr().String()
}

func TestProxyThatDoesNotLetRequestsThroughIsAWrongConfiguration(t *testing.T) {
	t.Parallel()
	for status, hint := range map[int]string{
		403: "does not allow connections to https://dms.test",
		502: "could not connect to https://dms.test", 503: "could not connect to https://dms.test",
		504: "could not connect to https://dms.test",
	} {
		refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(refusing.Close)
		tr := trial.New(nil, "--not-found-grace", "100ms").Set("DMSWAIT_ENDPOINT", "https://dms.test").
			Set("HTTPS_PROXY", refusing.URL)
		assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
		assert.Contains(t, tr.Log.String(), "hint: the proxy "+refusing.Listener.Addr().String()+" "+hint)
		assert.Contains(t, tr.Out.String(), "Could not get through the proxy for 100ms (not_found_grace): ")
	}
}

func TestWindowsLoginOfAProxyIsNotSupported(t *testing.T) {
	t.Parallel()
	ntlm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Proxy-Authenticate"] = []string{"Negotiate", "NTLM"}
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(ntlm.Close)
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").
		Set("HTTPS_PROXY", strings.Replace(ntlm.URL, "://", "://jane:x@", 1))
	assert.Equal(t, 2, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.Contains(t, tr.Log.String(), " accepts logins by NTLM or Negotiate only, which dmswait does not support")
}

func TestGlobalIAMHostIsUsedWhereTheProxyDoesNotKnowTheRegionalOne(t *testing.T) {
	t.Parallel()
	account := trial.Account(trial.At(0, "SUCCESS"))
	account.Projects[0].Name = "af-north-1"
	server, err := account.StartTLS("127.0.0.1:0", "dms.test", "iam.myhuaweicloud.com")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	ca, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	address := strings.TrimPrefix(server.URL, "https://")
	proxy, err := simulator.StartProxy(map[string]string{
		"dms.test:443": address, "iam.myhuaweicloud.com:443": address, "iam.af-north-1.myhuaweicloud.com:443": "",
	}, "")
	require.NoError(t, err)
	t.Cleanup(func() { proxy.Close() })
	tr := trial.New(nil).Set("DMSWAIT_ENDPOINT", "https://dms.test").Set("DMSWAIT_PROJECT_ID", "").
		Set("DMSWAIT_REGION", "af-north-1").Set("HTTPS_PROXY", proxy.URL).Set("SSL_CERT_FILE", ca)
	assert.Equal(t, 0, trial.ExitCode(tr.Command(t).Run()), tr.Log.String())
	assert.Equal(t, []string{
		"iam.af-north-1.myhuaweicloud.com:443", "iam.myhuaweicloud.com:443", "dms.test:443",
	}, proxy.Connects())
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
