package console

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
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// lines returns an explanation of one line of each kind.
func lines(errorText, hint, detail string) []result.Line {
	return []result.Line{
		{Kind: result.ErrorLine, Text: errorText},
		{Kind: result.DetailLine, Text: detail},
		{Kind: result.HintLine, Text: hint},
	}
}

func TestEndIsShownOnce(t *testing.T) {
	t.Parallel()
	const message = "Task t1 (bindInstancePublicIp) ended with FAILED after 4.7s."
	const explained = "dmswait: error: 100% wrong\ndmswait: detail\ndmswait: hint: do\\nit\n"
	annotation := "::error title=dmswait%3A failure::" + message + "%0Aerror: 100%25 wrong%0Adetail%0Ahint: do\\nit\n"
	notice := "::notice title=dmswait%3A failure::" + message + " The step succeeds because of succeed_on.\n"
	for _, test := range []struct {
		actions  bool
		exitCode int
		onStdout bool
		want     string
	}{
		{false, 1, true, explained},
		{false, 1, false, explained + "dmswait: " + message + "\n"},
		{false, 0, false, explained + "dmswait: " + message + "\n"},
		{true, 0, true, notice + explained},
		{true, 0, false, notice + explained + "dmswait: " + message + "\n"},
		{true, 1, true, annotation},
		{true, 1, false, annotation},
	} {
		text := logIn(t, form{actions: test.actions}, func(w *wait) {
			w.End(&Ending{
				Report: failure(), Explanation: lines("100% wrong", "do\nit", "detail"),
				ExitCode: test.exitCode, OnStdout: test.onStdout,
			})
		})
		assert.Equal(t, test.want, text, fmt.Sprintf("%+v", test))
	}
}

func TestErrorIsOfLevelErrorOnlyWhereTheRunFails(t *testing.T) {
	t.Parallel()
	for exitCode, level := range map[int]string{0: "info", 1: "error"} {
		text := logIn(t, form{json: true}, func(w *wait) {
			w.End(&Ending{Report: failure(), Explanation: lines("x", "x", "x"), ExitCode: exitCode})
		})
		assert.Contains(t, text, `"level":"`+level+`","event":"error"`)
		assert.Contains(t, text, `"level":"info","event":"hint"`)
		assert.Contains(t, text, `"level":"info","event":"detail"`)
	}
}

func TestSuccessIsNotAnnotated(t *testing.T) {
	t.Parallel()
	text := logIn(t, form{actions: true}, func(w *wait) { w.End(&Ending{Report: reportOf(new(succeeded()), nil)}) })
	assert.Equal(t, "dmswait: Task t1 (bindInstancePublicIp) ended with SUCCESS after 4.7s.\n", text)
}

func TestResultThatWasNotWrittenIsAnError(t *testing.T) {
	t.Parallel()
	notWritten := []error{errors.New("output_file: no space left on device")}
	ending := Ending{
		Report: reportOf(new(succeeded()), nil), NotWritten: notWritten, ExitCode: result.NotWritten, OnStdout: true,
	}
	end := func(w *wait) {
		w.End(&ending)
		w.NotOnStdout(errors.New("stdout: broken pipe"))
	}
	const line = "dmswait: error: could not write the result to output_file: no space left on device\n"
	const stdout = "dmswait: error: could not write the result to stdout: broken pipe\n"
	assert.Equal(t, line+stdout, logOf(t, end))
	assert.Equal(t, line+stdout, logIn(t, form{quiet: true}, end), "a quiet log shows it too")

	executing := client.Task{ID: "t1", Status: client.Executing}
	running := Ending{Report: reportOf(&executing, poll.ErrRunning), NotWritten: notWritten, ExitCode: 124, OnStdout: true}
	assert.Equal(t, line, logIn(t, form{quiet: true}, func(w *wait) { w.End(&running) }), "whatever the result is")

	assert.Equal(t, "::error title=dmswait%3A result not written::Task t1 (bindInstancePublicIp) ended with SUCCESS after 4.7s."+
		"%0Aerror: could not write the result to output_file: no space left on device\n"+
		"::error title=dmswait%3A result not written::could not write the result to stdout: broken pipe\n",
		logIn(t, form{actions: true}, end))
}

func TestQuietLogShowsFailuresOnly(t *testing.T) {
	t.Parallel()
	running := reportOf(&client.Task{ID: "t1", Status: client.Executing}, poll.ErrRunning)
	for _, actions := range []bool{false, true} {
		for _, ending := range []Ending{
			{Report: reportOf(new(succeeded()), nil)}, {Report: failure(), ExitCode: 0}, {Report: running, ExitCode: 124},
		} {
			ending.Explanation = lines("x", "x", "x")
			text := logIn(t, form{quiet: true, actions: actions}, func(w *wait) {
				w.Printf(EventStart, "waiting")
				w.Warnf(EventFound, "careful")
				w.Request(&client.Trace{Method: "GET"})
				w.failed(response(429, "", ""), time.Second)
				w.saw("PAUSED", 2*time.Minute)
				w.Progress(0, 40)
				w.End(&ending)
			})
			assert.Empty(t, text, ending.Report.Result.Name)
		}
	}
	text := logIn(t, form{quiet: true}, func(w *wait) {
		w.End(&Ending{Report: failure(), Explanation: lines("x", "y", "z"), ExitCode: 1})
	})
	assert.Equal(t, `dmswait: error: x
dmswait: z
dmswait: hint: y
dmswait: Task t1 (bindInstancePublicIp) ended with FAILED after 4.7s.
`, text)
}

func TestActionsGetOneWarningPerKindOfTrouble(t *testing.T) {
	t.Parallel()
	text := logIn(t, form{actions: true}, func(w *wait) {
		for range 3 {
			w.failed(response(503, "", "busy"), time.Second)
			w.saw("PAUSED", time.Second)
			w.failed(response(503, "", "busy"), time.Second)
			w.failed(response(429, "", "slower"), time.Second)
			w.saw(client.Executing, time.Second)
		}
	})
	var warnings []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "::") {
			warnings = append(warnings, line)
		}
	}
	assert.Equal(t, []string{
		"::warning title=dmswait::[0s] no valid response; still polling: get task \"t1\": 503: busy (request 9f31)\n",
		"::warning title=dmswait::DMS does not document the status \"PAUSED\"; the task is treated as still running\n",
		"::warning title=dmswait::[3s] throttled; polling less often: get task \"t1\": 429: slower (request 9f31)\n",
	}, warnings)
	assert.Equal(t, 6, strings.Count(text, " recovered: "), "the end of every outage is a line")
}

func TestPercentageIsALineWhenItsTensChange(t *testing.T) {
	t.Parallel()
	text := logOf(t, func(w *wait) {
		w.saw(client.Executing, time.Second)
		for percent := range 101 {
			w.Progress(0, percent)
			time.Sleep(100 * time.Millisecond)
		}
	})
	shown := strings.SplitAfter(text, "\n")
	require.Len(t, shown, 12+1)
	assert.Equal(t, "dmswait: [1s] EXECUTING, 0%\n", shown[1])
	assert.Equal(t, "dmswait: [2s] EXECUTING, 10%\n", shown[2])
	assert.Equal(t, "dmswait: [11s] EXECUTING, 100%\n", shown[11])
}

// everything passes a log all kinds of events, with word wherever the service's text may be.
func everything(w *wait, word string) {
	short := sanitize.Truncate(word, 64)
	w.Printf(EventStart, "waiting for %s", short)
	w.Request(&client.Trace{
		Method: "GET", Host: "dms.test", Path: "/v2/p1/instances/i1/tasks/t1",
		StatusCode: 503, Code: word, RequestID: word, Took: 12 * time.Millisecond,
	})
	w.failed(response(503, word, word), time.Second)
	w.Request(&client.Trace{Method: "GET", Host: "dms.test", Path: "/v2", Took: 10 * time.Second, Err: errors.New(word)})
	w.failed(response(429, word, word), time.Second)
	w.failed(response(404, word, word), time.Second)
	w.saw(client.Executing, time.Second)
	w.saw(client.Status(word), 61*time.Second)
	w.Progress(0, 40)
	w.failed(unreachable(errors.New(word)), time.Second)
	w.saw(client.Executing, time.Second)
	w.Changef(EventClock, "%s", short)
	w.End(&Ending{
		Report: failure(), Explanation: lines(short, short, short),
		NotWritten: []error{errors.New("output_file: " + short)}, ExitCode: 1, OnStdout: true,
	})
	w.NotOnStdout(errors.New("stdout: " + short))
}

func TestLogInJSONHasOneObjectPerLine(t *testing.T) {
	t.Parallel()
	for _, actions := range []bool{false, true} {
		text := logIn(t, form{json: true, actions: actions}, func(w *wait) { everything(w, "word") })
		// The clock of synctest always starts at the same time.
		times := regexp.MustCompile(`"time":"2000-01-01T00:0[0-9]:[0-9]{2}\.[0-9]{3}Z"`)
		golden(t, "log_json", times.ReplaceAllString(text, `"time":"…"`))
	}
}

func TestTextLogIsTheSameEvents(t *testing.T) {
	t.Parallel()
	golden(t, "log_text", logOf(t, func(w *wait) { everything(w, "word") }))
	golden(t, "log_actions", logIn(t, form{actions: true}, func(w *wait) { everything(w, "word") }))
}

func TestServiceTextBeginsNoLineAndNoCommand(t *testing.T) {
	t.Parallel()
	allowed := regexp.MustCompile(`^::(warning|error) title=dmswait(%3A (failure|result not written))?::`)
	for _, hostile := range []string{
		"x\n::error::y", "x\r\n::stop-commands::z", "##[error]y", "\x1b[2J", "\u202e", "x\u2028::y", "hunter2-hunter2",
		"\"}\n{\"event\":\"end\"", "\xff\xfe", strings.Repeat("long ", 1<<18),
	} {
		for _, f := range []form{{}, {actions: true}, {json: true}, {json: true, actions: true}} {
			text := logIn(t, f, func(w *wait) { everything(w, hostile) })
			assert.NotContains(t, text, "hunter2")
			for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
				inner := strings.TrimPrefix(line, "::")
				assert.Equal(t, inner, sanitize.Line(inner), "it is safe")
				assert.Less(t, len(line), 4000)
				if f.json {
					requireEvent(t, line)
				} else {
					command := f.actions && allowed.MatchString(line)
					assert.True(t, command || strings.HasPrefix(line, "dmswait: "), "%q", line)
				}
			}
		}
	}
}

// requireEvent requires a line to be a JSON object with the fields that every event has.
func requireEvent(t *testing.T, line string) {
	t.Helper()
	var event map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &event), "%q", line)
	for _, field := range []string{"time", "level", "event", "elapsed", "message"} {
		assert.Contains(t, event, field)
		assert.NotEmpty(t, fmt.Sprint(event[field]), "%s in %s", field, line)
	}
}

func TestRequestIsALineWithThePauseAfterIt(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `dmswait: debug: GET dms.test/v2/x 200 (request 9f31) in 12ms, next poll in 1.1s
dmswait: [0s] EXECUTING
dmswait: debug: GET iam.test/v3/projects 200 in 1s
dmswait: debug: GET dms.test/v2/x no response in 10s: connection refused, next poll in 2s
dmswait: warning: [1.1s] no valid response; still polling: get task "t1": connection refused
dmswait: debug: GET dms.test/v2/x/progress 404 DMS.00404001 in 3ms
dmswait: debug: GET dms.test/v2/x 200 in 12ms
dmswait: warning: careful
dmswait: debug: GET dms.test/v2/x 200 in 12ms
dmswait: [3.1s] recovered: SUCCESS (took 4.7s)
dmswait: debug: GET dms.test/v2/x 200 in 12ms
dmswait: Task t1 (bindInstancePublicIp) ended with FAILED after 4.7s.
`, logOf(t, func(w *wait) {
		request := client.Trace{Method: "GET", Host: "dms.test", Path: "/v2/x", StatusCode: 200, Took: 12 * time.Millisecond}
		first := request
		first.RequestID = "9f31"
		w.Request(&first)
		w.saw(client.Executing, 1100*time.Millisecond)
		w.Request(&client.Trace{Method: "GET", Host: "iam.test", Path: "/v3/projects", StatusCode: 200, Took: time.Second})
		w.Request(&client.Trace{
			Method: "GET", Host: "dms.test", Path: "/v2/x", Took: 10 * time.Second, Err: errors.New("connection refused"),
		})
		w.failed(unreachable(errors.New("connection refused")), 2*time.Second)
		w.Request(&client.Trace{
			Method: "GET", Host: "dms.test", Path: "/v2/x/progress", StatusCode: 404, Code: "DMS.00404001",
			Took: 3 * time.Millisecond,
		})
		w.FlushRequest()
		w.Request(&request)
		w.Warnf(EventFound, "careful")
		w.Request(&request)
		w.poll(new(succeeded()), nil, 0)
		w.Request(&request)
		w.End(&Ending{Report: failure(), ExitCode: 1})
	}))
}
