package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/simulator"
)

// inputVariables are all names of environment variables that are inputs anywhere.
func inputVariables() (names []string) {
	for _, in := range config.Inputs() {
		upper := strings.ToUpper(in.Name)
		names = append(names, "DMSWAIT_"+upper, "INPUT_"+upper, "PLUGIN_"+upper)
		if in.Secret {
			names = append(names, "DMSWAIT_"+upper+"_FILE")
		}
	}
	return names
}

func TestHelpFitsAScreenAndAHalf(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.Equal(t, 0, Run(t.Context(), []string{"--help"}, os.Getenv, &out, brokenWriter{}))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	assert.LessOrEqual(t, len(lines), 80)
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
	}
}

func TestAQuietRunIsSilentUnlessItFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    string
		args      []string
		code      int
		out, log  string
		inActions bool
	}{
		"success":              {status: "SUCCESS"},
		"running":              {status: "EXECUTING", args: []string{"--timeout", "0"}, code: 124},
		"tolerated":            {status: "FAILED", args: []string{"--succeed-on", "failure"}},
		"unknown, one look":    {status: "PAUSED", args: []string{"--timeout", "0"}, code: 124},
		"success, in Actions":  {status: "SUCCESS", inActions: true, log: "::add-mask::" + secretKey + "\n"},
		"success, debug":       {status: "SUCCESS", args: []string{"--debug"}},
		"success, JSON log":    {status: "SUCCESS", args: []string{"--log-format", "json"}},
		"failure":              {status: "FAILED", code: 1, out: "Task " + taskID + " ended with FAILED after 0 s.\n", log: "dmswait: hint: "},
		"failure, no stdout":   {status: "FAILED", args: []string{"--format", "none"}, code: 1, log: "dmswait: Task " + taskID + " ended with FAILED after 0 s.\n"},
		"timeout":              {status: "EXECUTING", args: []string{"--timeout", "20ms"}, code: 124, out: "Task " + taskID + " was still EXECUTING", log: "dmswait: hint: "},
		"no such task":         {status: "SUCCESS", args: []string{"--timeout", "0", "--task-id", strings.Repeat("0", 32)}, code: 4, out: "was not found", log: "dmswait: error: get task"},
		"wrong inputs":         {args: []string{"--timeout", "soon"}, code: 2, out: "The inputs are wrong: timeout.\n", log: "dmswait: error: timeout: "},
		"failure, in Actions":  {status: "FAILED", code: 1, inActions: true, out: "FAILED", log: "::error title=dmswait%3A failure::"},
		"failure, as JSON log": {status: "FAILED", args: []string{"--log-format", "json"}, code: 1, out: "FAILED", log: `"event":"end"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, cloud(at(0, c.status)))
			tr := newTrial(server, append(c.args, "--quiet")...)
			if c.inActions {
				tr.inActions(t)
			}
			tr.run(t)
			assert.Equal(t, c.code, tr.code)
			if c.out == "" {
				assert.Empty(t, tr.out.String())
			} else {
				assert.Contains(t, tr.out.String(), c.out)
			}
			if c.out == "" && !strings.HasPrefix(c.log, "dmswait") {
				assert.Equal(t, c.log, tr.log.String())
			} else {
				assert.Contains(t, tr.log.String(), c.log)
				assert.LessOrEqual(t, strings.Count(tr.log.String(), "\n"), 4, "one message")
				assert.NotContains(t, tr.log.String(), "waiting up to")
			}

			tr = newTrial(server, append(c.args, "--quiet", "--format", "json")...).run(t)
			assert.NotNil(t, tr.json(t)["result"], "JSON is printed always")
		})
	}
}

var debugLine = regexp.MustCompile(`^dmswait: debug: GET 127\.0\.0\.1:[0-9]+/v2/` + simulator.DefaultProjectID + `/instances/` + simulator.DefaultInstanceID + `/tasks/` + taskID +
	`((/progress)? [0-9]{3}( [A-Z.0-9]+)? \(request [0-9a-f]{32}\) in [0-9.]+[mµ]?s(, next in [0-9.]+m?s)?|/progress no answer in [0-9.]+ms: no answer before the next poll)$`)

func TestDebugIsALineForEachRequestAndOfNoSecret(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*trial){
		"by flag": func(tr *trial) { tr.args = append(tr.args, "--debug") }, "by the runner": func(tr *trial) { tr.set("RUNNER_DEBUG", "1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := cloud(at(0, "EXECUTING"), at(400, "SUCCESS"))
			sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
			sim.SecurityTokens = map[string]string{accessKey: "theSecurityToken+/=="}
			sim.Intercept = simulator.Script(nil, simulator.Fault(503, "DMS.00500001", "busy"))
			server := start(t, sim)
			tr := newTrial(server).set("DMSWAIT_SECURITY_TOKEN", "theSecurityToken+/==")
			set(tr)
			tr.run(t)
			assert.Equal(t, 0, tr.code, tr.log.String())
			var lines []string
			next := 0
			for line := range strings.Lines(tr.log.String()) {
				if strings.HasPrefix(line, "dmswait: debug: ") {
					lines = append(lines, line)
					assert.Regexp(t, debugLine, strings.TrimSuffix(line, "\n"))
					next += strings.Count(line, ", next in ")
				}
			}
			assert.Len(t, lines, len(server.Requests()))
			assert.Equal(t, server.Count("task")-1, next, "each poll but the last has a pause after it")
			assert.Contains(t, strings.Join(lines, ""), " 503 DMS.00500001 (request")
			assert.Positive(t, strings.Count(strings.Join(lines, ""), "/progress 200"))
			for _, secret := range []string{secretKey, "theSecurityToken", "SDK-HMAC", "Signature", "bindInstancePublicIp", "06a13350", "X-Sdk"} {
				assert.NotContains(t, tr.log.String(), secret)
			}
		})
	}
	assert.NotContains(t, newTrial(start(t, cloud(at(0, "SUCCESS")))).set("RUNNER_DEBUG", "0").run(t).log.String(), "debug")
}

func TestDebugTellsOfALoginAsWell(t *testing.T) {
	t.Parallel()
	server := start(t, account(at(0, "SUCCESS")))
	tr := newLogin(server, "--debug").byAgency(server).inActions(t).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Equal(t, len(server.Requests()), strings.Count(tr.log.String(), "dmswait: debug: "))
	assert.Contains(t, tr.log.String(), "debug: POST "+strings.TrimPrefix(server.URL, "http://")+"/v5/agencies/assume-with-oidc 200")
	for line := range strings.Lines(tr.log.String()) {
		if !strings.HasPrefix(line, "::add-mask::") {
			assert.NotRegexp(t, `theTokenOfTheRunner|eyJ|audience=|\?`, line)
		}
	}
}

func TestTheLogAsJSON(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "EXECUTING"), at(400, "SUCCESS"))
	sim.Tasks[0].Name = "x\n::error::forged ##[error]"
	sim.Intercept = simulator.Script(simulator.Fault(503, "DMS.00500001", "x\r\n::error::forged ##[error]\x1b[2J"))
	folder := t.TempDir()
	path := filepath.Join(folder, "summary")
	tr := newTrial(start(t, sim), "--log-format", "json", "--debug").inActions(t).set("GITHUB_STEP_SUMMARY", path).run(t)
	assert.Equal(t, 0, tr.code)
	mask := "::add-mask::" + secretKey + "\n"
	require.True(t, strings.HasPrefix(tr.log.String(), mask), "masks are no part of it")
	log := strings.TrimPrefix(tr.log.String(), mask)
	var events []string
	for line := range strings.Lines(log) {
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		for _, field := range []string{"time", "level", "event", "elapsed", "message"} {
			assert.Contains(t, event, field)
		}
		told, err := time.Parse("2006-01-02T15:04:05.000Z", event["time"].(string))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), told, time.Minute)
		if event["event"] != "request" {
			events = append(events, event["event"].(string))
		}
		assert.NotContains(t, line, "##[")
		assert.NotContains(t, line, "\x1b")
		assert.NotContains(t, line, secretKey)
	}
	assert.Equal(t, []string{"start", "outage", "recovered", "status", "end"}, events)
}

func TestADryRunShowsThePlanAndDoesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	folder := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"by_id":    {args: []string{"--interval", "1s", "--max-interval", "20s"}},
		"one_look": {args: []string{"--timeout", "0"}},
		"by_name": {args: []string{"--interval", "5s", "--max-interval", "5s", "--timeout", "12s", "--task-name", "restart \u202e", "--since", "2026-01-02T03:04:05Z"},
			env: map[string]string{"DMSWAIT_TASK_ID": "", "DMSWAIT_PROJECT_ID": "", "DMSWAIT_PROJECT_NAME": "cn-north-4_prod", "DMSWAIT_REGION": "cn-north-4"}},
		"with_a_token": {args: []string{"--task-name", "restart", "--since", "5m"},
			env: map[string]string{"DMSWAIT_TASK_ID": "", "DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "", "DMSWAIT_AUTH_TOKEN": secretKey}},
		"absurd": {args: []string{"--interval", "1ms", "--max-interval", "1ms", "--timeout", "2000000h"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(server, append(c.args, "--dry-run", "--quiet", "--output-file", filepath.Join(folder, "new", "file"), "--results-dir", filepath.Join(folder, "results"))...).inActions(t)
			tr.set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary"))
			for variable, value := range c.env {
				tr.set(variable, value)
			}
			tr.run(t)
			assert.Equal(t, 0, tr.code, tr.log.String())
			assert.NotContains(t, tr.out.String(), secretKey)
			golden(t, filepath.Join("testdata", "plan", name+".golden"), strings.ReplaceAll(tr.out.String(), server.URL, "http://127.0.0.1:1"))
			assert.Equal(t, "::add-mask::"+secretKey+"\n", tr.log.String(), "but for the mask, stderr has nothing to tell")
			assert.Equal(t, map[string]string{"before": "1"}, tr.outputs(t))
		})
	}
	t.Run("faults", func(t *testing.T) {
		tr := newTrial(server, "--dry-run", "--timeout", "soon", "--output-file", filepath.Join(folder, "file")).inActions(t).set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary")).run(t)
		assert.Equal(t, 2, tr.code)
		assert.Contains(t, tr.log.String(), "timeout: ")
		assert.Equal(t, map[string]string{"before": "1"}, tr.outputs(t))
	})
	assert.Empty(t, server.Requests())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, entries, "nothing is written")
}
