//go:build platforms

package platforms_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const proxyPassword = "proxyPassword1"

// cloudNamed starts a cloud by HTTPS that has the name dms.test, and returns a run that knows its CA.
func cloudNamed(t *testing.T, args ...string) (*simulator.Server, *trial.Trial) {
	t.Helper()
	sim := trial.Cloud(trial.At(0, "EXECUTING"), trial.At(300, "SUCCESS"))
	server, err := sim.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	ca, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	tr := trial.New(nil, append([]string{"--not-found-grace", "1s", "--max-outage", "3s"}, args...)...)
	return server, tr.Set("DMSWAIT_ENDPOINT", "https://dms.test:"+portOf(t, server)).Set("SSL_CERT_FILE", ca)
}

// squid starts a Squid that knows dms.test. Its rules are those of the test.
func squid(t *testing.T, rules string) (port string) {
	t.Helper()
	program := need(t, "squid")
	folder, port := publicFolder(t), freePort(t)
	hosts := write(t, filepath.Join(folder, "hosts"), "127.0.0.1 dms.test\n")
	login := write(t, filepath.Join(folder, "login"),
		`while read -r user password; do [ "$user $password" = "waiter {P}" ] && echo OK || echo ERR; done`,
		"{P}", proxyPassword)
	conf := write(t, filepath.Join(folder, "squid.conf"), `
http_port 127.0.0.1:{PORT}
hosts_file {HOSTS}
dns_nameservers 127.0.0.1
dns_timeout 1 second
pid_filename none
coredump_dir {FOLDER}
cache_log {FOLDER}/cache.log
access_log stdio:{FOLDER}/access.log
cache deny all
pinger_enable off
visible_hostname squid.test
shutdown_lifetime 0 seconds
auth_param basic program /bin/sh {LOGIN}
auth_param basic children 1
`+rules, "{PORT}", port, "{HOSTS}", hosts, "{FOLDER}", folder, "{LOGIN}", login)
	start(t, exec.Command(program, "-N", "-f", conf))
	awaitPort(t, port)
	return port
}

const squidWithLogin = "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n"

func TestSquidForwards(t *testing.T) {
	server, tr := cloudNamed(t)
	port := squid(t, "http_access allow all\n")
	assert.Equal(t, 0, run(t, tr.Set("HTTPS_PROXY", "http://127.0.0.1:"+port)))
	assert.NotContains(t, tr.Log.String(), "no valid response")
	assert.Equal(t, 1, server.Connections(), "one tunnel, which is kept")
}

func TestSquidRequiresALogin(t *testing.T) {
	port := squid(t, squidWithLogin)
	server, tr := cloudNamed(t)
	assert.Equal(t, 0, run(t, tr.Set("HTTPS_PROXY", "http://waiter:"+proxyPassword+"@127.0.0.1:"+port)))
	assert.NotContains(t, tr.Log.String(), proxyPassword)

	for name, login := range map[string]string{"none": "", "wrong": "waiter:wrongPassword1@"} {
		_, tr := cloudNamed(t)
		assert.NotZero(t, run(t, tr.Set("HTTPS_PROXY", "http://"+login+"127.0.0.1:"+port)), name)
		assert.Contains(t, tr.Log.String(), "407 Proxy Authentication Required", name)
		assert.Contains(t, tr.Log.String(), "hint: ", name)
		assert.NotContains(t, tr.Log.String(), "wrongPassword1", name)
	}
	assert.Equal(t, 1, server.Connections())
}

func TestSquidRefuses(t *testing.T) {
	port := squid(t, "http_access deny all\n")
	_, tr := cloudNamed(t)
	began := time.Now()
	assert.NotZero(t, run(t, tr.Set("HTTPS_PROXY", "http://127.0.0.1:"+port)))
	assert.Contains(t, tr.Log.String(), "403")
	assert.Less(t, time.Since(began), trial.Patience)
}

// Squid responds to CONNECT with 503 if a name does not exist, and with 500 if no name server responds.
func TestSquidDoesNotKnowTheHost(t *testing.T) {
	port := squid(t, "http_access allow all\n")
	_, tr := cloudNamed(t)
	tr.Set("DMSWAIT_ENDPOINT", "https://nowhere.test").Set("HTTPS_PROXY", "http://127.0.0.1:"+port)
	assert.NotZero(t, run(t, tr))
	assert.Regexp(t, `the proxy responded 50\d`, tr.Log.String())
}

func TestTinyproxy(t *testing.T) {
	program := need(t, "tinyproxy")
	folder, port := publicFolder(t), freePort(t)
	hosts := write(t, filepath.Join(folder, "hosts"), "127.0.0.1 localhost dms.test\n")
	conf := write(t, filepath.Join(folder, "tinyproxy.conf"), `
Listen 127.0.0.1
Port {PORT}
Timeout 600
BasicAuth waiter {P}
`, "{PORT}", port, "{P}", proxyPassword)
	start(t, inMounts(t.Context(), `mount --bind "$1" /etc/hosts; exec "$2" -d -c "$3"`, hosts, program, conf))
	awaitPort(t, port)

	server, tr := cloudNamed(t)
	assert.Equal(t, 0, run(t, tr.Set("HTTPS_PROXY", "http://waiter:"+proxyPassword+"@127.0.0.1:"+port)))
	assert.Equal(t, 1, server.Connections(), "one tunnel, which is kept")
	assert.NotContains(t, tr.Log.String(), proxyPassword)

	_, tr = cloudNamed(t)
	assert.NotZero(t, run(t, tr.Set("HTTPS_PROXY", "http://127.0.0.1:"+port)))
	assert.Contains(t, tr.Log.String(), "407 Proxy Authentication Required")
}
