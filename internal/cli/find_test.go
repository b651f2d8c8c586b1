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

func TestTaskFoundThatHadEndedBeforeTheWaitIsWarnedAbout(t *testing.T) {
	t.Parallel()
	for ago, c := range map[time.Duration]struct{ warning, message string }{
		0:                      {"", `after 1m\.$`},
		300 * time.Millisecond: {"", `after 1m\.$`}, // less than a second
		40 * time.Second:       {`: task \w+ had ended (39|40|41)s before the wait began: is since right\?`, `after 1m\.$`},
		5 * time.Minute: {
			`: task \w+ had ended (5m|5m1s|4m59s) before the wait began: is since right\?`,
			`after 1m, (5m|5m1s|4m59s) before the wait began\.$`,
		},
	} {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		now := time.Now().Truncate(time.Second) // a Date header has no milliseconds
		sim.Clock = func() time.Time { return now }
		end := now.Add(-ago)
		sim.Tasks[0].CreatedAt = end.Add(-time.Minute).UTC().Format(time.RFC3339Nano)
		sim.Tasks[0].UpdatedAt = end.UTC().Format(time.RFC3339Nano)
		tr := trial.New(trial.Start(t, sim), "--task-name", trial.TaskName, "--since", "1h", "--format", "json").
			Set("DMSWAIT_TASK_ID", "").Run(t)
		assert.Equal(t, 0, tr.Code, tr.Log.String())
		assert.Regexp(t, c.warning, tr.Log.String())
		assert.Equal(t, c.warning != "", strings.Contains(tr.Log.String(), "warning: "), tr.Log.String())
		assert.Regexp(t, c.message, tr.JSON(t)["message"])
	}
}

func TestNothingFoundByAFastClockSaysByHowMuchItIsOff(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Clock = func() time.Time { return time.Now().Add(-time.Minute) }
	since := time.Now().UTC().Format(time.RFC3339)
	tr := trial.New(trial.Start(t, sim), "--task-name", trial.TaskName, "--since", since, "--timeout", "0").
		Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 4, tr.Code, tr.Log.String())
	const off = `(1m|1m1s|59s) ahead of the server's`
	assert.Regexp(t, `^The task was not found; the local clock is `+off+`\.\n$`, tr.Out.String())
}
