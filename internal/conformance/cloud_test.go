package conformance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	sdkconfig "github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	rocketmq "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rocketmq/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rocketmq/v2/model"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/simulator"
)

// cloud is a simulator, and how to reach it.
type cloud struct {
	*simulator.Server
	region    string
	transport *http.Transport // trusts the simulator, and connects to loopback only
}

var regions atomic.Int64

// startCloud starts a simulator with TLS, since the SDK accepts no other endpoint of IAM in a variable. Each
// has a region of its own, since the SDK caches projects by key and region for the life of the process.
func startCloud(t *testing.T, intercept func(simulator.Request) *simulator.Response) cloud {
	t.Helper()
	name := fmt.Sprintf("test-%d", regions.Add(1))
	server, err := (&simulator.Simulator{
		Keys:              map[string]string{"AK": "SK", "TEMPORARY": "SK"},
		SecurityTokens:    map[string]string{"TEMPORARY": "TOKEN+/=="},
		UnsignedHost:      true,
		Projects:          []simulator.Project{{ID: project, Name: name}, {ID: strings.Repeat("f", 32), Name: name + "_other"}},
		IdentityProviders: []string{"idp"},
		Tasks:             []simulator.Task{simulator.ExampleTask, running},
		Intercept:         intercept,
	}).StartTLS("127.0.0.1:0", "127.0.0.1")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	file, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	ca, err := os.ReadFile(file)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: dialLoopback}
	t.Cleanup(transport.CloseIdleConnections)
	return cloud{server, name, transport}
}

func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().IsLoopback() {
		return nil, fmt.Errorf("%s is not on loopback", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// environment returns the environment for config, and sets it for the SDK, which reads these variables of the process
// and writes below HOME.
func environment(t testing.TB, vars map[string]string) func(string) string {
	t.Helper()
	for _, name := range []string{
		"AK", "SK", "SECURITY_TOKEN", "PROJECT_ID", "DOMAIN_ID", "IDP_ID", "ID_TOKEN_FILE", "IAM_ENDPOINT", "STS_ENDPOINT",
		"CREDENTIALS_FILE",
	} {
		t.Setenv("HUAWEICLOUD_SDK_"+name, vars["HUAWEICLOUD_SDK_"+name])
	}
	require.NotEmpty(t, vars["HOME"])
	vars["USERPROFILE"] = vars["HOME"] // of Windows
	t.Setenv("HOME", vars["HOME"])
	t.Setenv("USERPROFILE", vars["HOME"])
	return func(name string) string { return vars[name] }
}

// sdkClient returns the SDK's client. It looks the project up at once where the credentials have none.
func sdkClient(t *testing.T, at cloud, credentials auth.ICredential) *rocketmq.RocketMQClient {
	t.Helper()
	made, err := rocketmq.RocketMQClientBuilder().
		WithRegion(region.NewRegion(at.region, at.URL)).
		WithCredential(credentials).
		WithHttpConfig(sdkconfig.DefaultHttpConfig().WithHttpRoundTripper(at.transport)).
		SafeBuild()
	require.NoError(t, err)
	return rocketmq.NewRocketMQClient(made)
}

// login returns our client for an environment, as a run of dmswait composes it.
func login(t *testing.T, getenv func(string) string, base http.RoundTripper) *client.Client {
	t.Helper()
	c, faults := config.Parse(t.Context(), []string{"--instance-id=" + instance, "--task-id=" + task}, getenv, nil)
	require.Empty(t, faults)
	iam := credential.IAM{
		Exchange:  credential.Exchange{Transport: base, Timeout: c.RequestTimeout},
		Endpoints: c.IAMEndpoints(),
	}
	transport := &credential.Transport{Base: base, Login: c.Login.Method.New(&credential.Setup{
		Values:  c.Login.Values,
		IDToken: credential.FileToken("ID token", c.Login.IDToken.File),
		IAM:     iam,
	})}
	if c.ProjectID == "" {
		iam.Transport = transport
		id, err := iam.Project(t.Context(), c.ProjectName)
		require.NoError(t, err)
		c.ProjectID = id
	}
	return ourClient(c.Endpoint, c.ProjectID, transport)
}

// seen holds a task's eight fields, in the documentation's order.
type seen [8]string

func seenByUs(tasks ...client.Task) (all []seen) {
	for _, t := range tasks {
		all = append(all, seen{t.ID, t.Name, t.UserName, t.UserID, t.Params, string(t.Status), t.CreatedAt, t.UpdatedAt})
	}
	return all
}

func seenBySDK(tasks []model.ListBackgroundTasksRespTasks) (all []seen) {
	for _, t := range tasks {
		all = append(all, seen{*t.Id, *t.Name, *t.UserName, *t.UserId, *t.Params, *t.Status, *t.CreatedAt, *t.UpdatedAt})
	}
	return all
}

func write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}
