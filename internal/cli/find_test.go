package cli_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/test/trial"
)

func TestTaskCreatedLaterIsFoundWithinTheGrace(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Age = -150 * time.Millisecond
	since := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	tr := trial.New(trial.Start(t, sim), "--task-name", trial.TaskName, "--since", since, "--format", "json").
		Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, trial.TaskID, tr.JSON(t)["task_id"])
}
