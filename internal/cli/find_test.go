package cli

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/report"
	"github.com/dmswait/dmswait/internal/simulator"
)

func TestATaskIsFoundByNameAndFollowedByItsID(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "EXECUTING"), at(100, "SUCCESS"))
	old, other := sim.Tasks[0], sim.Tasks[0]
	old.ID, old.Age, old.Steps = strings.Repeat("1", 32), time.Hour, []simulator.Step{at(0, "FAILED")}
	other.ID, other.Name = strings.Repeat("2", 32), "restartInstance"
	sim.Tasks = append(sim.Tasks, old, other)
	server := start(t, sim)
	tr := newTrial(server, "--task-name", "bindInstancePublicIp", "--since", "5m").set("DMSWAIT_TASK_ID", "").run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Equal(t, "Task "+taskID+" ended with SUCCESS after 0.1 s.\n", tr.out.String())
	assert.Contains(t, tr.log.String(), "dmswait: found task "+taskID+", 0s old\n")
	assert.Equal(t, 1, server.Count("tasks"), "once it is found, it is asked for by its id")
	assert.GreaterOrEqual(t, server.Count("task"), 1)
}

func TestATaskThatIsCreatedLaterIsFoundWithinTheGrace(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.Tasks[0].Age = -150 * time.Millisecond
	since := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	tr := newTrial(start(t, sim), "--task-name", "bindInstancePublicIp", "--since", since, "--format", "json").set("DMSWAIT_TASK_ID", "").run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Equal(t, taskID, tr.json(t)["task_id"])
}

func TestSeveralTasksOfTheNameAreWarnedOfAndTheNewestIsFollowed(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	older := sim.Tasks[0]
	older.ID, older.Age = strings.Repeat("1", 32), time.Minute
	sim.Tasks = append(sim.Tasks, older)
	tr := newTrial(start(t, sim), "--task-name", "bindInstancePublicIp", "--since", "5m", "--format", "json").set("DMSWAIT_TASK_ID", "").run(t)
	assert.Equal(t, taskID, tr.json(t)["task_id"])
	assert.Contains(t, tr.log.String(), `warning: 2 tasks "bindInstancePublicIp" were created since`)
}

func TestAnOlderTaskOfTheNameIsNotTakenAndTheMessageListsWhatIsThere(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.Tasks[0].Age = time.Hour
	tr := newTrial(start(t, sim), "--task-name", "bindInstancePublicIp", "--since", "5m", "--timeout", "0").set("DMSWAIT_TASK_ID", "").run(t)
	assert.Equal(t, 4, tr.code)
	assert.Regexp(t, `there are: bindInstancePublicIp \((1h|59m59s) old, SUCCESS\)`, tr.log.String())
}

func TestOneLookByNameAsksForTheListOnly(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "EXECUTING")))
	tr := newTrial(server, "--task-name", "bindInstancePublicIp", "--since", "5m", "--timeout", "0", "--format", "json").set("DMSWAIT_TASK_ID", "").run(t)
	assert.Equal(t, 124, tr.code)
	assert.Len(t, server.Requests(), 1)
	assert.EqualValues(t, 1, tr.json(t)["polls"])
}

// The wait began an hour ago, and the list is there only now: counted from now, the task would be too old.
func TestSinceAsADurationIsCountedFromTheStartOfTheWait(t *testing.T) {
	t.Parallel()
	for age, found := range map[time.Duration]bool{64 * time.Minute: true, 66 * time.Minute: false, time.Minute: true} {
		sim := cloud(at(0, "EXECUTING"))
		sim.Tasks[0].Age = age
		server := start(t, sim)
		tr := newTrial(server, "--task-name", "bindInstancePublicIp", "--since", "5m").set("DMSWAIT_TASK_ID", "")
		getenv := func(name string) string { return tr.env[name] }
		cfg, faults := config.Parse(t.Context(), tr.args, getenv)
		require.Empty(t, faults)
		log := report.Detach(io.Discard)
		defer log.Close()
		w := newWait(cfg, time.Now().Add(-time.Hour), getenv, io.Discard, log)
		w.session = w.newSession("")
		defer w.close()
		w.api = &client.Client{Endpoint: server.URL, Transport: w.session}
		task, err := w.look(t.Context())
		if found {
			require.NoError(t, err, age)
			assert.Equal(t, taskID, task.ID, age)
		} else {
			assert.ErrorIs(t, err, client.ErrNoTask, age)
		}
	}
}
