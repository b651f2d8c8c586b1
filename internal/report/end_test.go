package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// failedTask is the report of a task that ended with FAILED.
func failedTask() Report {
	task := documented()
	task.ID, task.Status = "t1", client.Failed
	return ofTask(task, nil)
}

func TestTheEndIsToldOnce(t *testing.T) {
	t.Parallel()
	const message = "Task t1 ended with FAILED after 4.659 s."
	const lines = "dmswait: error: 100% wrong\ndmswait: hint: do\\nit\n"
	annotation := "::error title=dmswait%3A failure::" + message + "%0Aerror: 100%25 wrong%0Ahint: do\\nit\n"
	notice := "::notice title=dmswait%3A failure::" + message + " The step succeeds all the same, as succeed_on says.\n"
	for _, test := range []struct {
		actions  bool
		code     int
		onStdout bool
		want     string
	}{
		{false, 1, true, lines},
		{false, 1, false, lines + "dmswait: " + message + "\n"},
		{false, 0, false, lines + "dmswait: " + message + "\n"},
		{true, 0, true, notice + lines},
		{true, 0, false, notice + lines + "dmswait: " + message + "\n"},
		{true, 1, true, annotation},
		{true, 1, false, annotation},
	} {
		text := loggedAs(t, logKind{actions: test.actions}, func(l *teller) {
			l.End(Ending{Report: failedTask(), Lines: []string{"error: 100% wrong", "hint: do\nit"}, Code: test.code, OnStdout: test.onStdout})
		})
		assert.Equal(t, test.want, text, fmt.Sprintf("%+v", test))
	}
}

func TestASuccessIsNotAnnotated(t *testing.T) {
	t.Parallel()
	text := loggedAs(t, logKind{actions: true}, func(l *teller) { l.End(Ending{Report: ofTask(documented(), nil)}) })
	assert.Equal(t, "dmswait: Task ff80808272dcc90f0172df1e490f41b0 ended with SUCCESS after 4.659 s.\n", text)
}

func TestAResultThatIsNotWhereItShouldBeIsAnError(t *testing.T) {
	t.Parallel()
	ending := Ending{Report: ofTask(documented(), nil), Unwritten: []string{"output_file: no space left on device"}, Code: NotWritten, OnStdout: true}
	end := func(l *teller) {
		l.End(ending)
		l.NotOnStdout(errors.New("broken pipe"))
	}
	const line = "dmswait: error: the result could not be written to output_file: no space left on device\n"
	const stdout = "dmswait: error: the result could not be written to stdout: broken pipe\n"
	assert.Equal(t, line+stdout, logged(t, end))
	assert.Equal(t, line+stdout, loggedAs(t, logKind{quiet: true}, end), "not even a quiet log keeps it back")
	going := Ending{Report: ofTask(running(time.Minute), poll.ErrRunning), Unwritten: ending.Unwritten, Code: 124, OnStdout: true}
	assert.Equal(t, line, loggedAs(t, logKind{quiet: true}, func(l *teller) { l.End(going) }), "whatever the result is")
	assert.Equal(t, "::error title=dmswait%3A result not written::Task ff80808272dcc90f0172df1e490f41b0 ended with SUCCESS after 4.659 s."+
		"%0Aerror: the result could not be written to output_file: no space left on device\n"+
		"::error title=dmswait%3A result not written::error: the result could not be written to stdout: broken pipe\n",
		loggedAs(t, logKind{actions: true}, end))
}

func TestAQuietLogSpeaksOfWhatFailedOnly(t *testing.T) {
	t.Parallel()
	going := ofTask(running(time.Minute), poll.ErrRunning)
	for _, actions := range []bool{false, true} {
		for _, ending := range []Ending{{Report: ofTask(documented(), nil)}, {Report: failedTask(), Code: 0}, {Report: going, Code: 124}} {
			ending.Lines = []string{"hint: x"}
			text := loggedAs(t, logKind{quiet: true, actions: actions}, func(l *teller) {
				l.Printf("start", "waiting")
				l.Warnf("note", "careful")
				l.Request(client.Trace{Method: "GET"})
				l.failed(answered(429, "", ""), time.Second)
				l.saw("PAUSED", 2*time.Minute)
				l.Progress(40)
				l.End(ending)
			})
			assert.Empty(t, text, ending.Report.Result.Name)
		}
	}
	text := loggedAs(t, logKind{quiet: true}, func(l *teller) { l.End(Ending{Report: failedTask(), Lines: []string{"hint: x"}, Code: 1}) })
	assert.Equal(t, "dmswait: hint: x\ndmswait: Task t1 ended with FAILED after 4.659 s.\n", text)
}

func TestInActionsEachSortOfTroubleIsOneWarning(t *testing.T) {
	t.Parallel()
	text := loggedAs(t, logKind{actions: true}, func(l *teller) {
		for range 3 {
			l.failed(answered(503, "", "busy"), time.Second)
			l.saw("PAUSED", time.Second)
			l.failed(answered(503, "", "busy"), time.Second)
			l.failed(answered(429, "", "slower"), time.Second)
			l.saw(client.Executing, time.Second)
		}
	})
	var warnings []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "::") {
			warnings = append(warnings, line)
		}
	}
	assert.Equal(t, []string{
		"::warning title=dmswait::0s no good answer, asking on: get task \"t1\": 503: busy (request 9f31)\n",
		"::warning title=dmswait::status \"PAUSED\" is not one that DMS documents; taken for still running\n",
		"::warning title=dmswait::3s throttled, asking more slowly: get task \"t1\": 429: slower (request 9f31)\n",
	}, warnings)
	assert.Equal(t, 6, strings.Count(text, "the API answers again"), "and each end of an outage a line")
}

func TestAPercentageIsALineWhenItsTenthChanges(t *testing.T) {
	t.Parallel()
	var told []string
	text := logged(t, func(l *teller) {
		l.saw(client.Executing, time.Second)
		for percent := range 101 {
			l.Progress(percent)
			time.Sleep(100 * time.Millisecond)
		}
	})
	for line := range strings.Lines(text) {
		told = append(told, line)
	}
	assert.Len(t, told, 12)
	assert.Equal(t, "dmswait: 1s EXECUTING, 0 %\n", told[1])
	assert.Equal(t, "dmswait: 2s EXECUTING, 10 %\n", told[2])
	assert.Equal(t, "dmswait: 11s EXECUTING, 100 %\n", told[11])
}

func TestBeforeTheFirstAnswerTheHeartbeatKnowsWhatIsLeft(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "dmswait: 1m no answer yet, 59m left\n", logged(t, func(l *teller) {
		l.Open()
		time.Sleep(61 * time.Second)
	}))
}

// everything has a log tell of all that there is to tell of.
func everything(l *teller, word string) {
	l.Printf("start", "waiting for %s", shorten(word))
	l.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2/p1/instances/i1/tasks/t1", StatusCode: 503, Code: word, RequestID: word, Took: 12 * time.Millisecond})
	l.failed(answered(503, word, word), time.Second)
	l.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2", Took: 10 * time.Second, Err: errors.New(word)})
	l.failed(answered(429, word, word), time.Second)
	l.failed(answered(404, word, word), time.Second)
	l.saw(client.Executing, time.Second)
	l.saw(client.Status(word), 61*time.Second)
	l.Progress(40)
	l.failed(unanswered(errors.New(word)), time.Second)
	l.saw(client.Executing, time.Second)
	l.Warnf("clock", "%s", shorten(word))
	l.End(Ending{Report: failedTask(), Lines: []string{"error: " + shorten(word), "hint: " + shorten(word), shorten(word)}, Unwritten: []string{"output_file: " + shorten(word)}, Code: 1, OnStdout: true})
	l.NotOnStdout(errors.New(shorten(word)))
}

func TestALogInJSONIsAnObjectALine(t *testing.T) {
	t.Parallel()
	for _, actions := range []bool{false, true} {
		text := loggedAs(t, logKind{json: true, actions: actions}, func(l *teller) { everything(l, "word") })
		// The clock of synctest begins at the same time always.
		golden(t, "log_json", regexp.MustCompile(`"time":"2000-01-01T00:0[0-9]:[0-9]{2}\.[0-9]{3}Z"`).ReplaceAllString(text, `"time":"…"`))
	}
}

func TestTextOfTheServiceBeginsNoLineAndNoCommand(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"x\n::error::y", "x\r\n::stop-commands::z", "##[error]y", "\x1b[2J", "\u202e", "x\u2028::y", "hunter2-hunter2", "\"}\n{\"event\":\"end\"", "\xff\xfe", strings.Repeat("long ", 1<<18),
	} {
		for _, kind := range []logKind{{}, {actions: true}, {json: true}, {json: true, actions: true}} {
			text := loggedAs(t, kind, func(l *teller) { everything(l, hostile) })
			assert.NotContains(t, text, "hunter2")
			for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
				assert.Equal(t, strings.TrimPrefix(line, "::"), visible(strings.TrimPrefix(line, "::")), "it is harmless")
				assert.Less(t, len(line), 4000+len(shorten(hostile)))
				if kind.json {
					var event map[string]any
					require.NoError(t, json.Unmarshal([]byte(line), &event), "%q", line)
					for _, field := range []string{"time", "level", "event", "elapsed", "message"} {
						assert.NotEmpty(t, fmt.Sprint(event[field]), "%s in %s", field, line)
						assert.Contains(t, event, field)
					}
					continue
				}
				command := kind.actions && regexp.MustCompile(`^::(warning|error) title=dmswait(%3A (failure|result not written))?::`).MatchString(line)
				assert.True(t, command || strings.HasPrefix(line, "dmswait: "), "%q", line)
			}
		}
	}
}

func TestARequestIsALineWithThePauseAfterIt(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: debug: GET dms.test/v2/x 200 (request 9f31) in 12ms, next in 1.1s
dmswait: 0s EXECUTING
dmswait: debug: GET iam.test/v3/projects 200 in 1s
dmswait: debug: GET dms.test/v2/x no answer in 10s: connection refused, next in 2s
dmswait: warning: 1.1s no good answer, asking on: get task "t1": connection refused
dmswait: debug: GET dms.test/v2/x/progress 404 DMS.00404001 in 3ms
dmswait: debug: GET dms.test/v2/x 200 in 12ms
dmswait: 3.1s the API answers again: SUCCESS, it took 4.659 s
`, logged(t, func(l *teller) {
		x := client.Trace{Method: "GET", Host: "dms.test", Path: "/v2/x", StatusCode: 200, RequestID: "9f31", Took: 12 * time.Millisecond}
		l.Request(x)
		l.saw(client.Executing, 1100*time.Millisecond)
		l.Request(client.Trace{Method: "GET", Host: "iam.test", Path: "/v3/projects", StatusCode: 200, Took: time.Second})
		l.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2/x", Took: 10 * time.Second, Err: errors.New("connection refused")})
		l.failed(unanswered(errors.New("connection refused")), 2*time.Second)
		l.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2/x/progress", StatusCode: 404, Code: "DMS.00404001", Took: 3 * time.Millisecond})
		l.Flush()
		x.RequestID = ""
		l.Request(x)
		l.poll(documented(), nil, 0)
	}))
}
