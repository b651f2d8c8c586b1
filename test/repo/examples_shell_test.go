//go:build unix

package repo_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// scriptEnd is how a script ended.
type scriptEnd struct {
	text string // stdout and stderr
	code int
}

// inShell runs a script in a folder, with dmswait in PATH and that environment.
func inShell(t *testing.T, folder, script string, env map[string]string) scriptEnd {
	t.Helper()
	path := trial.Program(t)
	ctx, cancel := context.WithTimeout(t.Context(), trial.Patience) // some examples wait an hour
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-c", script)
	command.WaitDelay = time.Second
	command.Dir = folder
	command.Env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + folder,
	}
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	return scriptEnd{string(out), trial.ExitCode(err)}
}

// withKey returns the environment of a script that is given an access key, region and instance.
func withKey(server *simulator.Server) map[string]string {
	env := simulated(server)
	env["DMSWAIT_REGION"], env["DMSWAIT_INSTANCE_ID"] = given["region"], given["instance_id"]
	env["DMSWAIT_ACCESS_KEY"], env["DMSWAIT_SECRET_KEY"] = trial.AccessKey, trial.SecretKey
	return env
}

// exitCodes are the exit codes by the status of the task, where a wait times out.
var exitCodes = map[string]int{"SUCCESS": 0, "FAILED": 1, "CANCELLED": 3, "EXECUTING": 124}

func testGitLabJobs(t *testing.T, text string) {
	var file struct {
		Wait struct {
			IDTokens  map[string]struct{ Aud string } `yaml:"id_tokens"`
			Variables map[string]string
		} `yaml:".wait"`
		Restart struct{ Script []string } `yaml:"wait for restart"`
		Resize  struct{ Script []string } `yaml:"wait for resize"`
		Report  struct{ Script []string }
	}
	unmarshal(t, text, &file)
	folder := t.TempDir()
	for status, code := range exitCodes {
		server := exampleCloud(t, trial.At(0, status))
		env := simulated(server)
		for name, value := range file.Wait.Variables {
			env[name] = strings.ReplaceAll(value, "$DMS_INSTANCE", given["instance_id"])
		}
		env["DMSWAIT_TIMEOUT"] = "100ms"
		env["DMSWAIT_PROVIDER_URN"], env["DMSWAIT_AGENCY_URN"] = trial.ProviderURN, trial.AgencyURN
		env["DMSWAIT_ID_TOKEN"] = server.IDToken(file.Wait.IDTokens["DMSWAIT_ID_TOKEN"].Aud, time.Hour)
		env["RESTART_ID"], env["RESIZE_ID"] = trial.TaskID, otherTask
		var later string
		for _, script := range [][]string{file.Restart.Script, file.Resize.Script} {
			out := inShell(t, folder, strings.Join(script, "\n"), env)
			assert.Equal(t, code, out.code, out.text)
			dotenv, err := os.ReadFile(filepath.Join(folder, "dms.env"))
			require.NoError(t, err)
			later += string(dotenv)
		}
		out := inShell(t, folder, later+strings.Join(file.Report.Script, "\n"), nil)
		const result = `(success|failure|cancelled|timeout)`
		assert.Regexp(t, `^restart `+result+` after [\d.]+ s, resize `+result+`\n$`, out.text)
	}
}

func testJenkinsfile(t *testing.T, text string) {
	script := regexp.MustCompile(`sh\(returnStatus: true, script: '([^']+)'\)`).FindStringSubmatch(text)
	require.NotNil(t, script)
	key := regexp.MustCompile(`usernameVariable: '(\w+)', passwordVariable: '(\w+)'`).FindStringSubmatch(text)
	require.NotNil(t, key)
	parameter := regexp.MustCompile(`string\(name: '(\w+)'`).FindStringSubmatch(text)
	require.NotNil(t, parameter)
	folder := t.TempDir()
	for status, code := range exitCodes {
		env := simulated(exampleCloud(t, trial.At(0, status)))
		variables := regexp.MustCompile(`(?m)^ +(DMSWAIT_\w+) = '([^']*)'$`)
		for _, set := range variables.FindAllStringSubmatch(text, -1) {
			env[set[1]] = set[2]
		}
		env[key[1]], env[key[2]], env[parameter[1]] = trial.AccessKey, trial.SecretKey, trial.TaskID
		out := inShell(t, folder, strings.Replace(script[1], "--timeout 30m", "--timeout 100ms", 1), env)
		assert.Equal(t, code, out.code, out.text)
		var result map[string]any
		content, err := os.ReadFile(filepath.Join(folder, "wait.json"))
		require.NoError(t, err)
		unmarshal(t, string(content), &result)
		for _, used := range regexp.MustCompile(`dms\.([a-z_]+)\b[^']`).FindAllStringSubmatch(text, -1) {
			assert.NotNil(t, result[used[1]], "%s would be null", used[1])
		}
	}
	assert.Equal(t, strings.Count(text, "{"), strings.Count(text, "}"))
}

func testIndexedJob(t *testing.T, text string) {
	var file struct {
		Spec struct {
			Completions int
			Template    struct {
				Spec struct{ Containers []container }
			}
		}
	}
	unmarshal(t, text, &file)
	wait := file.Spec.Template.Spec.Containers[0]
	assert.Equal(t, []string{"sh", "-c"}, wait.Command)
	assert.True(t, strings.HasSuffix(wait.Image, "-shell"), "it needs a shell")
	require.Equal(t, 2, file.Spec.Completions)
	for index, task := range map[string]string{"0": trial.TaskID, "1": otherTask} {
		for status, code := range exitCodes {
			tr, folder := wait.trial(t, exampleCloud(t, trial.At(0, status)))
			log := filepath.Join(folder, "termination-log")
			require.NoError(t, os.WriteFile(log, nil, 0o666))
			tr.Set("JOB_COMPLETION_INDEX", index)
			out := inShell(t, folder, strings.Replace(tr.Args[0], "--timeout 1h", "--timeout 100ms", 1), tr.Env)
			assert.Equal(t, code, out.code, out.text)
			message, err := os.ReadFile(log)
			require.NoError(t, err)
			assert.Contains(t, string(message), "DMS_TASK_ID="+task+"\n")
		}
	}
	tr, folder := wait.trial(t, exampleCloud(t))
	out := inShell(t, folder, tr.Args[0], tr.Set("JOB_COMPLETION_INDEX", "2").Env)
	assert.Equal(t, 2, out.code, "more completions than tasks fail the job")
}

// directives returns the directives of a unit file by name.
func directives(unit string) map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(unit) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			all[name] = append(all[name], value)
		}
	}
	return all
}

func testSystemdService(t *testing.T, text string) {
	unit := directives(text)
	id, path, ok := strings.Cut(unit["LoadCredential"][0], ":")
	require.True(t, ok)
	assert.Equal(t, "/etc/dmswait/%i.secret_key", path)
	name, value, _ := strings.Cut(unit["Environment"][0], "=")
	assert.Equal(t, "DMSWAIT_SECRET_KEY_FILE", name)
	assert.Equal(t, "%d/"+id, value)
	program, args, _ := strings.Cut(unit["ExecStart"][0], " ")
	assert.Equal(t, "dmswait", program, "wherever it is installed")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, id), []byte(trial.SecretKey+"\n"), 0o600))
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 124, "FAILED": 1} {
		server := exampleCloud(t, trial.At(0, status))
		tr := exampleTrial(server, strings.Fields(args)...)
		tr.Env = withKey(server)
		delete(tr.Env, "DMSWAIT_SECRET_KEY")
		tr.Set(name, strings.Replace(value, "%d", folder, 1)).Set("DMSWAIT_TASK_ID", trial.TaskID)
		assert.Equal(t, code, tr.Run(t).Code, tr.Log.String())
		assert.Equal(t, code != 1, tr.Out.Len()+tr.Log.Len() == 0, "the journal shows only failures")
		if code == 124 {
			assert.Contains(t, strings.Fields(unit["SuccessExitStatus"][0]), "124")
		}
	}
	assert.Equal(t, []string{"yes"}, unit["DynamicUser"])
}

func testSystemdTimer(t *testing.T, text string) {
	timer := directives(text)
	assert.Empty(t, timer["Unit"], "it starts the service of the same name")
	assert.Equal(t, []string{"10min"}, timer["OnUnitInactiveSec"])
	assert.Equal(t, []string{"0"}, timer["OnActiveSec"], "without a first time there is no second")
}

func testCrontab(t *testing.T, text string) {
	var command string
	for line := range strings.Lines(text) {
		if after, ok := strings.CutPrefix(line, "*/10 * * * * "); ok {
			command = strings.TrimSpace(after)
		}
	}
	require.NotEmpty(t, command)
	assert.NotContains(t, command, "%", "cron would end the line there")
	folder := t.TempDir()
	task := trial.WriteFile(t, "DMSWAIT_TASK_ID="+trial.TaskID+"\n")
	command = strings.ReplaceAll(command, "/etc/dmswait.env", task)
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 0, "FAILED": 1} {
		out := inShell(t, folder, command, withKey(exampleCloud(t, trial.At(0, status))))
		assert.Equal(t, code, out.code, out.text)
		assert.Equal(t, code == 0, out.text == "", "cron mails only failures: %s", out.text)
	}
	line := "*/10 * * * * set -a; . /etc/dmswait.env; " + command[strings.Index(command, "dmswait --"):]
	assert.Contains(t, read(t, "docs/command-line.md"), line)
}

func testShellScript(t *testing.T, text string) {
	info, err := os.Stat(inRepository(t, "examples/shell/wait.sh"))
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&0o100, "it is executable")
	folder := t.TempDir()
	start := "#!/bin/sh\necho " + trial.TaskID + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "start-restart.sh"), []byte(start), 0o700))
	short := strings.Replace(text, "--timeout 30m", "--timeout 100ms", 1)
	for status, message := range map[string]string{
		"SUCCESS":   `SUCCESS after [\d.]+ s`,
		"FAILED":    `the restart did not succeed: FAILED`,
		"CANCELLED": `the restart did not succeed: CANCELLED`,
		"EXECUTING": `still running after [\d.]+ s`,
	} {
		out := inShell(t, folder, short, withKey(exampleCloud(t, trial.At(0, status))))
		assert.Equal(t, exitCodes[status], out.code, out.text)
		assert.Regexp(t, `^`+message+`$`, lastLine(out.text))
	}
	env := withKey(exampleCloud(t))
	env["DMSWAIT_SECRET_KEY"] = "wrong"
	out := inShell(t, folder, text, env)
	assert.Equal(t, 77, out.code, out.text)
	assert.Equal(t, "the state of task "+trial.TaskID+" is unknown: denied", lastLine(out.text))
	down := withKey(exampleCloud(t))
	down["DMSWAIT_ENDPOINT"], down["DMSWAIT_IAM_ENDPOINT"] = "http://127.0.0.1:9", "http://127.0.0.1:9"
	down["DMSWAIT_MAX_OUTAGE"] = "0"
	out = inShell(t, folder, text, down)
	assert.Equal(t, 75, out.code, out.text)
	assert.Equal(t, "the API is unavailable; run this script again later", lastLine(out.text))
	left, err := filepath.Glob(filepath.Join(folder, "tmp.*"))
	require.NoError(t, err)
	assert.Empty(t, left, "it removes its temporary files")
}
