package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// TestEveryResult runs through section "Results and exit codes" of README, as a step of GitHub Actions that also prints JSON.
func TestEveryResult(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		result, status string
		code           int
		steps          []simulator.Step
		intercept      func(simulator.Request) *simulator.Response
		args           []string
		env            map[string]string
		message        string
	}{
		{result: "success", status: "SUCCESS", code: 0, steps: []simulator.Step{trial.At(50, "EXECUTING"), trial.At(100, "SUCCESS")},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 ended with SUCCESS after 0.1 s."},
		{result: "failure", status: "FAILED", code: 1, steps: []simulator.Step{trial.At(0, "failed")},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 ended with FAILED after 0 s."},
		{result: "cancelled", status: "CANCELLED", code: 3, steps: []simulator.Step{trial.At(0, "CANCELLED")}},
		{result: "cancelled", status: "DELETED", code: 3, steps: []simulator.Step{trial.At(0, "DELETED")}},
		{result: "not_found", code: 4, env: map[string]string{"DMSWAIT_TASK_ID": strings.Repeat("0", 32), "DMSWAIT_NOT_FOUND_GRACE": "50ms"},
			message: "Task 00000000000000000000000000000000 was not found."},
		{result: "not_found", code: 4, intercept: trial.Always(simulator.Fault(404, "APIGW.0101", "The API does not exist")),
			message: "The endpoint has no such API (404 APIGW.0101)."},
		{result: "unavailable", code: 75, intercept: trial.Always(simulator.Fault(503, "DMS.111501025", "down")), args: []string{"--max-outage", "50ms"},
			message: "The API gave no good answer (503 DMS.111501025); whether the task goes on is not known."},
		{result: "denied", code: 77, env: map[string]string{"DMSWAIT_SECRET_KEY": "somebodyElsesSecretKey"},
			message: "The API refused the credentials (401 APIGW.0301)."},
		{result: "denied", code: 77, intercept: trial.Always(simulator.Fault(403, "DMS.00403002", "no"))},
		{result: "usage", code: 2, env: map[string]string{"DMSWAIT_TASK_ID": "not-32-hex-digits"},
			message: "The API calls the request wrong (400 DMS.00400070)."},
		{result: "usage", code: 2, args: []string{"--timeout", "soon", "--region", "Nowhere!"},
			message: "The inputs are wrong: region, timeout."},
		{result: "timeout", status: "EXECUTING", code: 124, steps: []simulator.Step{trial.At(0, "EXECUTING")}, args: []string{"--timeout", "80ms"}},
		{result: "running", status: "EXECUTING", code: 124, steps: []simulator.Step{trial.At(0, "EXECUTING")}, args: []string{"--timeout", "0"},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 is EXECUTING."},
	} {
		t.Run(c.result+" "+c.status, func(t *testing.T) {
			t.Parallel()
			sim := trial.Cloud(c.steps...)
			sim.Intercept = c.intercept
			tr := trial.New(trial.Start(t, sim), append(c.args, "--format", "json")...).InActions(t)
			for name, value := range c.env {
				tr.Set(name, value)
			}
			tr.Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())

			outputs, result := tr.Outputs(t), tr.JSON(t)
			assert.Equal(t, "1", outputs["before"], "what others wrote is kept")
			assert.Equal(t, c.result, outputs["result"])
			assert.Equal(t, c.result, result["result"])
			assert.Equal(t, c.status, outputs["status"])
			assert.Equal(t, fmt.Sprint(c.code), outputs["exit_code"])
			assert.EqualValues(t, c.code, result["exit_code"])
			assert.Equal(t, result["message"], outputs["message"])
			if c.message != "" {
				assert.Equal(t, c.message, outputs["message"])
			}
			for _, output := range trial.OutputNames() {
				assert.Contains(t, outputs, output)
				assert.Contains(t, result, output)
			}
			assertSecretOnlyMasked(t, tr)
		})
	}
}

// assertSecretOnlyMasked holds that a secret occurs nowhere but in the line that has the runner mask it, which comes first.
func assertSecretOnlyMasked(t *testing.T, tr *trial.Trial) {
	t.Helper()
	secret := tr.Env["DMSWAIT_SECRET_KEY"]
	mask := "::add-mask::" + secret + "\n"
	require.True(t, strings.HasPrefix(tr.Log.String(), mask), tr.Log.String())
	rest := strings.TrimPrefix(tr.Log.String(), mask)
	assert.NotContains(t, rest+tr.Out.String()+fmt.Sprint(tr.Outputs(t)), secret)
}

func TestOneConnectionServesAllPolls(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	trial.EndAt(&sim, "task", 6)
	server := trial.Start(t, sim)
	tr := trial.New(server).Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.GreaterOrEqual(t, len(server.Requests()), 6)
	assert.Equal(t, 1, server.Connections())
}

func TestRequestsTellWhoAsks(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	trial.New(server).Run(t)
	asked := server.Requests()[0]
	assert.Equal(t, "GET", asked.Method)
	var version strings.Builder
	assert.Equal(t, 0, cli.Run(t.Context(), []string{"--version"}, os.Getenv, &version, &version))
	_, number, _ := strings.Cut(strings.TrimSpace(version.String()), " ")
	assert.Equal(t, "dmswait/"+number, asked.Header.Get("User-Agent"))
}

func TestAReadyTokenLogsIn(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tokens = []string{"aReadyTokenOfTheProject"}
	tr := trial.New(trial.Start(t, sim)).Set("DMSWAIT_ACCESS_KEY", "").Set("DMSWAIT_SECRET_KEY", "").Set("DMSWAIT_AUTH_TOKEN", "aReadyTokenOfTheProject").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Contains(t, tr.Log.String(), "with an auth token from DMSWAIT_AUTH_TOKEN\n")
}

func TestTemporaryKeysComeWithTheirSecurityToken(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.SecurityTokens = map[string]string{trial.AccessKey: "theSecurityToken+/=="}
	tr := trial.New(trial.Start(t, sim)).Set("DMSWAIT_SECURITY_TOKEN", "theSecurityToken+/==").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	tr = trial.New(trial.Start(t, sim)).Run(t)
	assert.Equal(t, 77, tr.Code)
}

func TestAWrongKeyIsTriedOnce(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud())
	tr := trial.New(server).Set("DMSWAIT_SECRET_KEY", "somebodyElsesSecretKey").Run(t)
	assert.Equal(t, 77, tr.Code)
	assert.Len(t, server.Requests(), 1)
}

func TestAWrongLocalClockIsCorrectedFromTheServers(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{7 * time.Hour, -7 * time.Hour} {
		sim := trial.Cloud(trial.At(100, "SUCCESS"))
		sim.Clock = func() time.Time { return time.Now().Add(off) }
		server := trial.Start(t, sim)
		tr := trial.New(server).Run(t)
		assert.Equal(t, 0, tr.Code, tr.Log.String())
		assert.Equal(t, 1, strings.Count(tr.Log.String(), "the local clock is off by"), tr.Log.String())
		assert.Contains(t, tr.Log.String(), fmt.Sprintf("off by %.0fh;", -off.Hours()))
		refused := 0
		for _, asked := range server.Requests() {
			signed, err := time.Parse("20060102T150405Z", asked.Header.Get("X-Sdk-Date"))
			require.NoError(t, err)
			if signed.Sub(time.Now().Add(off)).Abs() > time.Minute {
				refused++
			}
		}
		assert.Equal(t, 1, refused, "later requests are signed right at once")
	}
}

func TestSucceedOnChangesTheExitCodeAndNothingElse(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "FAILED"))), "--succeed-on", "failure,timeout", "--format", "json").InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Equal(t, "failure", tr.Outputs(t)["result"])
	assert.EqualValues(t, 1, tr.JSON(t)["exit_code"])
	assert.NotContains(t, tr.Log.String(), "::error")

	tr = trial.New(trial.Start(t, trial.Cloud(trial.At(0, "CANCELLED"))), "--succeed-on", "failure").Run(t)
	assert.Equal(t, 3, tr.Code)
}

func TestFormatsOnStdout(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	assert.Equal(t, "Task "+trial.TaskID+" ended with SUCCESS after 0 s.\n", trial.New(server).Run(t).Out.String())
	assert.Empty(t, trial.New(server, "--format", "none").Run(t).Out.String())
	tr := trial.New(server, "--format", "json").Run(t)
	assert.Equal(t, 1, strings.Count(tr.Out.String(), "\n"))
	assert.Equal(t, map[string]any{"public_ip_id": "06a13350", "enable_public_ip": true}, tr.JSON(t)["params"])
}

func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for name, spoil := range map[string]func(*trial.Trial){
		"a bad duration":     func(tr *trial.Trial) { tr.Set("DMSWAIT_TIMEOUT", "1 hour") },
		"an unknown flag":    func(tr *trial.Trial) { tr.Args = append(tr.Args, "--tiemout", "5") },
		"an argument":        func(tr *trial.Trial) { tr.Args = append(tr.Args, trial.TaskID) },
		"two ways to log in": func(tr *trial.Trial) { tr.Set("DMSWAIT_AUTH_TOKEN", "t") },
		"half a way":         func(tr *trial.Trial) { tr.Set("DMSWAIT_SECRET_KEY", "") },
		"a proxy of no URL":  func(tr *trial.Trial) { tr.Set("HTTPS_PROXY", "http://%zz") },
		"no outputs file":    func(tr *trial.Trial) { tr.Set("GITHUB_ACTIONS", "true") },
		"a folder for it":    func(tr *trial.Trial) { tr.Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", os.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			tr := trial.New(server)
			spoil(tr)
			tr.Run(t)
			assert.Equal(t, 2, tr.Code)
			assert.Contains(t, tr.Log.String(), "error: ")
			assert.Empty(t, server.Requests())
		})
	}
}

func TestAResultThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	tr := trial.New(server).InActions(t)
	tr.Stdout = brokenWriter{}
	tr.Run(t)
	assert.Equal(t, 74, tr.Code)
	assert.Equal(t, "success", tr.Outputs(t)["result"], "the other outputs are written all the same")
	assert.Equal(t, "0", tr.Outputs(t)["exit_code"])

	failed := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "FAILED"))))
	failed.Stdout = brokenWriter{}
	assert.Equal(t, 1, failed.Run(t).Code, "74 comes instead of 0 only")

	assert.Equal(t, 74, cli.Run(t.Context(), []string{"--help"}, os.Getenv, brokenWriter{}, brokenWriter{}))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestABrokenStderrChangesNothingElse(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(50, "SUCCESS")))).InActions(t)
	tr.Stderr = brokenWriter{}
	tr.Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Equal(t, "success", tr.Outputs(t)["result"])
	assert.NotEmpty(t, tr.Out.String())
}

func TestAPanicIsCaughtAndOutputsAreWritten(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))).InActions(t)
	tr.RunContext(&panicking{Context: t.Context()})
	assert.Equal(t, 70, tr.Code)
	assert.Equal(t, "internal", tr.Outputs(t)["result"])
	assert.Equal(t, "70", tr.Outputs(t)["exit_code"])
	assert.Contains(t, tr.Log.String(), "internal: a bug; please report it")
}

// panicking stands for a bug in mid-wait.
type panicking struct{ context.Context }

func (*panicking) Err() error { panic("a bug") }

func TestProgressIsAnOutput(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
	trial.EndAt(&sim, "progress", 1)
	// The request for it ends with the pause, which is long enough here for a slow machine.
	tr := trial.New(trial.Start(t, sim), "--format", "json", "--interval", "700ms", "--max-interval", "700ms").Run(t)
	assert.EqualValues(t, 40, tr.JSON(t)["progress"])
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(trial.SecretKey+"\n"), 0o600))
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))).InActions(t)
	tr.Set("DMSWAIT_SECRET_KEY", "").Set("DMSWAIT_SECRET_KEY_FILE", path).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.True(t, strings.HasPrefix(tr.Log.String(), "::add-mask::"+trial.SecretKey+"\n"))
}
