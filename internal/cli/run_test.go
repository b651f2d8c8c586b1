package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/report"
	"github.com/dmswait/dmswait/internal/simulator"
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
		{result: "success", status: "SUCCESS", code: 0, steps: []simulator.Step{at(50, "EXECUTING"), at(100, "SUCCESS")},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 ended with SUCCESS after 0.1 s."},
		{result: "failure", status: "FAILED", code: 1, steps: []simulator.Step{at(0, "failed")},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 ended with FAILED after 0 s."},
		{result: "cancelled", status: "CANCELLED", code: 3, steps: []simulator.Step{at(0, "CANCELLED")}},
		{result: "cancelled", status: "DELETED", code: 3, steps: []simulator.Step{at(0, "DELETED")}},
		{result: "not_found", code: 4, env: map[string]string{"DMSWAIT_TASK_ID": strings.Repeat("0", 32), "DMSWAIT_NOT_FOUND_GRACE": "50ms"},
			message: "Task 00000000000000000000000000000000 was not found."},
		{result: "not_found", code: 4, intercept: always(simulator.Fault(404, "APIGW.0101", "The API does not exist")),
			message: "The endpoint has no such API (404 APIGW.0101)."},
		{result: "unavailable", code: 75, intercept: always(simulator.Fault(503, "DMS.111501025", "down")), args: []string{"--max-outage", "50ms"},
			message: "The API gave no good answer (503 DMS.111501025); whether the task goes on is not known."},
		{result: "denied", code: 77, env: map[string]string{"DMSWAIT_SECRET_KEY": "somebodyElsesSecretKey"},
			message: "The API refused the credentials (401 APIGW.0301)."},
		{result: "denied", code: 77, intercept: always(simulator.Fault(403, "DMS.00403002", "no"))},
		{result: "usage", code: 2, env: map[string]string{"DMSWAIT_TASK_ID": "not-32-hex-digits"},
			message: "The API calls the request wrong (400 DMS.00400070)."},
		{result: "usage", code: 2, args: []string{"--timeout", "soon", "--region", "Nowhere!"},
			message: "The inputs are wrong: region, timeout."},
		{result: "timeout", status: "EXECUTING", code: 124, steps: []simulator.Step{at(0, "EXECUTING")}, args: []string{"--timeout", "80ms"}},
		{result: "running", status: "EXECUTING", code: 124, steps: []simulator.Step{at(0, "EXECUTING")}, args: []string{"--timeout", "0"},
			message: "Task 8abfa7a77e2b4c0e017e2b4f0a2b0001 is EXECUTING."},
	} {
		t.Run(c.result+" "+c.status, func(t *testing.T) {
			t.Parallel()
			sim := cloud(c.steps...)
			sim.Intercept = c.intercept
			tr := newTrial(start(t, sim), append(c.args, "--format", "json")...).inActions(t)
			for name, value := range c.env {
				tr.set(name, value)
			}
			tr.run(t)
			assert.Equal(t, c.code, tr.code, tr.log.String())

			outputs, result := tr.outputs(t), tr.json(t)
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
			for _, output := range report.OutputMeanings() {
				assert.Contains(t, outputs, output[0])
				assert.Contains(t, result, output[0])
			}
			assertSecretOnlyMasked(t, tr)
		})
	}
}

func always(answer *simulator.Response) func(simulator.Request) *simulator.Response {
	return func(simulator.Request) *simulator.Response { return answer }
}

// assertSecretOnlyMasked holds that a secret occurs nowhere but in the line that has the runner mask it, which comes first.
func assertSecretOnlyMasked(t *testing.T, tr *trial) {
	t.Helper()
	secret := tr.env["DMSWAIT_SECRET_KEY"]
	mask := "::add-mask::" + secret + "\n"
	require.True(t, strings.HasPrefix(tr.log.String(), mask), tr.log.String())
	rest := strings.TrimPrefix(tr.log.String(), mask)
	assert.NotContains(t, rest+tr.out.String()+fmt.Sprint(tr.outputs(t)), secret)
}

func TestASignalEndsAWaitWithItsOutputsWritten(t *testing.T) {
	t.Parallel()
	for signal, code := range map[syscall.Signal]int{syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGQUIT: 131, syscall.SIGTERM: 143} {
		for place, answer := range map[string]*simulator.Response{"in a pause": nil, "in a request": {Hang: true}} {
			t.Run(signal.String()+" "+place, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				sim := cloud(at(0, "EXECUTING"))
				sim.Intercept = simulator.Script(nil, answer, answer)
				tr := newTrial(start(t, sim), "--interval", "100ms", "--max-interval", "1h").inActions(t)
				time.AfterFunc(300*time.Millisecond, func() { cancel(report.Interrupt{Signal: signal}) })
				began := time.Now()
				tr.runWith(ctx)
				assert.Equal(t, code, tr.code)
				assert.Less(t, time.Since(began), time.Second)
				outputs := tr.outputs(t)
				assert.Equal(t, "interrupted", outputs["result"])
				assert.Equal(t, "EXECUTING", outputs["status"])
				assert.Equal(t, fmt.Sprint(code), outputs["exit_code"])
			})
		}
	}
}

func TestOneConnectionServesAllPolls(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(300, "SUCCESS")))
	tr := newTrial(server).run(t)
	assert.Equal(t, 0, tr.code)
	assert.Greater(t, len(server.Requests()), 5)
	assert.Equal(t, 1, server.Connections())
}

func TestRequestsTellWhoAsks(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	newTrial(server).run(t)
	asked := server.Requests()[0]
	assert.Equal(t, "GET", asked.Method)
	assert.Equal(t, "dmswait/"+version(), asked.Header.Get("User-Agent"))
}

func TestAReadyTokenLogsIn(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.Tokens = []string{"aReadyTokenOfTheProject"}
	tr := newTrial(start(t, sim)).set("DMSWAIT_ACCESS_KEY", "").set("DMSWAIT_SECRET_KEY", "").set("DMSWAIT_AUTH_TOKEN", "aReadyTokenOfTheProject").run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Contains(t, tr.log.String(), "with an auth token from DMSWAIT_AUTH_TOKEN\n")
}

func TestTemporaryKeysComeWithTheirSecurityToken(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.SecurityTokens = map[string]string{accessKey: "theSecurityToken+/=="}
	tr := newTrial(start(t, sim)).set("DMSWAIT_SECURITY_TOKEN", "theSecurityToken+/==").run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	tr = newTrial(start(t, sim)).run(t)
	assert.Equal(t, 77, tr.code)
}

func TestAWrongKeyIsTriedOnce(t *testing.T) {
	t.Parallel()
	server := start(t, cloud())
	tr := newTrial(server).set("DMSWAIT_SECRET_KEY", "somebodyElsesSecretKey").run(t)
	assert.Equal(t, 77, tr.code)
	assert.Len(t, server.Requests(), 1)
}

func TestAWrongLocalClockIsCorrectedFromTheServers(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{7 * time.Hour, -7 * time.Hour} {
		sim := cloud(at(100, "SUCCESS"))
		sim.Clock = func() time.Time { return time.Now().Add(off) }
		server := start(t, sim)
		tr := newTrial(server).run(t)
		assert.Equal(t, 0, tr.code, tr.log.String())
		assert.Equal(t, 1, strings.Count(tr.log.String(), "the local clock is off by"), tr.log.String())
		assert.Contains(t, tr.log.String(), fmt.Sprintf("off by %.0fh;", -off.Hours()))
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
	tr := newTrial(start(t, cloud(at(0, "FAILED"))), "--succeed-on", "failure,timeout", "--format", "json").inActions(t).run(t)
	assert.Equal(t, 0, tr.code)
	assert.Equal(t, "failure", tr.outputs(t)["result"])
	assert.EqualValues(t, 1, tr.json(t)["exit_code"])
	assert.NotContains(t, tr.log.String(), "::error")

	tr = newTrial(start(t, cloud(at(0, "CANCELLED"))), "--succeed-on", "failure").run(t)
	assert.Equal(t, 3, tr.code)
}

func TestFormatsOnStdout(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	assert.Equal(t, "Task "+taskID+" ended with SUCCESS after 0 s.\n", newTrial(server).run(t).out.String())
	assert.Empty(t, newTrial(server, "--format", "none").run(t).out.String())
	tr := newTrial(server, "--format", "json").run(t)
	assert.Equal(t, 1, strings.Count(tr.out.String(), "\n"))
	assert.Equal(t, map[string]any{"public_ip_id": "06a13350", "enable_public_ip": true}, tr.json(t)["params"])
}

func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	for name, spoil := range map[string]func(*trial){
		"a bad duration":     func(tr *trial) { tr.set("DMSWAIT_TIMEOUT", "1 hour") },
		"an unknown flag":    func(tr *trial) { tr.args = append(tr.args, "--tiemout", "5") },
		"an argument":        func(tr *trial) { tr.args = append(tr.args, taskID) },
		"two ways to log in": func(tr *trial) { tr.set("DMSWAIT_AUTH_TOKEN", "t") },
		"half a way":         func(tr *trial) { tr.set("DMSWAIT_SECRET_KEY", "") },
		"a proxy of no URL":  func(tr *trial) { tr.set("HTTPS_PROXY", "http://%zz") },
		"no outputs file":    func(tr *trial) { tr.set("GITHUB_ACTIONS", "true") },
		"a folder for it":    func(tr *trial) { tr.set("GITHUB_ACTIONS", "true").set("GITHUB_OUTPUT", os.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(server)
			spoil(tr)
			tr.run(t)
			assert.Equal(t, 2, tr.code)
			assert.Contains(t, tr.log.String(), "error: ")
			assert.Empty(t, server.Requests())
		})
	}
}

func TestAResultThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	tr := newTrial(server).inActions(t)
	tr.stdout = brokenWriter{}
	tr.run(t)
	assert.Equal(t, 74, tr.code)
	assert.Equal(t, "success", tr.outputs(t)["result"], "the other outputs are written all the same")
	assert.Equal(t, "0", tr.outputs(t)["exit_code"])

	failed := newTrial(start(t, cloud(at(0, "FAILED"))))
	failed.stdout = brokenWriter{}
	assert.Equal(t, 1, failed.run(t).code, "74 comes instead of 0 only")

	assert.Equal(t, 74, Run(t.Context(), []string{"--help"}, os.Getenv, brokenWriter{}, brokenWriter{}))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestABrokenStderrChangesNothingElse(t *testing.T) {
	t.Parallel()
	tr := newTrial(start(t, cloud(at(50, "SUCCESS")))).inActions(t)
	tr.stderr = brokenWriter{}
	tr.run(t)
	assert.Equal(t, 0, tr.code)
	assert.Equal(t, "success", tr.outputs(t)["result"])
	assert.NotEmpty(t, tr.out.String())
}

func TestAPanicIsCaughtAndOutputsAreWritten(t *testing.T) {
	t.Parallel()
	tr := newTrial(start(t, cloud(at(0, "EXECUTING")))).inActions(t)
	tr.runWith(&panicking{Context: t.Context()})
	assert.Equal(t, 70, tr.code)
	assert.Equal(t, "internal", tr.outputs(t)["result"])
	assert.Equal(t, "70", tr.outputs(t)["exit_code"])
	assert.Contains(t, tr.log.String(), "internal: a bug; please report it")
}

// panicking stands for a bug in mid-wait.
type panicking struct{ context.Context }

func (*panicking) Err() error { panic("a bug") }

func TestProgressIsAnOutput(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "EXECUTING"), at(500, "SUCCESS"))
	sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
	tr := newTrial(start(t, sim), "--format", "json").run(t)
	assert.EqualValues(t, 40, tr.json(t)["progress"])
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(secretKey+"\n"), 0o600))
	tr := newTrial(start(t, cloud(at(0, "SUCCESS")))).inActions(t)
	tr.set("DMSWAIT_SECRET_KEY", "").set("DMSWAIT_SECRET_KEY_FILE", path).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.True(t, strings.HasPrefix(tr.log.String(), "::add-mask::"+secretKey+"\n"))
}
