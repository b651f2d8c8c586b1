package output

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// severalTasks returns the reports of a run for four tasks, of instances named in turn: one succeeded, one failed, one
// still runs, and one was not found by its name.
func severalTasks(instances ...string) result.Report {
	failed := documentedTask()
	failed.ID, failed.Name, failed.Status = strings.Repeat("2", 32), "restartInstance", client.Failed
	running := runningTask(90 * time.Second)
	running.ID = strings.Repeat("3", 32)
	all := []result.Report{
		reportOf(new(documentedTask()), nil), reportOf(&failed, nil), reportOf(&running, poll.ErrTimeout),
		reportOf(&client.Task{}, fmt.Errorf("%w: %w", poll.ErrNotFound, noTaskError())),
	}
	for i := range all {
		all[i].Target.InstanceID = instances[i%len(instances)]
	}
	all[3].Target.TaskName = "restartInstance"
	return *result.Decide(all, nil)
}

// severalInstances returns the reports of a run for two instances.
func severalInstances() result.Report {
	report := func(id string, standing target.Standing, status client.Status) result.Report {
		state := target.State{Status: status, Standing: standing}
		return result.Report{
			Result: result.Conclude(&state, nil), Target: target.Target{InstanceID: id, Until: target.Idle}, State: state,
			Waited: 5200 * time.Millisecond, Polls: 4, At: now,
		}
	}
	return *result.Decide([]result.Report{
		report("i1", target.Succeeded, "RUNNING"), report("i2", target.Failed, "CREATEFAILED"),
	}, nil)
}

func TestSummaryOfSeveralHasARowForEach(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]result.Report{
		"several":              severalTasks("i1", "i2"),
		"several_one_instance": severalTasks("i1", "I1"), // the API ignores the case of ids
		"several_instances":    severalInstances(),
	} {
		golden(t, "summary/"+name, summary(&r, &Timeline{}))
	}
}

func TestOutputsOfSeveralAreThoseOfTheOneThatDecides(t *testing.T) {
	t.Parallel()
	r := severalTasks("i1", "i2")
	golden(t, "json/several", JSON(&r)+"\n")
	golden(t, "json/several_instances", JSON(new(severalInstances()))+"\n")

	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(JSON(&r)), &out))
	all := out["results"].([]any)
	require.Len(t, all, 4)
	for i, each := range all {
		each := each.(map[string]any)
		assert.Len(t, each, len(targetOutputs))
		single := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(JSON(&r.All[i])), &single))
		for name, value := range each {
			assert.Equal(t, single[name], value, "like the output of a run for that target alone: %s", name)
			if i == 1 && name != "message" {
				assert.Equal(t, out[name], value, name)
			}
		}
	}
}

func TestResultsOfSeveralAreRedacted(t *testing.T) {
	t.Parallel()
	secret := "s3cretToken"
	task := documentedTask()
	task.Name, task.Params, task.Status = secret, `{"a":"`+secret+`","adminPassword":"hunter2"}`, client.Status(secret)
	r := reportOf(&task, poll.ErrTimeout)
	r.Secrets, r.Target.InstanceID, r.Target.TaskID = sanitize.NewSecrets(secret), secret, secret
	both := result.Decide([]result.Report{r, r}, nil)
	for _, text := range []string{JSON(both), summary(both, &Timeline{})} {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, "hunter2")
	}
}

func TestSummaryOfAThousandTargetsIsShortWhateverTheyAreCalled(t *testing.T) {
	t.Parallel()
	task := documentedTask()
	all := make([]result.Report, 1000)
	for i := range all {
		all[i] = reportOf(&task, nil)
		all[i].Target.InstanceID = fmt.Sprintf("i%d", i)
	}
	page := summary(result.Decide(all, nil), &Timeline{})
	assert.Equal(t, 1000, strings.Count(page, " | success | SUCCESS | "), "all are shown")
	assert.NotContains(t, page, "not shown")

	task.Name, task.Status = strings.Repeat("|", 1<<10), client.Status(strings.Repeat("<", 1<<10))
	for i := range all {
		all[i].State, all[i].Result = target.OfTask(&task), result.Timeout
		all[i].Target.TaskID = strings.Repeat("_", 64)
		all[i].Target.InstanceID = strings.Repeat("_", 60) + fmt.Sprint(i)
	}
	page = summary(result.Decide(all, nil), &Timeline{})
	assert.Less(t, len(page), 1_000_000, "GitHub accepts 1 MiB")
	assert.Regexp(t, `\| not shown \| \d+ more \|\n`, page)
}

func TestNoTextBreaksOutOfTheRowsOfSeveral(t *testing.T) {
	t.Parallel()
	for _, text := range append(hostileMarkdown, hostileTexts...) {
		task := documentedTask()
		task.Name, task.Status = text, client.Status(text)
		r := reportOf(&task, poll.ErrTimeout)
		page := summary(result.Decide([]result.Report{r, r}, nil), &Timeline{})
		rows := 0
		for line := range strings.SplitSeq(page, "\n") {
			if strings.HasPrefix(line, "| 1 |") || strings.HasPrefix(line, "| 2 |") {
				rows++
				assert.Equal(t, 7, strings.Count(line, "|"), "%q", line)
				line = characterReference.ReplaceAllString(strings.ReplaceAll(line, "|", ""), "")
				assert.NotRegexp(t, "[`<>&*_~\\[\\]\\\\@#$!:]|www\\.", line, "%q", text)
			}
		}
		assert.Equal(t, 2, rows, "%q", page)
	}
}

func TestChartOfSeveralHasASectionForEachOfTheFirstTwenty(t *testing.T) {
	t.Parallel()
	timeline := &Timeline{}
	var all []result.Report
	for i := range 25 {
		all = append(all, reportOf(new(documentedTask()), nil))
		running := outcome(0, client.Executing)
		running.Target = i
		timeline.Poll(&running)
	}
	for i := range 25 {
		ended := outcome(time.Duration(30+i)*time.Second, client.Success)
		ended.Target, ended.Over = i, true
		timeline.Poll(&ended)
	}
	r := result.Decide(all, nil)
	r.Waited = 2 * time.Minute
	chart := timeline.gantt(r)
	for i := range 25 {
		section := fmt.Sprintf("  section %d\n  executing %ds :active, 2000-01-01 00:00:00.000, 2000-01-01 00:00:%02d.000\n",
			i+1, 30+i, 30+i)
		assert.Equal(t, i < maxTargets, strings.Contains(chart, section), "%s\n%s", section, chart)
	}
	assert.Equal(t, maxTargets+1, strings.Count(chart, "  section "), "and the end")
	assert.Contains(t, chart, "  section end\n  success :milestone, 2000-01-01 00:02:00.000")
	assert.NotContains(t, chart, "section API", "its bars are in the section of the target")
}
