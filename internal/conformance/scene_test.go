//go:build unix

package conformance

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

const (
	host          = "dms.test"
	params        = `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d","public_ip_address":"192.0.2.1","enable_public_ip":true}`
	accessKey     = "FAKEAK0EXAMPLE0ONLY0"
	secretKey     = "fakeSecretKeyForTestsOnly012345678901234"
	securityToken = "fakeSecurityTokenForTestsOnly+/=="
	proxyPassword = "fakeProxyPassword1"
)

var secrets = []string{secretKey, securityToken, proxyPassword}

// scene is a cloud whose one task runs until the fault is over, and the network in between.
type scene struct {
	fault    fault
	path     string // of the program
	cloud    *simulator.Server
	later    atomic.Int64 // how far the cloud's clock is ahead, by which the task takes a minute
	link     *link
	resolver *resolver
	known    *authority // a CA that the program trusts besides the cloud's
	trusted  string     // the file of CAs
}

func startScene(t *testing.T, f fault) *scene {
	t.Helper()
	s := &scene{fault: f}
	sim := &simulator.Simulator{
		ProjectID: project, InstanceID: instance,
		Keys: map[string]string{accessKey: secretKey}, SecurityTokens: map[string]string{accessKey: securityToken},
		Clock: func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) },
		Tasks: []simulator.Task{{
			ID: task, Name: "bindInstancePublicIp", UserName: "tester", UserID: "0a1b2c", Params: params,
			Steps: []simulator.Step{{Status: "EXECUTING"}, {After: time.Minute, Status: "SUCCESS"}},
		}},
	}
	begin, find := sim.Start, program
	if f.route != overHTTP {
		begin = func() (*simulator.Server, error) { return sim.StartTLS("127.0.0.1:0", host) }
	}
	if f.route == byName {
		find = programWithResolver
	}
	var err error
	s.path, err = find()
	require.NoError(t, err)
	s.cloud, err = begin()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.cloud.Close()) })
	s.trust(t)
	_, target, _ := strings.Cut(s.cloud.URL, "://")
	if f.route == throughProxy {
		proxy, err := simulator.StartProxy(map[string]string{host + ":443": target}, "user:"+proxyPassword)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
		target = strings.TrimPrefix(proxy.URL, "http://")
	}
	s.link = startLink(t, target)
	s.resolver = startResolver(t, host)
	return s
}

func (s *scene) trust(t *testing.T) {
	t.Helper()
	if s.fault.route == overHTTP {
		return
	}
	s.known = newAuthority(t)
	path, err := s.cloud.CAFile(t.TempDir())
	require.NoError(t, err)
	cloud, err := os.ReadFile(path)
	require.NoError(t, err)
	s.trusted = filepath.Join(t.TempDir(), "trusted.pem")
	write(t, s.trusted, string(cloud)+string(s.known.pem))
}

// env returns the inputs of a row, as network.md describes them.
func (s *scene) env(r row) map[string]string {
	env := map[string]string{
		"DMSWAIT_INSTANCE_ID": instance, "DMSWAIT_TASK_ID": task, "DMSWAIT_PROJECT_ID": project,
		"DMSWAIT_ACCESS_KEY": accessKey, "DMSWAIT_SECRET_KEY": secretKey, "DMSWAIT_SECURITY_TOKEN": securityToken,
		"DMSWAIT_INTERVAL": "20ms", "DMSWAIT_MAX_INTERVAL": "50ms", "DMSWAIT_REQUEST_TIMEOUT": "5s", "DMSWAIT_DEBUG": "true",
		"DMSWAIT_TIMEOUT": "1m", "DMSWAIT_MAX_OUTAGE": "1m", "DMSWAIT_NOT_FOUND_GRACE": "1m",
		"SSL_CERT_FILE": s.trusted, "TEST_RESOLVER": s.resolver.address,
	}
	if s.fault.hangs {
		env["DMSWAIT_REQUEST_TIMEOUT"] = "300ms"
	}
	if s.fault.effect.existing {
		env["DMSWAIT_INTERVAL"], env["DMSWAIT_MAX_INTERVAL"], env["DMSWAIT_REQUEST_TIMEOUT"] = "500ms", "500ms", "2s"
	}
	if r.budget != "" {
		env["DMSWAIT_NOT_FOUND_GRACE"] = "100ms"
		env["DMSWAIT_"+strings.ToUpper(r.budget)] = "1s"
	}
	_, port, _ := net.SplitHostPort(s.link.address)
	switch s.fault.route {
	case overHTTP:
		env["DMSWAIT_ENDPOINT"] = "http://" + s.link.address
	case overTLS:
		env["DMSWAIT_ENDPOINT"] = "https://" + s.link.address
	case throughProxy:
		env["DMSWAIT_ENDPOINT"] = "https://" + host
		env["HTTPS_PROXY"] = "http://user:" + proxyPassword + "@" + s.link.address
	case byName:
		env["DMSWAIT_ENDPOINT"] = "https://" + host + ":" + port
	}
	return env
}

// begin begins the fault.
func (s *scene) begin(t *testing.T) {
	t.Helper()
	now := s.fault.effect
	if s.fault.leadTo != nil {
		now.divert = startPeer(t, s.fault.leadTo(t, s.known))
	}
	if s.fault.dns != knows {
		s.resolver.does.Store(s.fault.dns)
		now.drop = true
	}
	if now.existing {
		s.later.Store(int64(2 * time.Minute)) // the next valid response says that the task has ended
	}
	s.link.apply(t, now)
}

// end ends the fault and the task.
func (s *scene) end(t *testing.T) {
	t.Helper()
	s.later.Store(int64(2 * time.Minute))
	s.resolver.does.Store(knows)
	s.link.apply(t, effect{})
}

// shown reports whether the log shows n requests that ended as the fault makes them end.
func (s *scene) shown(n int) func(string) bool {
	if s.fault.harmless {
		return atLeast(good, n+1)
	}
	return atLeast(failing, n)
}
