package cli_test

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

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
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
	assert.Equal(t, 0, cli.Run(t.Context(), []string{"--help"}, os.Getenv, &out, brokenWriter{}))
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
		"success, in Actions":  {status: "SUCCESS", inActions: true, log: "::add-mask::" + trial.SecretKey + "\n"},
		"success, debug":       {status: "SUCCESS", args: []string{"--debug"}},
		"success, JSON log":    {status: "SUCCESS", args: []string{"--log-format", "json"}},
		"failure":              {status: "FAILED", code: 1, out: "Task " + trial.TaskID + " ended with FAILED after 0 s.\n", log: "dmswait: hint: "},
		"failure, no stdout":   {status: "FAILED", args: []string{"--format", "none"}, code: 1, log: "dmswait: Task " + trial.TaskID + " ended with FAILED after 0 s.\n"},
		"timeout":              {status: "EXECUTING", args: []string{"--timeout", "20ms"}, code: 124, out: "Task " + trial.TaskID + " was still EXECUTING", log: "dmswait: hint: "},
		"no such task":         {status: "SUCCESS", args: []string{"--timeout", "0", "--task-id", strings.Repeat("0", 32)}, code: 4, out: "was not found", log: "dmswait: error: get task"},
		"wrong inputs":         {args: []string{"--timeout", "soon"}, code: 2, out: "The inputs are wrong: timeout.\n", log: "dmswait: error: timeout: "},
		"failure, in Actions":  {status: "FAILED", code: 1, inActions: true, out: "FAILED", log: "::error title=dmswait%3A failure::"},
		"failure, as JSON log": {status: "FAILED", args: []string{"--log-format", "json"}, code: 1, out: "FAILED", log: `"event":"end"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, trial.Cloud(trial.At(0, c.status)))
			tr := trial.New(server, append(c.args, "--quiet")...)
			if c.inActions {
				tr.InActions(t)
			}
			tr.Run(t)
			assert.Equal(t, c.code, tr.Code)
			if c.out == "" {
				assert.Empty(t, tr.Out.String())
			} else {
				assert.Contains(t, tr.Out.String(), c.out)
			}
			if c.out == "" && !strings.HasPrefix(c.log, "dmswait") {
				assert.Equal(t, c.log, tr.Log.String())
			} else {
				assert.Contains(t, tr.Log.String(), c.log)
				assert.LessOrEqual(t, strings.Count(tr.Log.String(), "\n"), 4, "one message")
				assert.NotContains(t, tr.Log.String(), "waiting up to")
			}

			tr = trial.New(server, append(c.args, "--quiet", "--format", "json")...).Run(t)
			assert.NotNil(t, tr.JSON(t)["result"], "JSON is printed always")
		})
	}
}

var debugLine = regexp.MustCompile(`^dmswait: debug: GET 127\.0\.0\.1:[0-9]+/v2/` + simulator.DefaultProjectID + `/instances/` + simulator.DefaultInstanceID + `/tasks/` + trial.TaskID +
	`((/progress)? [0-9]{3}( [A-Z.0-9]+)? \(request [0-9a-f]{32}\) in [0-9.]+[mµ]?s(, next in [0-9.]+m?s)?|/progress no answer in [0-9.]+ms: no answer before the next poll)$`)

func TestDebugIsALineForEachRequestAndOfNoSecret(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*trial.Trial){
		"by flag": func(tr *trial.Trial) { tr.Args = append(tr.Args, "--debug") }, "by the runner": func(tr *trial.Trial) { tr.Set("RUNNER_DEBUG", "1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Cloud(trial.At(0, "EXECUTING"))
			sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
			sim.SecurityTokens = map[string]string{trial.AccessKey: "theSecurityToken+/=="}
			sim.Intercept = simulator.Script(nil, simulator.Fault(503, "DMS.00500001", "busy"))
			trial.EndAt(&sim, "progress", 1)
			server := trial.Start(t, sim)
			tr := trial.New(server, "--interval", "700ms", "--max-interval", "700ms").Set("DMSWAIT_SECURITY_TOKEN", "theSecurityToken+/==")
			set(tr)
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			var lines []string
			next := 0
			for line := range strings.Lines(tr.Log.String()) {
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
			for _, secret := range []string{trial.SecretKey, "theSecurityToken", "SDK-HMAC", "Signature", "bindInstancePublicIp", "06a13350", "X-Sdk"} {
				assert.NotContains(t, tr.Log.String(), secret)
			}
		})
	}
	assert.NotContains(t, trial.New(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))).Set("RUNNER_DEBUG", "0").Run(t).Log.String(), "debug")
}

func TestDebugTellsOfALoginAsWell(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
	tr := trial.NewLogin(server, "--debug").ByAgency(server).InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, len(server.Requests()), strings.Count(tr.Log.String(), "dmswait: debug: "))
	assert.Contains(t, tr.Log.String(), "debug: POST "+strings.TrimPrefix(server.URL, "http://")+"/v5/agencies/assume-with-oidc 200")
	for line := range strings.Lines(tr.Log.String()) {
		if !strings.HasPrefix(line, "::add-mask::") {
			assert.NotRegexp(t, `theTokenOfTheRunner|eyJ|audience=|\?`, line)
		}
	}
}

func TestTheLogAsJSON(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Name = "x\n::error::forged ##[error]"
	sim.Intercept = simulator.Script(simulator.Fault(503, "DMS.00500001", "x\r\n::error::forged ##[error]\x1b[2J"))
	trial.EndAt(&sim, "task", 3)
	folder := t.TempDir()
	path := filepath.Join(folder, "summary")
	tr := trial.New(trial.Start(t, sim), "--log-format", "json", "--debug").InActions(t).Set("GITHUB_STEP_SUMMARY", path).Run(t)
	assert.Equal(t, 0, tr.Code)
	mask := "::add-mask::" + trial.SecretKey + "\n"
	require.True(t, strings.HasPrefix(tr.Log.String(), mask), "masks are no part of it")
	log := strings.TrimPrefix(tr.Log.String(), mask)
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
		assert.NotRegexp(t, `##[A-Za-z]*\[`, line)
		assert.NotContains(t, line, "\x1b")
		assert.NotContains(t, line, trial.SecretKey)
	}
	assert.Equal(t, []string{"start", "outage", "recovered", "status", "end"}, events)
}

func TestADryRunShowsThePlanAndDoesNothing(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
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
			env: map[string]string{"DMSWAIT_TASK_ID": "", "DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "", "DMSWAIT_AUTH_TOKEN": trial.SecretKey}},
		"absurd": {args: []string{"--interval", "1ms", "--max-interval", "1ms", "--timeout", "2000000h"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := trial.New(server, append(c.args, "--dry-run", "--quiet", "--output-file", filepath.Join(folder, "new", "file"), "--results-dir", filepath.Join(folder, "results"))...).InActions(t)
			tr.Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary"))
			for variable, value := range c.env {
				tr.Set(variable, value)
			}
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			assert.NotContains(t, tr.Out.String(), trial.SecretKey)
			trial.Golden(t, filepath.Join("testdata", "plan", name+".golden"), strings.ReplaceAll(tr.Out.String(), server.URL, "http://127.0.0.1:1"))
			assert.Equal(t, "::add-mask::"+trial.SecretKey+"\n", tr.Log.String(), "but for the mask, stderr has nothing to tell")
			assert.Equal(t, map[string]string{"before": "1"}, tr.Outputs(t))
		})
	}
	t.Run("faults", func(t *testing.T) {
		tr := trial.New(server, "--dry-run", "--timeout", "soon", "--output-file", filepath.Join(folder, "file")).InActions(t).Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary")).Run(t)
		assert.Equal(t, 2, tr.Code)
		assert.Contains(t, tr.Log.String(), "timeout: ")
		assert.Equal(t, map[string]string{"before": "1"}, tr.Outputs(t))
	})
	assert.Empty(t, server.Requests())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, entries, "nothing is written")
}
