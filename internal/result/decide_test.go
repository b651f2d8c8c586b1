package result

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// ofResult returns the report of the task with that id, which ended the wait with that result.
func ofResult(id string, r Result) Report {
	return Report{Result: r, Target: target.Target{InstanceID: "i1", TaskID: id}}
}

func TestFirstTargetWithTheWorstResultDecides(t *testing.T) {
	t.Parallel()
	worstFirst := []Result{
		Internal, {interrupted, 143}, Usage, Denied, Failure, Cancelled, NotFound, Unavailable, Timeout, Running, Success,
	}
	for i, worse := range worstFirst {
		for _, better := range worstFirst[i+1:] {
			for _, all := range [][]Report{
				{ofResult("a", worse), ofResult("b", better)}, {ofResult("b", better), ofResult("a", worse)},
				{ofResult("b", better), ofResult("a", worse), ofResult("c", worse)},
			} {
				decides := Decide(all, nil)
				assert.Equal(t, "a", decides.Target.TaskID, "%v, %v", worse, better)
				assert.Equal(t, all, decides.All)
			}
		}
	}
	only := Decide([]Report{ofResult("a", Success)}, nil)
	assert.Equal(t, "a", only.Target.TaskID)
}

func TestResultsThatSucceedDecideAfterAllOthersButSuccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		results   []Result
		succeedOn []string
		decides   Result
	}{
		{[]Result{Failure, Running}, []string{"failure"}, Running},
		{[]Result{Success, Failure}, []string{"failure"}, Failure},
		{[]Result{Timeout, Failure}, []string{"failure", "timeout"}, Timeout}, // equal: the first
		{[]Result{Failure, NotFound}, []string{"not_found"}, Failure},
	} {
		var all []Report
		for _, r := range c.results {
			all = append(all, ofResult(r.Name, r))
		}
		assert.Equal(t, c.decides, Decide(all, c.succeedOn).Result, c)
	}
}

func TestMessageAboutSeveralTargetsCountsThem(t *testing.T) {
	t.Parallel()
	response403 := failed(403, "DMS.00403002", "")
	var (
		task = func(id string, status client.Status, err error) Report {
			r := reportOf(&client.Task{ID: id, Name: "restart", Status: status}, err)
			r.Target.InstanceID = "i1"
			return r
		}
		instance = func(id string, standing target.Standing, status client.Status, err error) Report {
			state := target.State{Status: status, Standing: standing}
			return Report{
				Result: Conclude(&state, err), Err: err, Target: target.Target{InstanceID: id, Until: target.Ready},
				State: state, Waited: time.Minute,
			}
		}
		succeeded, failed = task("t1", client.Success, nil), task("t2", client.Failed, nil)
		timeout           = task("t3", client.Executing, &poll.End{Reason: poll.ErrTimeout, Limit: poll.Timeout, After: time.Hour})
		stopped           = task("t4", client.Executing, &poll.End{Reason: poll.ErrStopped})
		interrupted       = task("t5", client.Executing, Interrupt{syscall.SIGTERM})
		denied            = task("t6", "", response403)
		search            = Report{
			Err:    &poll.End{Reason: poll.ErrNotFound, Limit: poll.NotFoundGrace, After: 30 * time.Second, Err: missing()},
			Target: target.Target{InstanceID: "i2", TaskName: "restart"}, Result: NotFound,
		}
		invalid = reportOf(&client.Task{}, config.Faults{{Input: "timeout"}})
		isReady = instance("i1", target.Succeeded, "RUNNING", nil)
		broken  = instance("i2", target.Failed, "CREATEFAILED", nil)
		creates = instance("i3", target.Running, "CREATING", poll.ErrTimeout)
	)
	for want, all := range map[string][]Report{
		"Task t2 (restart) ended with FAILED.": {failed},
		"Invalid input: timeout is invalid.":   {invalid, invalid},
		"Both tasks succeeded.":                {succeeded, succeeded},
		"All 3 tasks succeeded.":               {succeeded, succeeded, succeeded},
		"Both instances are ready.":            {isReady, isReady},

		"1 of 2 tasks did not succeed: Task t2 (restart) ended with FAILED.": {succeeded, failed},
		"2 of 3 tasks did not succeed: Permission denied by the API (403 DMS.00403002).": {
			failed, succeeded, denied},
		"1 of 2 tasks had not ended: Timed out after 5.2s: task t3 (restart) is still EXECUTING.": {succeeded, timeout},
		"1 of 4 tasks did not succeed, 2 had not ended: Task t2 (restart) ended with FAILED.": {
			stopped, failed, succeeded, stopped},
		"Interrupted by SIGTERM after 5.2s: 2 of 3 tasks had not ended.": {interrupted, succeeded, interrupted},
		"Interrupted by SIGTERM after 5.2s: 1 of 3 tasks did not succeed, 2 had not ended.": {
			interrupted, failed, interrupted},
		"1 of 2 tasks did not succeed: The task of instance i2 was not found within 30s (not_found_grace).": {
			succeeded, search},
		"1 of 2 instances did not succeed: Instance i2 cannot become ready: its status is CREATEFAILED.": {isReady, broken},
		"2 of 2 instances had not ended: Timed out after 1m: instance i3 is still not ready (CREATING).": {creates, creates},
	} {
		r := Decide(all, nil)
		assert.Equal(t, want, r.Message())
	}
	for _, each := range Decide([]Report{stopped, failed, search}, nil).All {
		assert.NotRegexp(t, `^\d`, each.Message(), "that of a single target")
	}
	assert.Equal(t, "Task t4 (restart) had not ended when the wait stopped.", stopped.Message())
}

func TestHintAboutATimeoutSaysWhatKeepsRunning(t *testing.T) {
	t.Parallel()
	task := reportOf(&client.Task{ID: "t1", Status: client.Executing}, poll.ErrTimeout)
	instance := Report{Result: Timeout, Err: poll.ErrTimeout, Target: target.Target{InstanceID: "i1", Until: target.Ready}}
	const raise = "raise timeout, or use --succeed-on timeout to exit 0"
	for _, c := range []struct {
		all  []Report
		want string
	}{
		{[]Report{task}, "the task keeps running: " + raise},
		{[]Report{task, ofResult("t2", Success)}, "the task keeps running: " + raise},
		{[]Report{task, task}, "the tasks keep running: " + raise},
		{[]Report{instance}, raise},
		{[]Report{instance, instance}, raise},
	} {
		assert.Equal(t, []Line{{HintLine, c.want}}, Explain(Decide(c.all, nil), &Request{}))
	}
}
