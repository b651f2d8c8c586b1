package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestATaskIsFoundByNameAndFollowedByItsID(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	old, other := sim.Tasks[0], sim.Tasks[0]
	old.ID, old.Age, old.Steps = strings.Repeat("1", 32), time.Hour, []simulator.Step{trial.At(0, "FAILED")}
	other.ID, other.Name = strings.Repeat("2", 32), "restartInstance"
	trial.EndAt(&sim, "task", 1)
	sim.Tasks = append(sim.Tasks, old, other)
	server := trial.Start(t, sim)
	tr := trial.New(server, "--task-name", "bindInstancePublicIp", "--since", "5m").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, "Task "+trial.TaskID+" ended with SUCCESS after 45 s.\n", tr.Out.String())
	assert.Regexp(t, `(?m)^dmswait: found task `+trial.TaskID+`, [0-9]s old$`, tr.Log.String())
	assert.Equal(t, 1, server.Count("tasks"), "once it is found, it is asked for by its id")
	assert.Equal(t, 1, server.Count("task"))
}

func TestATaskThatIsCreatedLaterIsFoundWithinTheGrace(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Age = -150 * time.Millisecond
	since := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	tr := trial.New(trial.Start(t, sim), "--task-name", "bindInstancePublicIp", "--since", since, "--format", "json").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, trial.TaskID, tr.JSON(t)["task_id"])
}

func TestSeveralTasksOfTheNameAreWarnedOfAndTheNewestIsFollowed(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	older := sim.Tasks[0]
	older.ID, older.Age = strings.Repeat("1", 32), time.Minute
	sim.Tasks = append(sim.Tasks, older)
	tr := trial.New(trial.Start(t, sim), "--task-name", "bindInstancePublicIp", "--since", "5m", "--format", "json").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, trial.TaskID, tr.JSON(t)["task_id"])
	assert.Contains(t, tr.Log.String(), `warning: 2 tasks "bindInstancePublicIp" were created since`)
}

func TestAnOlderTaskOfTheNameIsNotTakenAndTheMessageListsWhatIsThere(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Age = time.Hour
	tr := trial.New(trial.Start(t, sim), "--task-name", "bindInstancePublicIp", "--since", "5m", "--timeout", "0").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 4, tr.Code)
	assert.Regexp(t, `there are: bindInstancePublicIp \((1h|1h\S*s|59m59s) old, SUCCESS\)`, tr.Log.String())
}

func TestOneLookByNameAsksForTheListOnly(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
	tr := trial.New(server, "--task-name", "bindInstancePublicIp", "--since", "5m", "--timeout", "0", "--format", "json").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 124, tr.Code)
	assert.Len(t, server.Requests(), 1)
	assert.EqualValues(t, 1, tr.JSON(t)["polls"])
}
