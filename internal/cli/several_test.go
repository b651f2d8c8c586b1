package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const second = "22222222-2222-3333-4444-555555555555" // an instance

// fleet returns a cloud with so many instances and, on each, so many tasks that run for a while, and the
// INSTANCE/TASK of them all.
func fleet(instances, tasksEach int, ends ...simulator.Step) (sim simulator.Simulator, ids []string) {
	sim = trial.Cloud()
	sim.Tasks = nil
	for i := range instances {
		instance := fmt.Sprintf("%08x-2222-3333-4444-555555555555", i)
		sim.Instances = append(sim.Instances, simulator.Instance{ID: instance})
		for range tasksEach {
			id := fmt.Sprintf("%032x", len(sim.Tasks))
			sim.Tasks = append(sim.Tasks, simulator.Task{
				ID: id, Name: "restart", InstanceID: instance, Steps: ends,
			})
			ids = append(ids, instance+"/"+id)
		}
	}
	return sim, ids
}

// several returns a run that waits for these tasks.
func several(server *simulator.Server, ids []string, args ...string) *trial.Trial {
	return trial.New(server, append(args, "--format", "json")...).
		Set("DMSWAIT_INSTANCE_ID", "").Set("DMSWAIT_TASK_ID", strings.Join(ids, "\n"))
}

// resultsOf returns the results output, a name for each target.
func resultsOf(t *testing.T, tr *trial.Trial) (names []string) {
	t.Helper()
	var out struct {
		Results []struct {
			Result string `json:"result"`
		} `json:"results"`
	}
	require.NoError(t, json.Unmarshal(tr.Out.Bytes(), &out), tr.Log.String())
	for _, each := range out.Results {
		names = append(names, each.Result)
	}
	return names
}

func countKinds(server *simulator.Server) map[string]int {
	counts := map[string]int{}
	for _, r := range server.Requests() {
		counts[r.Kind]++
	}
	return counts
}

func TestOneFailingTaskAmongSeveralDecides(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(2, 3, trial.At(100, "SUCCESS"))
	sim.Tasks[3].Steps = []simulator.Step{trial.At(50, "FAILED")}
	server := trial.Start(t, sim)
	tr := several(server, ids).Run(t)
	assert.Equal(t, 1, tr.Code, tr.Log.String())
	out := tr.JSON(t)
	assert.Equal(t, "failure", out["result"])
	assert.Equal(t, sim.Tasks[3].ID, out["task_id"])
	assert.Equal(t, sim.Tasks[3].InstanceID, out["instance_id"])
	assert.Contains(t, out["message"], "1 of 6 tasks did not succeed: Task "+sim.Tasks[3].ID)
	assert.Equal(t, []string{"success", "success", "success", "failure", "success", "success"}, resultsOf(t, tr))
	for _, id := range ids {
		assert.Contains(t, tr.Log.String(), "] "+id+": ")
	}
	assert.Zero(t, countKinds(server)["task"], "tasks of one instance are read from its list")
}

func TestSucceedOnAppliesToEachTarget(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(1, 2, trial.At(0, "SUCCESS"))
	sim.Tasks[0].Steps[0].Status = "FAILED"
	sim.Tasks[1].Steps = []simulator.Step{trial.At(0, "CANCELLED")}
	server := trial.Start(t, sim)
	for flags, want := range map[string]int{
		"--succeed-on failure": 3, "--succeed-on failure --succeed-on cancelled": 0, "--succeed-on cancelled": 1,
	} {
		tr := several(server, ids, strings.Fields(flags)...).Run(t)
		assert.Equal(t, want, tr.Code, flags)
	}
}

func TestFailFastStopsTheWait(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(2, 2, trial.At(3_600_000, "SUCCESS"))
	sim.Tasks[0].Steps = []simulator.Step{trial.At(0, "FAILED")}
	sim.Tasks[1].Steps = []simulator.Step{trial.At(0, "SUCCESS")}
	tr := several(trial.Start(t, sim), ids, "--fail-fast").Run(t)
	assert.Equal(t, 1, tr.Code, tr.Log.String())
	assert.Equal(t, []string{"failure", "success", "running", "running"}, resultsOf(t, tr))
}

func TestSignalInterruptsThoseThatRun(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(1, 3, trial.At(3_600_000, "SUCCESS"))
	sim.Tasks[1].Steps = []simulator.Step{trial.At(0, "SUCCESS")}
	server := trial.Start(t, sim)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for len(server.Requests()) < 3 {
			time.Sleep(time.Millisecond)
		}
		cancel(result.Interrupt{Signal: 15})
	}()
	tr := several(server, ids).RunContext(ctx)
	assert.Equal(t, 143, tr.Code)
	assert.Equal(t, []string{"interrupted", "success", "interrupted"}, resultsOf(t, tr))
}

func TestMissingPermissionConcernsItsTargetAndWrongKeysAll(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(3, 1, trial.At(50, "SUCCESS"))
	sim.Instances[1].Forbidden = []string{"task"}
	server := trial.Start(t, sim)
	tr := several(server, ids).Run(t)
	assert.Equal(t, 77, tr.Code)
	assert.Equal(t, []string{"success", "denied", "success"}, resultsOf(t, tr))

	before := len(server.Requests())
	tr = several(server, ids).Set("DMSWAIT_SECRET_KEY", "wrong").Run(t)
	assert.Equal(t, 77, tr.Code)
	assert.Equal(t, []string{"denied", "denied", "denied"}, resultsOf(t, tr))
	assert.Equal(t, before+1, len(server.Requests()), "wrong keys are sent once")
}

func TestManyTasksCostFewRequests(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(20, 10, trial.At(0, "EXECUTING"))
	server := trial.Start(t, sim)
	tr := several(server, ids, "--timeout", "0").Run(t)
	assert.Equal(t, 124, tr.Code)
	assert.Len(t, resultsOf(t, tr), 200)
	assert.Equal(t, map[string]int{"tasks": 20}, countKinds(server))
	assert.EqualValues(t, 20, tr.JSON(t)["polls"])
}

func TestThrottlingDelaysAllAndStarvesNone(t *testing.T) {
	t.Parallel()
	sim, ids := fleet(20, 10, trial.At(0, "SUCCESS"))
	throttled := simulator.Fault(http.StatusNotFound, "DMS.10240407", "flow control")
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.N%4 == 0 {
			return throttled
		}
		return nil
	}
	server := trial.Start(t, sim)
	tr := several(server, ids).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, 20+6, len(server.Requests()), "a target that was refused is the next")
	assert.Equal(t, 1, strings.Count(tr.Log.String(), "throttled"), tr.Log.String())
}

func TestInstanceIsWaitedFor(t *testing.T) {
	t.Parallel()
	step := func(after time.Duration, status string) simulator.Step {
		return simulator.Step{After: after, Status: status}
	}
	const soon = 100 * time.Millisecond
	for name, c := range map[string]struct {
		until    string
		steps    []simulator.Step
		task     []simulator.Step
		code     int
		result   string
		status   string
		contains string // of the log or the message
	}{
		"ready": {"ready", []simulator.Step{step(0, "RESTARTING"), step(soon, "RUNNING")}, nil,
			0, "success", "RUNNING", " is ready."},
		"never ready": {"ready", []simulator.Step{step(0, "CREATING"), step(soon, "CREATEFAILED")}, nil,
			1, "failure", "CREATEFAILED", "cannot become ready: its status is CREATEFAILED"},
		"idle": {"idle", nil, []simulator.Step{step(soon, "SUCCESS")},
			0, "success", "RUNNING", " is idle."},
		"deleted": {"deleted", []simulator.Step{step(0, "DELETING"), step(soon, "ERROR"), step(2*soon, simulator.Gone)}, nil,
			0, "success", "DELETED", " is deleted."},
		"in the recycle bin": {"deleted", []simulator.Step{step(0, "RECYCLE")}, nil,
			0, "success", "RECYCLE", " is deleted."},
		"never seen": {"deleted", []simulator.Step{step(0, simulator.Gone)}, nil,
			0, "success", "DELETED", "the instance did not exist at the first poll"},
		"missing": {"ready", []simulator.Step{step(0, simulator.Gone)}, nil,
			4, "not_found", "", "was not found"},
		"created": {"ready", []simulator.Step{step(0, simulator.Gone), step(soon, "RUNNING")}, nil,
			0, "success", "RUNNING", " is ready."},
		"undocumented": {"ready", []simulator.Step{step(0, "PONDERING"), step(soon, "RUNNING")}, nil,
			0, "success", "RUNNING", `DMS does not document the status "PONDERING"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Cloud()
			sim.Instances = []simulator.Instance{{ID: second, Steps: c.steps}}
			sim.Tasks = []simulator.Task{{ID: strings.Repeat("a", 32), InstanceID: second, Steps: c.task}}
			if c.task == nil {
				sim.Tasks = nil
			}
			trial.Stepped(&sim, soon)
			tr := trial.New(trial.Start(t, sim), "--until", c.until, "--settle", "50ms", "--not-found-grace", "300ms",
				"--format", "json").Set("DMSWAIT_TASK_ID", "").Set("DMSWAIT_INSTANCE_ID", second).Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			out := tr.JSON(t)
			assert.Equal(t, c.result, out["result"])
			assert.Equal(t, c.status, orEmpty(out["status"]))
			assert.Nil(t, out["task_id"])
			assert.Equal(t, second, out["instance_id"])
			assert.Contains(t, tr.Log.String()+out["message"].(string), c.contains)
		})
	}
}

func orEmpty(value any) string {
	text, _ := value.(string)
	return text
}

func TestTimeoutOfAnInstanceSaysWhatItIsNot(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud()
	sim.Instances = []simulator.Instance{{ID: second, Steps: []simulator.Step{trial.At(0, "RESTARTING")}}}
	tr := trial.New(trial.Start(t, sim), "--until", "ready", "--timeout", "200ms").
		Set("DMSWAIT_TASK_ID", "").Set("DMSWAIT_INSTANCE_ID", second).Run(t)
	assert.Equal(t, 124, tr.Code)
	assert.Contains(t, tr.Out.String(), "instance "+second+" is still not ready (RESTARTING).")
}
