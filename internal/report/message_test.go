package report

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

func TestTheMessageIsOneSentence(t *testing.T) {
	t.Parallel()
	with := func(status client.Status) client.Task {
		task := documented()
		task.ID, task.Status = "t1", status
		return task
	}
	undated := client.Task{ID: "t1", Status: client.Failed}
	for _, test := range []struct {
		task client.Task
		err  error
		want string
	}{
		{with(client.Success), nil, "Task t1 ended with SUCCESS after 4.659 s."},
		{with(client.Failed), nil, "Task t1 ended with FAILED after 4.659 s."},
		{with(client.Cancelled), nil, "Task t1 ended with CANCELLED after 4.659 s."},
		{with(client.Deleted), nil, "Task t1 ended with DELETED after 4.659 s."},
		{undated, nil, "Task t1 ended with FAILED."},
		{with(client.Executing), poll.ErrTimeout, "Task t1 was still EXECUTING after 5.2 s of waiting."},
		{with("PAUSED"), ending(poll.ErrTimeout, answered(503, "", "")), "Task t1 was PAUSED when it was last seen; after 5.2 s of waiting, the last answer did not tell of it (503)."},
		{with(""), poll.ErrTimeout, "Task t1 was still running after 5.2 s of waiting."},
		{with(client.Created), poll.ErrRunning, "Task t1 is CREATED."},
		{with(""), poll.ErrRunning, "Task t1 is running."},
		{client.Task{ID: "t1"}, ending(poll.ErrNotFound, answered(404, "DMS.00404022", "")), "Task t1 was not found (404 DMS.00404022)."},
		{client.Task{}, ending(poll.ErrNotFound, answered(404, "", "")), "The task was not found (404)."},
		{client.Task{}, answered(404, "APIGW.0101", ""), "The endpoint has no such API (404 APIGW.0101)."},
		{with(client.Executing), ending(poll.ErrUnavailable, answered(503, "DMS.00500001", "")), "The API gave no good answer (503 DMS.00500001); whether the task goes on is not known."},
		{with(client.Executing), ending(poll.ErrUnavailable, unanswered(errors.New("refused"))), "The API gave no good answer; whether the task goes on is not known."},
		{client.Task{}, answered(401, "APIGW.0301", ""), "The API refused the credentials (401 APIGW.0301)."},
		{client.Task{}, answered(400, "DMS.00400070", ""), "The API calls the request wrong (400 DMS.00400070)."},
		{client.Task{}, Faults{"task_id: is missing", "timeout: \"x\" is not: right"}, "The inputs are wrong: task_id, timeout."},
		{client.Task{}, fmt.Errorf("inputs: %w", Faults{"task_id: is missing"}), "The inputs are wrong: task_id."},
		{with(client.Executing), Panic{Value: "nil map"}, "dmswait failed by a bug of its own."},
		{with(client.Executing), Interrupt{syscall.SIGHUP}, "dmswait was interrupted by SIGHUP after 5.2 s; the task goes on."},
		{with(client.Executing), Interrupt{syscall.SIGINT}, "dmswait was interrupted by SIGINT after 5.2 s; the task goes on."},
		{with(client.Executing), Interrupt{syscall.SIGQUIT}, "dmswait was interrupted by SIGQUIT after 5.2 s; the task goes on."},
		{with(client.Executing), Interrupt{syscall.SIGALRM}, "dmswait was interrupted by signal 14 after 5.2 s; the task goes on."},
		{with(client.Executing), unanswered(Interrupt{syscall.SIGTERM}), "dmswait was interrupted by SIGTERM after 5.2 s; the task goes on."},
	} {
		assert.Equal(t, test.want, ofTask(test.task, test.err).Message())
	}
}

func TestNothingOfTheServiceGetsIntoTheMessageButStatusCodeAndIds(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"::error::x", "##[error]x", "a\r\nb", "\x1b[31m", "<script>", "`|*_[x](y)", "$(reboot)", "\u202e", "\xff", "a b", strings.Repeat("x", 1<<16),
	} {
		task := client.Task{ID: hostile, Name: hostile, Status: client.Status(hostile), Params: hostile, CreatedAt: hostile}
		bad := answered(400, hostile, hostile)
		bad.Op, bad.Answer.RequestID = hostile, hostile
		for _, err := range []error{
			nil, poll.ErrTimeout, poll.ErrRunning, ending(poll.ErrNotFound, bad), ending(poll.ErrUnavailable, bad), bad,
			answered(401, hostile, hostile), unanswered(errors.New(hostile)), Faults{hostile}, Panic{Value: hostile, Stack: hostile}, errors.New(hostile),
		} {
			r := ofTask(task, err)
			for _, result := range []Result{r.Result, Success, Failure, Cancelled} {
				r.Result = result
				assert.Regexp(t, `^[A-Z]?[A-Za-z0-9._-]+( \(?[A-Za-z0-9._-]+\)?[:;,.]?)+$`, r.Message())
				assert.Less(t, len(r.Message()), 300)
			}
		}
	}
}

func TestACodeOrAnIdThatLooksLikeNoneIsLeftOutOfTheMessage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"DMS.00500001":           " (503 DMS.00500001)",
		"a-B_9.":                 " (503 a-B_9.)",
		strings.Repeat("x", 64):  " (503 " + strings.Repeat("x", 64) + ")",
		strings.Repeat("x", 65):  " (503)",
		"":                       " (503)",
		"DMS 5":                  " (503)",
		"DMS.5\n":                " (503)",
		"\nDMS.5":                " (503)",
		"::error::":              " (503)",
		"DMS.5\u202e":            " (503)",
		"D\u041cS.5":             " (503)", // a letter of another alphabet
		"\xff":                   " (503)",
		"hunter2.hunter2":        " (503)", // a secret of ours
		"DMS.hunter2.hunter2.00": " (503)",
	} {
		r := ofTask(client.Task{}, ending(poll.ErrUnavailable, answered(503, code, "")))
		r.Hider = NewHider([]string{"hunter2.hunter2"})
		assert.Equal(t, "The API gave no good answer"+want+"; whether the task goes on is not known.", r.Message(), "%q", code)
	}
	for id, want := range map[string]string{"t-1_a": "Task t-1_a", "": "The task", "t 1": "The task", "t1\n": "The task", strings.Repeat("1", 65): "The task"} {
		assert.Equal(t, want+" ended with FAILED.", ofTask(client.Task{ID: id, Status: client.Failed}, nil).Message(), "%q", id)
	}
}

func TestTheMessageNamesNoHostRegionOrProject(t *testing.T) {
	t.Parallel()
	where := "dms.cn-north-4.myhuaweicloud.com project 0a1b"
	e := answered(503, "DMS.00500001", where)
	e.Op, e.Err = where, &net.DNSError{Name: where, Err: where}
	for _, err := range []error{ending(poll.ErrUnavailable, e), ending(poll.ErrNotFound, e), e, ending(poll.ErrTimeout, e), Faults{"region: " + where}} {
		message := ofTask(documented(), err).Message()
		for part := range strings.FieldsSeq(where) {
			assert.NotContains(t, message, part)
		}
	}
}

func TestAMessageNamesTheInputForAPathThatIsAtFault(t *testing.T) {
	t.Parallel()
	r := Report{Result: Usage, Err: Faults{"~/.huaweicloud/credentials: the profile can't be read", "timeout: is odd", "sk in /home/x/p: is missing"}}
	assert.Equal(t, "The inputs are wrong: credentials_file, timeout.", r.Message())
}
