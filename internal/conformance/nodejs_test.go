package conformance

import (
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/simulator"
)

// nodePackages are Huawei Cloud's SDK for Node.js, and what its signer needs, with the SHA-512 of their files.
var nodePackages = []struct{ name, version, sum string }{
	{"@huaweicloud/huaweicloud-sdk-core", "3.1.211", "936c7e48a1b46d38d6e76d6969f9ada3c0894b84ecaffa5a67292449d086018d" +
		"a50fae69d5c0d4ebd23981049e42dbbde46dba21b424cf957529aefc92998ce5"},
	{"moment", "2.30.1", "b849ad3616c33ab58f152fa176314205fcbd7f6628cb3469c1c97e0eaa42ead6" +
		"97db5173b132d055b315fd6ecfccd497eb1fdb842d73037736510e4dcc7ea1a3"},
	{"lodash", "4.17.21", "bf690311ee7b95e713ba568322e3533f2dd1cb880b189e99d4edef13592b8176" +
		"4daec43e2c54c61d5c558dc5cfb35ecb85b65519e74026ff17675b6f8f916f4a"},
}

// nodeRequest is a request as the SDK for Node.js signs it.
type nodeRequest struct {
	Endpoint    string            `json:"endpoint"` // with the path
	Method      string            `json:"method"`
	Headers     map[string]string `json:"headers"`
	QueryParams map[string]any    `json:"queryParams"`
	AccessKey   string            `json:"accessKey"`
	SecretKey   string            `json:"secretKey"`
}

// nodeSDK installs the SDK for Node.js, and returns what signs requests with it. It skips the test where there is no
// npm, or no registry.
func nodeSDK(t *testing.T) func(...nodeRequest) []map[string]string {
	t.Helper()
	folder := t.TempDir()
	for _, tool := range []string{"npm", "node", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("not compared with the SDK for Node.js: there is no ", tool)
		}
	}
	for _, p := range nodePackages {
		pack := exec.Command("npm", "pack", "--silent", p.name+"@"+p.version)
		pack.Dir = folder
		out, err := pack.Output()
		if err != nil {
			t.Skipf("not compared with the SDK for Node.js: npm pack %s: %v", p.name, err)
		}
		archive := filepath.Join(folder, strings.TrimSpace(string(out)))
		content, err := os.ReadFile(archive)
		require.NoError(t, err)
		require.Equal(t, p.sum, fmt.Sprintf("%x", sha512.Sum512(content)), "%s is another file than it was", p.name)
		module := filepath.Join(folder, "node_modules", p.name)
		require.NoError(t, os.MkdirAll(module, 0o755))
		require.NoError(t, exec.Command("tar", "-xzf", archive, "-C", module, "--strip-components=1").Run())
	}
	script, err := os.ReadFile("testdata/sign.js")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sign.js"), script, 0o644))
	return func(requests ...nodeRequest) (signed []map[string]string) {
		var lines []string
		for _, r := range requests {
			line, err := json.Marshal(r)
			require.NoError(t, err)
			lines = append(lines, string(line))
		}
		node := exec.Command("node", "sign.js")
		node.Dir, node.Stdin = folder, strings.NewReader(strings.Join(lines, "\n"))
		out, err := node.Output()
		require.NoError(t, err)
		for line := range strings.Lines(string(out)) {
			var headers map[string]string
			require.NoError(t, json.Unmarshal([]byte(line), &headers))
			signed = append(signed, headers)
		}
		return signed
	}
}

// TestNodeSDKAgreesOnTheVectors compares the SDK for Node.js with our signer on the vectors' requests, each with the
// headers that both sign. It cannot sign a body as it is, nor a path that has to be escaped.
func TestNodeSDKAgreesOnTheVectors(t *testing.T) {
	t.Parallel()
	sign := nodeSDK(t)
	content, err := os.ReadFile("../credential/testdata/sign_vectors.json")
	require.NoError(t, err)
	var vectors []struct {
		Name, AK, SK, Method, Endpoint, Body string
		Path                                 string `json:"path_decoded"`
		Headers                              map[string]string
		Query                                [][2]string
	}
	require.NoError(t, json.Unmarshal(content, &vectors))
	var requests []nodeRequest
	var names, want []string
	for _, v := range vectors {
		query, params := url.Values{}, map[string]any{}
		for _, pair := range v.Query {
			query.Add(pair[0], pair[1])
			params[pair[0]] = query[pair[0]]
		}
		target := &url.URL{Path: v.Path, RawQuery: query.Encode()}
		if v.Body != "" || target.EscapedPath() != v.Path {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), v.Method, v.Endpoint+target.String(), strings.NewReader(""))
		require.NoError(t, err)
		both := map[string]string{}
		for _, name := range []string{"X-Project-Id", "X-Sdk-Content-Sha256"} {
			if value := v.Headers[name]; value != "" {
				req.Header.Set(name, value)
				both[name] = value
			}
		}
		keys := credential.Keys{AccessKey: v.AK, SecretKey: v.SK, SecurityToken: v.Headers["X-Security-Token"]}
		sent, _ := ours(t, req, keys)
		both["X-Sdk-Date"] = sent.Header.Get("X-Sdk-Date")
		if keys.SecurityToken != "" {
			both["X-Security-Token"] = keys.SecurityToken
		}
		names, want = append(names, v.Name), append(want, sent.Header.Get("Authorization"))
		requests = append(requests, nodeRequest{v.Endpoint + v.Path, v.Method, both, params, v.AK, v.SK})
	}
	require.GreaterOrEqual(t, len(requests), 10)
	for i, headers := range sign(requests...) {
		assert.Equal(t, want[i], headers["Authorization"], names[i])
	}
}

// TestSimulatorAcceptsTheNodeSDK sends what the SDK for Node.js signed, its content type included.
func TestSimulatorAcceptsTheNodeSDK(t *testing.T) {
	t.Parallel()
	sign := nodeSDK(t)
	sim := simulator.Simulator{Keys: map[string]string{"AK": "SK"}, Tasks: []simulator.Task{simulator.ExampleTask}}
	server, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	target := server.URL + "/v2/" + simulator.DefaultProjectID + "/instances/" + simulator.DefaultInstanceID +
		"/tasks/" + simulator.ExampleTask.ID
	headers := map[string]string{
		"X-Sdk-Date": time.Now().UTC().Format("20060102T150405Z"), "X-Project-Id": simulator.DefaultProjectID,
		"content-type": "application/json",
	}
	signed := sign(nodeRequest{target, http.MethodGet, headers, map[string]any{}, "AK", "SK"})[0]
	assert.Contains(t, signed["Authorization"], "SignedHeaders=content-type;host;")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	for name, value := range signed {
		req.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
}
