package cli_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestWhatTheServiceSaysCannotForgeAnything(t *testing.T) {
	t.Parallel()
	hostile := "x\n::error::forged\r::warning::forged\n##[error]forged\x1b[2J\u202e" + strings.Repeat("y", 4000)
	sim := trial.Cloud(trial.At(30, "SUCCESS"))
	sim.Tasks[0].Name, sim.Tasks[0].UserName = hostile, "result=forged\nresult<<EOF\nforged\nEOF"
	sim.Tasks[0].Params = "_GitHubActionsFileCommandDelimeter_\nresult=forged"
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Nth == 1 {
			answer := simulator.Fault(503, hostile, hostile)
			answer.Header = http.Header{"X-Request-Id": {"##[error]forged"}}
			return answer
		}
		return nil
	}
	tr := trial.New(trial.Start(t, sim), "--format", "json").InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	for _, line := range strings.FieldsFunc(tr.Log.String()+tr.Out.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
		assert.NotRegexp(t, `##[A-Za-z]*\[`, line)
		assert.NotContains(t, line, "\x1b")
		assert.NotContains(t, line, "\u202e")
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "::") {
			assert.Regexp(t, `^::(add-mask::|group::|endgroup::|error title=dmswait|warning title=dmswait)`, trimmed)
		}
		assert.Less(t, len(line), 12000)
	}
	outputs := tr.Outputs(t)
	assert.Equal(t, "success", outputs["result"])
	assert.Equal(t, sim.Tasks[0].Params, outputs["params"], "outputs hold it exactly as it was")
	assert.Len(t, outputs, len(trial.OutputNames())+1)
}

func TestOurSecretsAreHiddenWhereTheServiceRepeatsThem(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"note":"` + trial.SecretKey + `"}`
	sim.Intercept = simulator.Script(simulator.Fault(500, "DMS.00500000", "you said "+trial.SecretKey))
	tr := trial.New(trial.Start(t, sim), "--format", "json").InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	assertSecretOnlyMasked(t, tr)
	assert.Equal(t, `{"note":"***"}`, tr.Outputs(t)["params"])
}

func TestParamsNeverGoToTheLog(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(50, "FAILED")))).Run(t)
	assert.NotContains(t, tr.Log.String()+tr.Out.String(), "06a13350")
}
