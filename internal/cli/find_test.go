package cli_test

import (
	"fmt"
	"strings"
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

func TestTwoTasksOfTheNameAreWarnedAbout(t *testing.T) {
	t.Parallel()
	for count, warned := range map[int]bool{1: false, 2: true, 3: true} {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		for n := 1; n < count; n++ {
			older := sim.Tasks[0]
			older.ID, older.Age = fmt.Sprintf("%032x", n), time.Minute
			sim.Tasks = append(sim.Tasks, older)
		}
		tr := trial.New(trial.Start(t, sim), "--task-name", trial.TaskName, "--since", "1h", "--format", "json").
			Set("DMSWAIT_TASK_ID", "").Run(t)
		assert.Equal(t, 0, tr.Code, tr.Log.String())
		assert.Equal(t, trial.TaskID, tr.JSON(t)["task_id"])
		warning := fmt.Sprintf("dmswait: warning: %d tasks named %q were created since ", count, trial.TaskName)
		assert.Equal(t, warned, strings.Contains(tr.Log.String(), warning), tr.Log.String())
		assert.Equal(t, warned, strings.Contains(tr.Log.String(), "warning: "), tr.Log.String())
	}
}
