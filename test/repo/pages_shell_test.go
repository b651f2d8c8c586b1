//go:build unix

package repo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// shellTests run the shell examples, by the names in the comments before them.
var shellTests = map[string]func(*testing.T, string){
	"case":    testCaseExample,
	"json":    testJSONExample,
	"several": testSeveralExample,
	"list":    testListExample,
	"gates":   testGatesExample,
	"dotenv":  testDotenvExample,
	"serve":   func(*testing.T, string) {}, // started by the one in the other terminal
	"served":  testServedExample,

	"packages":     testPackagesExample,
	"timer":        testTimerExample,
	"verify":       testVerifyExample,
	"verify image": testVerifyImageExample,
}

func TestShellExamplesRun(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, b := range blocks(t, "sh") {
		if b.page == "README.md" { // .ci/run runs these, and finds them by their comments
			assert.Equal(t, "go run ./internal/demo    # runs it against a simulated cloud\n"+
				"go test ./...             # runs the tests\n", b.text)
			continue
		}
		test := shellTests[b.name]
		require.True(t, test != nil && b.action == "run", "%s: nobody runs\n%s", b.page, b.text)
		tested[b.name] = true
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b.text)
		})
	}
	assert.Len(t, tested, len(shellTests))
}

// placeEnv is the environment of an example that names its task by $INSTANCE and $TASK.
func placeEnv(server *simulator.Server) map[string]string {
	tr := trial.New(server).Set("INSTANCE", simulator.DefaultInstanceID).Set("TASK", trial.TaskID)
	return tr.Set("DMSWAIT_REGION", "cn-north-4").Env
}

func testCaseExample(t *testing.T, example string) {
	export, script, _ := strings.Cut(example, "\n")
	require.True(t, strings.HasPrefix(export, "export DMSWAIT_ACCESS_KEY="))
	run := func(server *simulator.Server, script string) string {
		out := inShell(t, t.TempDir(), script, placeEnv(server))
		require.Zero(t, out.code, out.text)
		return lastLine(out.text)
	}
	assert.Equal(t, "done", run(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))), script))
	assert.Equal(t, "failed", run(trial.Start(t, trial.Cloud(trial.At(0, "FAILED"))), script))
	short := strings.Replace(script, "--timeout 30m", "--timeout 100ms", 1)
	assert.Equal(t, "still running", run(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"))), short))
}

func testJSONExample(t *testing.T, example string) {
	needs(t, "jq")
	server := trial.Start(t, trial.Cloud(trial.At(1500, "SUCCESS")))
	out := inShell(t, t.TempDir(), example, placeEnv(server))
	assert.Zero(t, out.code, out.text)
	assert.Equal(t, "1.5", lastLine(out.text))
}

func testSeveralExample(t *testing.T, example string) {
	for status, failed := range map[string]bool{"SUCCESS": false, "FAILED": true} {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		other := sim.Tasks[0]
		other.ID, other.Steps = otherTask, []simulator.Step{trial.At(0, status)}
		sim.Tasks = append(sim.Tasks, other)
		env := trial.New(trial.Start(t, sim)).Set("TASKS", trial.TaskID+" "+otherTask).Env
		delete(env, "DMSWAIT_TASK_ID")
		out := inShell(t, t.TempDir(), example, env)
		assert.Contains(t, out.text, trial.TaskID+": SUCCESS")
		assert.Contains(t, out.text, otherTask+": "+status)
		assert.Equal(t, failed, strings.Contains(out.text, "at least one task did not succeed"), out.text)
	}
}

func testGatesExample(t *testing.T, example string) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "start-change.sh"), []byte("#!/bin/sh\necho started\n"), 0o700))
	env := trial.New(trial.Start(t, trial.Cloud(trial.At(100, "SUCCESS")))).Set("DMSWAIT_SETTLE", "50ms").Env
	delete(env, "DMSWAIT_TASK_ID")
	out := inShell(t, folder, example, env)
	assert.Zero(t, out.code, out.text)
	assert.Regexp(t, `(?s) is idle\..*\nstarted\n.* is ready\.`, out.text)
}

func testListExample(t *testing.T, example string) {
	env := placeEnv(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"))))
	delete(env, "DMSWAIT_TASK_ID")
	out := inShell(t, t.TempDir(), example, env)
	assert.Equal(t, 4, out.code, out.text)
	assert.Regexp(t, `bindInstancePublicIp \(\d+s old, EXECUTING\)`, out.text)
}

func testDotenvExample(t *testing.T, example string) {
	server := trial.Start(t, trial.Cloud(trial.At(1500, "SUCCESS")))
	out := inShell(t, t.TempDir(), example, placeEnv(server))
	assert.Zero(t, out.code, out.text)
	assert.Equal(t, "success: SUCCESS after 1.5 s", lastLine(out.text))
}

// testServedExample starts the demo's cloud as the example for the first terminal does, and runs
// that for the second one.
func testServedExample(t *testing.T, example string) {
	var serve string
	for _, b := range blocks(t, "sh") {
		if b.name == "serve" {
			serve = strings.TrimSpace(b.text)
		}
	}
	flags, ok := strings.CutPrefix(serve, "go run ./internal/demo ")
	require.True(t, ok, serve)
	folder := filepath.Join(t.TempDir(), "cloud")
	place := strings.NewReplacer("/tmp/cloud", folder, "127.0.0.1:8443", "127.0.0.1:0").Replace
	demo := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", demo, "./internal/demo")
	build.Dir = inRepository(t, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	cloud := exec.CommandContext(t.Context(), demo, strings.Fields(place(flags))...)
	require.NoError(t, cloud.Start())
	t.Cleanup(func() { _ = cloud.Wait() }) // the test's context has killed it
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(folder, "env"))
		return err == nil
	}, trial.Patience, 10*time.Millisecond)
	end := inShell(t, t.TempDir(), strings.Replace(place(example), "--timeout 5s", "--timeout 50ms", 1), nil)
	assert.Zero(t, end.code, end.text)
	assert.Contains(t, lastLine(end.text), "is still ")
}

func TestCrontabOfPagesIsSilentAsLongAsAllIsWell(t *testing.T) {
	t.Parallel()
	line := lastLine(blocks(t, "crontab")[0].text)
	schedule, command, ok := strings.Cut(line, " * * * * ")
	require.True(t, ok)
	assert.Equal(t, "*/10", schedule)
	path := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(path, []byte("DMSWAIT_TASK_ID="+trial.TaskID+"\n"), 0o600))
	command = strings.ReplaceAll(command, "/etc/dmswait.env", path)
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 0, "FAILED": 1} {
		out := inShell(t, t.TempDir(), command, placeEnv(trial.Start(t, trial.Cloud(trial.At(0, status)))))
		assert.Equal(t, code, out.code, out.text)
		if code == 0 {
			assert.Empty(t, out.text)
		} else {
			assert.Contains(t, out.text, "ended with FAILED")
		}
	}
}

// TestNotificationPostsTheMessage runs the step's script with a curl that only writes down what it
// was given.
func TestNotificationPostsTheMessage(t *testing.T) {
	t.Parallel()
	needs(t, "jq")
	for _, b := range blocks(t, "yaml") {
		if b.name != "slack" {
			continue
		}
		var steps []pageStep
		unmarshal(t, b.text, &steps)
		folder := t.TempDir()
		curl := "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$HOME/args\"\ncat >\"$HOME/body\"\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, "curl"), []byte(curl), 0o700))
		env := map[string]string{}
		for name, value := range steps[0].Env {
			require.Contains(t, value, "${{")
			env[name] = "https://hooks.example.com/secret"
		}
		env["MESSAGE"] = `Task "t1" ended.`
		end := inShell(t, folder, "PATH=.:$PATH\n"+steps[0].Run, env)
		assert.Zero(t, end.code, end.text)
		body, err := os.ReadFile(filepath.Join(folder, "body"))
		require.NoError(t, err)
		assert.JSONEq(t, `{"text": "Task \"t1\" ended."}`, string(body))
		args, err := os.ReadFile(filepath.Join(folder, "args"))
		require.NoError(t, err)
		assert.Equal(t, "https://hooks.example.com/secret", lastLine(string(args)))
		return
	}
	t.Error("there is no such example")
}

// needs skips a test where a program that its example uses is missing.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
