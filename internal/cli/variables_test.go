package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/test/trial"
)

func TestUnknownVariableIsWarnedAboutWithoutItsValue(t *testing.T) {
	t.Parallel()
	const warning = "warning: DMSWAIT_TIMEOUTS is not an input: did you mean DMSWAIT_TIMEOUT?"
	server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
	tr := trial.New(server).Set("DMSWAIT_TIMEOUTS", "hunter2").Set("DMSWAIT_PORT_80_TCP", "tcp://10.0.0.1:80").Run(t)
	assert.Equal(t, 0, tr.Code)
	lines := strings.Split(tr.Log.String(), "\n")
	assert.Contains(t, lines[0], "waiting up to 1h")
	assert.Contains(t, lines[1], warning)
	assert.Equal(t, 1, strings.Count(tr.Log.String(), "is not an input"))
	assert.NotContains(t, tr.Log.String()+tr.Out.String(), "hunter2")

	for _, more := range []string{"--dry-run", "--interval=x"} {
		tr = trial.New(server, more).Set("DMSWAIT_TIMEOUTS", "hunter2").Run(t)
		assert.Contains(t, tr.Log.String(), warning, more)
	}
	tr = trial.New(server, "--quiet").Set("DMSWAIT_TIMEOUTS", "hunter2").Run(t)
	assert.Empty(t, tr.Log.String())
}
