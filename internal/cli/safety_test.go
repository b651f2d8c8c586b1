package cli

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/report"
	"github.com/dmswait/dmswait/internal/simulator"
)

func TestWhatTheServiceSaysCannotForgeAnything(t *testing.T) {
	t.Parallel()
	hostile := "x\n::error::forged\r::warning::forged\n##[error]forged\x1b[2J\u202e" + strings.Repeat("y", 4000)
	sim := cloud(at(30, "SUCCESS"))
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
	tr := newTrial(start(t, sim), "--format", "json").inActions(t).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	for _, line := range strings.FieldsFunc(tr.log.String()+tr.out.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
		assert.NotContains(t, line, "##[")
		assert.NotContains(t, line, "\x1b")
		assert.NotContains(t, line, "\u202e")
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "::") {
			assert.Regexp(t, `^::(add-mask::|group::|endgroup::|error title=dmswait|warning title=dmswait)`, trimmed)
		}
		assert.Less(t, len(line), 12000)
	}
	outputs := tr.outputs(t)
	assert.Equal(t, "success", outputs["result"])
	assert.Equal(t, sim.Tasks[0].Params, outputs["params"], "outputs hold it exactly as it was")
	assert.Len(t, outputs, len(report.OutputMeanings())+1)
}

func TestOurSecretsAreHiddenWhereTheServiceRepeatsThem(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"note":"` + secretKey + `"}`
	sim.Intercept = simulator.Script(simulator.Fault(500, "DMS.00500000", "you said "+secretKey))
	tr := newTrial(start(t, sim), "--format", "json").inActions(t).run(t)
	assert.Equal(t, 0, tr.code)
	assertSecretOnlyMasked(t, tr)
	assert.Equal(t, `{"note":"***"}`, tr.outputs(t)["params"])
}

func TestParamsNeverGoToTheLog(t *testing.T) {
	t.Parallel()
	tr := newTrial(start(t, cloud(at(50, "FAILED")))).run(t)
	assert.NotContains(t, tr.log.String()+tr.out.String(), "06a13350")
}
