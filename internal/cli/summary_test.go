package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestAJobSummaryIsAppendedForEveryResult(t *testing.T) {
	t.Parallel()
	for result, c := range map[string]struct {
		steps []simulator.Step
		args  []string
	}{
		"success": {steps: []simulator.Step{at(400, "SUCCESS")}},
		"failure": {steps: []simulator.Step{at(0, "FAILED")}},
		"usage":   {args: []string{"--timeout", "soon"}},
		"running": {steps: []simulator.Step{at(0, "EXECUTING")}, args: []string{"--timeout", "0"}},
	} {
		sim := cloud(c.steps...)
		sim.Tasks[0].Name, sim.Tasks[0].Params = "a|b`c`<script>\n::error::x", `{"adminPassword":"hunter2-hunter2"}`
		sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
		path := filepath.Join(t.TempDir(), "summary")
		require.NoError(t, os.WriteFile(path, []byte("# before\n"), 0o600))
		tr := newTrial(start(t, sim), c.args...).inActions(t).set("GITHUB_STEP_SUMMARY", path).run(t)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		summary := string(content)
		assert.True(t, strings.HasPrefix(summary, "# before\n### :"), summary)
		assert.Contains(t, summary, ": dmswait: "+result+"\n")
		assert.Contains(t, summary, "| exit code | ")
		for _, part := range []string{"hunter2", "`", "<script>", "::error", "a|b", secretKey} {
			assert.NotContains(t, summary, part)
		}
		if result == "success" {
			assert.Contains(t, summary, "| step | state |\n")
			assert.Contains(t, summary, "| expand | IN&#95;PROGRESS |\n")
		}
		assert.NotContains(t, tr.log.String(), "hunter2")
	}
}

func TestASummaryThatCanNotBeWrittenIsAWarning(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	for _, path := range []string{t.TempDir(), "/nonexistent/summary", "/dev/full"} {
		tr := newTrial(server).inActions(t).set("GITHUB_STEP_SUMMARY", path).run(t)
		assert.Equal(t, 0, tr.code)
		assert.Contains(t, tr.log.String(), "::warning title=dmswait::the job summary could not be written: ")
		assert.Equal(t, "success", tr.outputs(t)["result"])
	}
	tr := newTrial(server).inActions(t).run(t)
	assert.Equal(t, 0, tr.code)
	assert.NotContains(t, tr.log.String(), "summary", "without a place for it there is none")
}

func TestAStepIsAnnotatedByWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "FAILED")))
	tr := newTrial(server).inActions(t).run(t)
	assert.Contains(t, tr.log.String(), "\n::error title=dmswait%3A failure::Task "+taskID+" ended with FAILED after 0 s.%0Ahint: ")
	assert.Equal(t, 1, strings.Count(tr.log.String(), "::error"))

	tr = newTrial(server, "--succeed-on", "failure").inActions(t).run(t)
	assert.Equal(t, 0, tr.code)
	assert.Contains(t, tr.log.String(), "\n::notice title=dmswait%3A failure::Task "+taskID+" ended with FAILED after 0 s. The step succeeds all the same, as succeed_on says.\n")
	assert.NotContains(t, tr.log.String(), "::error")

	sim := cloud(at(0, "PAUSED"), at(150, "SUCCESS"))
	down, slow := simulator.Fault(503, "DMS.00500001", "down"), simulator.Fault(429, "APIGW.0308", "slower")
	sim.Intercept = simulator.Script(down, nil, slow, nil, down, slow)
	tr = newTrial(start(t, sim)).inActions(t).run(t)
	assert.Equal(t, 0, tr.code)
	for _, warning := range []string{"no good answer, asking on: ", `status "PAUSED"`, "throttled, asking more slowly: "} {
		count := 0
		for line := range strings.Lines(tr.log.String()) {
			if strings.HasPrefix(line, "::warning title=dmswait::") && strings.Contains(line, warning) {
				count++
			}
		}
		assert.Equal(t, 1, count, warning)
	}
	assert.Equal(t, 3, strings.Count(tr.log.String(), "::warning"))
}
