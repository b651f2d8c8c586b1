package result

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/sanitize"
)

func TestMessageIsOneSentence(t *testing.T) {
	t.Parallel()
	with := func(status client.Status) client.Task {
		task := documented()
		task.ID, task.Status = "t1", status
		return task
	}
	timeout := func(e *client.Error) error { return ending(poll.ErrTimeout, e) }
	unavailable := func(e *client.Error) error { return ending(poll.ErrUnavailable, e) }
	wrong := func(e *client.Error) error { return ending(poll.ErrMisconfigured, e) }
	silent := unreachable(errors.New("no response within 10s"))
	silent.Phase = client.Sending
	executing := with(client.Executing)
	required := config.Faults{{Input: "task_id", Text: "task_id is required", Brief: "task_id is required"}}
	faults := append(required,
		config.Fault{Input: "timeout", Text: `timeout "x" is not a duration (from --timeout)`},
		config.Fault{Input: "credentials_file", Text: "credentials_file /home/x/credentials cannot be read",
			Brief: "credentials_file cannot be read"},
		config.Fault{Input: "task_id", Text: "task_id cannot be combined with task_name",
			Brief: "task_id cannot be combined"})
	for _, test := range []struct {
		task client.Task
		err  error
		want string
	}{
		{with(client.Success), nil, "Task t1 (bindInstancePublicIp) ended with SUCCESS after 4.7s."},
		{with(client.Failed), nil, "Task t1 (bindInstancePublicIp) ended with FAILED after 4.7s."},
		{with(client.Cancelled), nil, "Task t1 (bindInstancePublicIp) ended with CANCELLED after 4.7s."},
		{with(client.Deleted), nil, "Task t1 (bindInstancePublicIp) ended with DELETED after 4.7s."},
		{client.Task{ID: "t1", Status: client.Failed}, nil, "Task t1 ended with FAILED."}, // without times
		{executing, poll.ErrTimeout, "Timed out after 5.2s: task t1 (bindInstancePublicIp) is still EXECUTING."},
		{with(""), poll.ErrTimeout, "Timed out after 5.2s: task t1 (bindInstancePublicIp) is still running."},
		{with("PAUSED"), timeout(failed(503, "", "")),
			"Timed out after 5.2s: task t1 (bindInstancePublicIp) was PAUSED when last seen; its state is now unknown (503)."},
		{executing, timeout(missing()),
			"Timed out after 5.2s: task t1 (bindInstancePublicIp) was EXECUTING when last seen; its state is now unknown."},
		{with(client.Created), poll.ErrRunning, "Task t1 (bindInstancePublicIp) is CREATED."},
		{with(""), poll.ErrRunning, "Task t1 (bindInstancePublicIp) is running."},
		{client.Task{ID: "t1"}, ending(poll.ErrNotFound, failed(404, "DMS.00404022", "")),
			"Task t1 was not found (404 DMS.00404022)."},
		{client.Task{}, ending(poll.ErrNotFound, failed(404, "", "")), "The task was not found (404)."},
		{client.Task{}, failed(404, "APIGW.0101", ""), "The endpoint has no such API (404 APIGW.0101)."},
		{executing, unavailable(failed(503, "DMS.00500001", "")),
			"The API returned no valid response (503 DMS.00500001); the task's state is unknown."},
		{executing, unavailable(foreign(404)),
			"Something in between seems to have responded instead of the API (404); the task's state is unknown."},
		{client.Task{}, foreign(403), "Something in between seems to have responded instead of the API (403)."},
		{client.Task{}, foreign(400),
			"Something in between seems to have responded instead of the API (400); the task's state is unknown."},
		{executing, unavailable(unreachable(errors.New("refused"))),
			"The API could no longer be reached; the task's state is unknown."},
		{client.Task{}, unavailable(unreachable(errors.New("refused"))),
			"Could not reach the API; the task's state is unknown."},
		{executing, unavailable(silent), "The API no longer responded; the task's state is unknown."},
		{client.Task{}, unavailable(silent), "The API returned no valid response; the task's state is unknown."},
		{client.Task{}, wrong(unreachable(&net.DNSError{IsNotFound: true})),
			"Could not reach the API: its host name does not exist; the task's state is unknown."},
		{client.Task{}, wrong(unreachable(&tls.CertificateVerificationError{Err: errors.New("x")})),
			"Could not reach the API: its certificate does not verify; the task's state is unknown."},
		{client.Task{}, wrong(atProxy("http", client.ProxyError{StatusCode: 502})),
			"Could not get through the proxy (502); the task's state is unknown."},
		{client.Task{}, wrong(atProxy("http", client.ProxyError{Err: errors.New("x")})),
			"Could not get through the proxy; the task's state is unknown."},
		{executing, atProxy("http", client.ProxyError{StatusCode: 407, LoginSent: true}),
			"The proxy refused the login (407); the task's state is unknown."},
		{executing, poll.ErrUnavailable, "The API returned no valid response; the task's state is unknown."},
		{client.Task{}, failed(401, "APIGW.0301", ""), "The API refused the credentials (401 APIGW.0301)."},
		{client.Task{}, failed(403, "DMS.00403002", ""), "Permission denied by the API (403 DMS.00403002)."},
		{client.Task{}, failed(400, "DMS.00400070", ""), "The API rejected the request (400 DMS.00400070)."},
		{client.Task{}, faults, "Invalid input: task_id is required; timeout is invalid; credentials_file cannot be read; task_id cannot be combined."},
		{client.Task{}, fmt.Errorf("inputs: %w", required), "Invalid input: task_id is required."},
		{executing, Panic{Value: "nil map"}, "Internal error: this is a bug in dmswait."},
		{executing, Interrupt{syscall.SIGHUP}, "Interrupted by SIGHUP after 5.2s; the task keeps running."},
		{executing, Interrupt{syscall.SIGINT}, "Interrupted by SIGINT after 5.2s; the task keeps running."},
		{executing, Interrupt{syscall.SIGQUIT}, "Interrupted by SIGQUIT after 5.2s; the task keeps running."},
		{executing, Interrupt{syscall.SIGTERM}, "Interrupted by SIGTERM after 5.2s; the task keeps running."},
		{executing, Interrupt{syscall.Signal(99)}, "Interrupted by signal 99 after 5.2s; the task keeps running."},
		{executing, unreachable(Interrupt{syscall.SIGTERM}),
			"Interrupted by SIGTERM after 5.2s; the task keeps running."},
		{client.Task{}, Interrupt{syscall.SIGTERM}, "Interrupted by SIGTERM after 5.2s."}, // the task was never seen
	} {
		report := reportOf(&test.task, test.err)
		assert.Equal(t, test.want, report.Message())
	}
}

func TestEveryResultHasAMessageOfItsOwn(t *testing.T) {
	t.Parallel()
	const bug = "Internal error: this is a bug in dmswait."
	for _, m := range Meanings() {
		code, err := strconv.Atoi(strings.Split(m.Code, ",")[0])
		require.NoError(t, err)
		r := reportOf(new(documented()), nil)
		r.Result = Result{m.Result, code}
		message := r.Message()
		assert.Equal(t, m.Result == "internal", message == bug, "%s: %s", m.Result, message)
		assert.Equal(t, m.Result == "interrupted", strings.HasPrefix(message, "Interrupted"), "%s: %s", m.Result, message)
	}
	r := reportOf(new(documented()), nil)
	r.Result = Result{"new", 5}
	assert.Equal(t, bug, r.Message(), "a result that nobody gave a message")
}

func TestMessageContainsOnlyStatusCodeAndIDsOfTheServicesText(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"::error::x", "##[error]x", "a\r\nb", "\x1b[31m", "<script>", "`|*_[x](y)", "$(reboot)", "\u202e", "\xff", "a b",
		strings.Repeat("x", 1<<16),
	} {
		task := client.Task{ID: hostile, Name: hostile, Status: client.Status(hostile), Params: hostile, CreatedAt: hostile}
		bad := failed(400, hostile, hostile)
		bad.Op, bad.Response.RequestID = hostile, hostile
		refused := login(401, "IAM")
		refused.Request.Code, refused.Request.Message, refused.Hint = hostile, hostile, hostile
		for _, err := range []error{
			nil, poll.ErrTimeout, poll.ErrRunning, ending(poll.ErrNotFound, bad), ending(poll.ErrUnavailable, bad),
			ending(poll.ErrTimeout, bad), bad, failed(401, hostile, hostile), failed(403, hostile, hostile), refused,
			ending(poll.ErrUnavailable, refused), unreachable(errors.New(hostile)),
			config.Faults{{Input: "timeout", Text: hostile}}, Panic{Value: hostile, Stack: hostile}, errors.New(hostile),
		} {
			r := reportOf(&task, err)
			for _, result := range []Result{r.Result, Success, Failure, Cancelled} {
				r.Result = result
				assert.Regexp(t, `^[A-Z]?[A-Za-z0-9._-]+( \(?[A-Za-z0-9._'-]+\)?[:;,.]?)+$`, r.Message())
				assert.Less(t, len(r.Message()), 300)
			}
		}
	}
}

func TestMessageLeavesOutCodesAndIDsThatAreNoWords(t *testing.T) {
	t.Parallel()
	secrets := sanitize.NewSecrets("hunter2.hunter2")
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
		"hunter2.hunter2":        " (503)", // a secret
		"DMS.hunter2.hunter2.00": " (503)",
	} {
		r := reportOf(&client.Task{}, ending(poll.ErrUnavailable, failed(503, code, "")))
		r.Secrets = secrets
		assert.Equal(t, "The API returned no valid response"+want+"; the task's state is unknown.", r.Message(), "%q", code)
	}
	for id, want := range map[string]string{
		"t-1_a": "Task t-1_a", "": "The task", "t 1": "The task", "t1\n": "The task", strings.Repeat("1", 65): "The task",
		"hunter2.hunter2": "The task", // a secret that was given as the id, or that a service sends as one
	} {
		r := reportOf(&client.Task{ID: id, Status: client.Failed}, nil)
		r.Secrets = secrets
		assert.Equal(t, want+" ended with FAILED.", r.Message(), "%q", id)
	}
}

func TestMessageContainsNoPartOfASecretThatIsTruncated(t *testing.T) {
	t.Parallel()
	token := "MII" + strings.Repeat("0123456789", 400) // as long as IAM's are
	for _, err := range []error{failed(401, token, ""), poll.ErrTimeout, nil} {
		r := reportOf(&client.Task{ID: "t1", Status: client.Status(token)}, err)
		r.Secrets = sanitize.NewSecrets(token)
		for _, result := range []Result{r.Result, Failure} {
			r.Result = result
			assert.NotContains(t, r.Message(), "0123456789")
		}
	}
}

func TestMessageNamesNoHostRegionOrProject(t *testing.T) {
	t.Parallel()
	where := "dms.cn-north-4.myhuaweicloud.com project 0a1b"
	e := failed(503, "DMS.00500001", where)
	e.Op, e.Err = where, &net.DNSError{Name: where, Err: where}
	for _, err := range []error{
		ending(poll.ErrUnavailable, e), ending(poll.ErrNotFound, e), e, ending(poll.ErrTimeout, e),
		config.Faults{{Input: "region", Text: "region " + where + " is unknown"}},
	} {
		report := reportOf(new(documented()), err)
		message := report.Message()
		for part := range strings.FieldsSeq(where) {
			assert.NotContains(t, message, part)
		}
	}
}

func TestMessageNamesTheLimitThatEndedTheWait(t *testing.T) {
	t.Parallel()
	outage := func(err error) error {
		return &poll.End{Reason: poll.ErrUnavailable, Limit: poll.MaxOutage, After: 15 * time.Minute, Err: err}
	}
	grace := func(after time.Duration) error {
		return &poll.End{
			Reason: poll.ErrNotFound, Limit: poll.NotFoundGrace, After: after, Err: failed(404, "DMS.00404022", ""),
		}
	}
	for want, err := range map[string]error{
		"The API returned no valid response for 15m (max_outage): 503 DMS.00500001; the task's state is unknown.": outage(
			failed(503, "DMS.00500001", "")),
		"Could not reach the API for 15m (max_outage); the task's state is unknown.": outage(
			unreachable(errors.New("refused"))),
		"The task was not found within 30s (not_found_grace): 404 DMS.00404022.": grace(30 * time.Second),
		"The task was not found (404 DMS.00404022).":                             grace(0),
		"The task was not found within 10s (timeout).": &poll.End{
			Reason: poll.ErrNotFound, Limit: poll.Timeout, After: 10 * time.Second, Err: missing(),
		},
		"The API returned no valid response for 10s (timeout): 503; the task's state is unknown.": &poll.End{
			Reason: poll.ErrUnavailable, Limit: poll.Timeout, After: 10 * time.Second, Err: failed(503, "", ""),
		},
	} {
		r := reportOf(&client.Task{}, err)
		assert.Equal(t, want, r.Message())
	}
}

func TestMessageSaysThatATaskHadEndedBeforeTheWait(t *testing.T) {
	t.Parallel()
	const took = "Task t1 (bindInstancePublicIp) ended with SUCCESS after 4.7s"
	for before, want := range map[time.Duration]string{
		0:                           took + ".",
		time.Minute:                 took + ".",
		time.Minute + time.Second:   took + ", 1m1s before the wait began.",
		23*time.Hour + 29*time.Hour: took + ", 52h before the wait began.",
		-time.Hour:                  took + ".", // it ended during the wait
	} {
		task := documented()
		task.ID = "t1"
		r := reportOf(&task, nil)
		end := time.Date(2020, 6, 23, 3, 0, 8, 130e6, time.UTC)
		r.State.Task.Response.ServerTime, r.State.Task.Response.ReceivedAt = end.Add(before+r.Waited), r.At
		assert.Equal(t, want, r.Message(), before)
	}
}

func TestMessageSaysHowFarTheLocalClockIsOffWhereASearchFindsNothing(t *testing.T) {
	t.Parallel()
	for off, want := range map[time.Duration]string{
		0:                                "The task was not found.",
		2 * time.Second:                  "The task was not found.",
		-2 * time.Second:                 "The task was not found.",
		2*time.Second + time.Millisecond: "The task was not found; the local clock is 2s ahead of the server's.",
		time.Minute:                      "The task was not found; the local clock is 1m ahead of the server's.",
		-8 * time.Hour:                   "The task was not found; the local clock is 8h behind the server's.",
	} {
		e, _ := listed(1, time.Minute)
		e.Response.ServerTime = e.Response.ReceivedAt.Add(-off)
		r := reportOf(&client.Task{}, ending(poll.ErrNotFound, e))
		assert.Equal(t, "The task was not found.", r.Message(), "a task that is requested by its id")
		r.Target.TaskName = "restart"
		assert.Equal(t, want, r.Message(), off)
		e.Response.ServerTime = time.Time{}
		assert.Equal(t, "The task was not found.", r.Message(), "the server's clock is not known")
	}
}

func TestMessageLeavesOutANameThatIsNoWord(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"restart-1.a_B": "Task t1 (restart-1.a_B)", "": "Task t1", "restart instance": "Task t1", "::error::": "Task t1",
		"重启": "Task t1", "hunter2.hunter2": "Task t1", strings.Repeat("n", 65): "Task t1",
	} {
		r := reportOf(&client.Task{ID: "t1", Name: name, Status: client.Failed}, nil)
		r.Secrets = sanitize.NewSecrets("hunter2.hunter2")
		assert.Equal(t, want+" ended with FAILED.", r.Message(), "%q", name)
	}
}
