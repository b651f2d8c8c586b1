//go:build platforms

package platforms_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// A server is a load balancer in front of the cloud.
type server struct {
	name  string
	start func(t *testing.T, rules, backend string) (port string)
}

// nginx starts an nginx in front of a port. rules are those of its server block.
func nginx(t *testing.T, rules, backend string) (port string) {
	t.Helper()
	program := need(t, "nginx")
	folder, port := publicFolder(t), freePort(t)
	conf := write(t, filepath.Join(folder, "nginx.conf"), `
daemon off;
pid {FOLDER}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path {FOLDER}/body;
  proxy_temp_path {FOLDER}/proxy;
  fastcgi_temp_path {FOLDER}/fastcgi;
  uwsgi_temp_path {FOLDER}/uwsgi;
  scgi_temp_path {FOLDER}/scgi;
  limit_req_zone $binary_remote_addr zone=one:1m rate=2r/s;
  server {
    listen 127.0.0.1:{PORT};
    location / {
      proxy_pass http://127.0.0.1:{BACKEND};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host; # is signed
      proxy_set_header Connection "";
      {RULES}
    }
  }
}
`, "{FOLDER}", folder, "{PORT}", port, "{BACKEND}", backend, "{RULES}", rules)
	start(t, exec.Command(program, "-p", folder, "-e", "stderr", "-c", conf))
	awaitPort(t, port)
	return port
}

// haproxy starts an HAProxy in front of a port. rules are those of its frontend.
func haproxy(t *testing.T, rules, backend string) (port string) {
	t.Helper()
	program := need(t, "haproxy")
	port = freePort(t)
	conf := write(t, filepath.Join(publicFolder(t), "haproxy.cfg"), `
defaults
  mode http
  timeout connect 1s
  retries 0
  timeout client 30s
  timeout server 1s
frontend front
  bind 127.0.0.1:{PORT}
  {RULES}
  default_backend back
backend back
  server cloud 127.0.0.1:{BACKEND}
`, "{PORT}", port, "{BACKEND}", backend, "{RULES}", rules)
	start(t, exec.Command(program, "-db", "-f", conf))
	awaitPort(t, port)
	return port
}

var nginxServer, haproxyServer = server{"nginx", nginx}, server{"haproxy", haproxy}

// behind returns a run that reaches a cloud through a server.
func (s server) behind(t *testing.T, rules, backend string, args ...string) *trial.Trial {
	t.Helper()
	return trial.New(nil, args...).Set("DMSWAIT_ENDPOINT", "http://127.0.0.1:"+s.start(t, rules, backend))
}

// someTask returns a cloud whose task ends with the tenth request.
func someTask(intercept func(simulator.Request) *simulator.Response) simulator.Simulator {
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Intercept = intercept
	trial.EndAt(&sim, "task", 10)
	return sim
}

func TestResponsesPassLoadBalancers(t *testing.T) {
	for name, test := range map[string]struct {
		server server
		rules  string
	}{
		"nginx":                           {nginxServer, ""},
		"nginx with gzip":                 {nginxServer, "gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;"},
		"nginx that closes each time":     {nginxServer, "keepalive_timeout 0;"},
		"haproxy":                         {haproxyServer, ""},
		"haproxy with gzip":               {haproxyServer, "compression algo gzip\n  compression type application/json"},
		"haproxy that closes each time":   {haproxyServer, "option httpclose"},
		"haproxy that closes when unused": {haproxyServer, "timeout http-keep-alive 5ms"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := trial.Start(t, someTask(nil))
			tr := test.server.behind(t, test.rules, portOf(t, cloud))
			assert.Equal(t, 0, run(t, tr))
			assert.NotContains(t, tr.Log.String(), "no valid response")
			assert.Equal(t, 10, cloud.Count("task"))
		})
	}
}

// Some servers compress although nobody asked for it.
func TestNginxAlwaysSendsGzip(t *testing.T) {
	need(t, "nginx")
	folder := publicFolder(t)
	content, err := json.Marshal(map[string]any{"task_count": "1", "tasks": []map[string]string{{
		"id": trial.TaskID, "name": trial.TaskName, "status": "SUCCESS", "params": "{}", "user_name": "u", "user_id": "u",
		"created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-01-02T03:04:06.000Z",
	}}})
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(folder, "task.gz"))
	require.NoError(t, err)
	require.NoError(t, file.Chmod(0o644))
	writer := gzip.NewWriter(file)
	_, err = writer.Write(content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, file.Close())
	rules := fmt.Sprintf("} location /v2 { root %s; gzip_static always; default_type application/json; "+
		"rewrite ^ /task break;", folder)
	tr := nginxServer.behind(t, rules, "9", "--max-outage", "1s")
	assert.Equal(t, 0, run(t, tr))
}

func TestFailuresOfLoadBalancersAreOutages(t *testing.T) {
	nobody := freePort(t)
	hung := portOf(t, trial.Start(t, someTask(trial.Always(&simulator.Response{Hang: true}))))
	for name, test := range map[string]struct {
		server         server
		rules, backend string
		shown          string
	}{
		"nginx, 502":           {nginxServer, "", nobody, "502"},
		"nginx, 504":           {nginxServer, "proxy_read_timeout 1s;", hung, "504"},
		"nginx, no response":   {nginxServer, "return 444;", nobody, "EOF"},
		"haproxy, 503":         {haproxyServer, "", nobody, "503"},
		"haproxy, 504":         {haproxyServer, "", hung, "504"},
		"haproxy, no response": {haproxyServer, "http-request silent-drop", nobody, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tr := test.server.behind(t, test.rules, test.backend, "--max-outage", "2s", "--request-timeout", "2s")
			assert.Equal(t, 75, run(t, tr))
			assert.Contains(t, tr.Log.String(), test.shown)
			assert.NotContains(t, tr.Log.String(), "<html", "the page is not shown")
		})
	}
}

func TestWaitOutlivesLoadBalancersThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		server server
		rules  string
		fault  *simulator.Response
	}{
		"nginx, 504":                        {nginxServer, "proxy_read_timeout 1s;", &simulator.Response{Hang: true}},
		"nginx, 502":                        {nginxServer, "", &simulator.Response{Close: true}},
		"nginx, closed within a response":   {nginxServer, "proxy_buffering off;", &simulator.Response{Body: "{}  ", Cut: 1}},
		"haproxy, 504":                      {haproxyServer, "", &simulator.Response{Hang: true}},
		"haproxy, 502":                      {haproxyServer, "", &simulator.Response{Raw: "not HTTP\r\n\r\n"}},
		"haproxy, closed within a response": {haproxyServer, "", &simulator.Response{Body: "{}  ", Cut: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := trial.Start(t, someTask(simulator.Script(nil, test.fault, test.fault)))
			tr := test.server.behind(t, test.rules, portOf(t, cloud))
			assert.Equal(t, 0, run(t, tr))
			assert.Contains(t, tr.Log.String(), "no valid response")
			assert.Contains(t, tr.Log.String(), "recovered")
		})
	}
}

// The page of a 429 is HTML, and says nothing of when to come back.
func TestLoadBalancersThrottle(t *testing.T) {
	for name, test := range map[string]struct {
		server server
		rules  string
	}{
		"nginx": {nginxServer, "limit_req zone=one; limit_req_status 429;"},
		"haproxy": {haproxyServer, "stick-table type ip size 10 expire 10s store http_req_rate(1s)\n" +
			"  http-request track-sc0 src\n" +
			"  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 2 }"},
	} {
		t.Run(name, func(t *testing.T) {
			sim := trial.Cloud(trial.At(0, "EXECUTING"))
			trial.EndAt(&sim, "task", 4)
			tr := test.server.behind(t, test.rules, portOf(t, trial.Start(t, sim)))
			assert.Equal(t, 0, run(t, tr))
			assert.Contains(t, tr.Log.String(), "throttled; polling less often")
		})
	}
}
