package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestAJobSummaryIsAppendedForEveryResult(t *testing.T) {
	t.Parallel()
	for result, c := range map[string]struct {
		steps []simulator.Step
		args  []string
	}{
		"success": {steps: []simulator.Step{trial.At(0, "EXECUTING")}, args: []string{"--interval", "700ms", "--max-interval", "700ms"}},
		"failure": {steps: []simulator.Step{trial.At(0, "FAILED")}},
		"usage":   {args: []string{"--timeout", "soon"}},
		"running": {steps: []simulator.Step{trial.At(0, "EXECUTING")}, args: []string{"--timeout", "0"}},
	} {
		sim := trial.Cloud(c.steps...)
		sim.Tasks[0].Name, sim.Tasks[0].Params = "a|b`c`<script>\n::error::x", `{"adminPassword":"hunter2-hunter2"}`
		sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
		if result == "success" {
			trial.EndAt(&sim, "progress", 1)
		}
		path := filepath.Join(t.TempDir(), "summary")
		require.NoError(t, os.WriteFile(path, []byte("# before\n"), 0o600))
		tr := trial.New(trial.Start(t, sim), c.args...).InActions(t).Set("GITHUB_STEP_SUMMARY", path).Run(t)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		summary := string(content)
		assert.True(t, strings.HasPrefix(summary, "# before\n### :"), summary)
		assert.Contains(t, summary, ": dmswait: "+result+"\n")
		assert.Contains(t, summary, "| exit code | ")
		for _, part := range []string{"hunter2", "`", "<script>", "::error", "a|b", trial.SecretKey} {
			assert.NotContains(t, summary, part)
		}
		if result == "success" {
			assert.Contains(t, summary, "| step | state |\n")
			assert.Contains(t, summary, "| expand | IN&#95;PROGRESS |\n")
		}
		assert.NotContains(t, tr.Log.String(), "hunter2")
	}
}

func TestASummaryThatCanNotBeWrittenIsAWarning(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for _, path := range []string{t.TempDir(), "/nonexistent/summary", "/dev/full"} {
		tr := trial.New(server).InActions(t).Set("GITHUB_STEP_SUMMARY", path).Run(t)
		assert.Equal(t, 0, tr.Code)
		assert.Contains(t, tr.Log.String(), "::warning title=dmswait::the job summary could not be written: ")
		assert.Equal(t, "success", tr.Outputs(t)["result"])
	}
	tr := trial.New(server).InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.NotContains(t, tr.Log.String(), "summary", "without a place for it there is none")
}

func TestAStepIsAnnotatedByWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "FAILED")))
	tr := trial.New(server).InActions(t).Run(t)
	assert.Contains(t, tr.Log.String(), "\n::error title=dmswait%3A failure::Task "+trial.TaskID+" ended with FAILED after 0 s.%0Ahint: ")
	assert.Equal(t, 1, strings.Count(tr.Log.String(), "::error"))

	tr = trial.New(server, "--succeed-on", "failure").InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Contains(t, tr.Log.String(), "\n::notice title=dmswait%3A failure::Task "+trial.TaskID+" ended with FAILED after 0 s. The step succeeds all the same, as succeed_on says.\n")
	assert.NotContains(t, tr.Log.String(), "::error")

	sim := trial.Cloud(trial.At(0, "PAUSED"))
	down, slow := simulator.Fault(503, "DMS.00500001", "down"), simulator.Fault(429, "APIGW.0308", "slower")
	sim.Intercept = simulator.Script(down, nil, slow, nil, down, slow)
	trial.EndAt(&sim, "task", 7)
	tr = trial.New(trial.Start(t, sim)).InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	for _, warning := range []string{"no good answer, asking on: ", `status "PAUSED"`, "throttled, asking more slowly: "} {
		count := 0
		for line := range strings.Lines(tr.Log.String()) {
			if strings.HasPrefix(line, "::warning title=dmswait::") && strings.Contains(line, warning) {
				count++
			}
		}
		assert.Equal(t, 1, count, warning)
	}
	assert.Equal(t, 3, strings.Count(tr.Log.String(), "::warning"))
}
