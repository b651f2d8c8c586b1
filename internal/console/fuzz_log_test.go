package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// service is what a service may send, to be shown in every kind of line.
type service struct{ name, status, code, message, requestID string }

func (s service) response(status int) *client.Error {
	return &client.Error{
		Op: `get task "t1"`, Code: s.code, Message: s.message,
		Response: client.Response{StatusCode: status, RequestID: s.requestID},
	}
}

// paramsMark is in params only, which no log shows.
const paramsMark = "params-are-not-for-the-log"

// wait passes a log a wait in which everything happens, and returns its end.
func (s service) wait(l *Log, exitCode int) Ending {
	task := client.Task{ID: "t1", Name: s.name, Status: client.Status(s.status), Params: paramsMark}
	l.Printf(EventStart, "waiting for task %s", s.name)
	l.Open()
	l.Request(&client.Trace{
		Method: "GET", Host: "dms.test", Path: "/v2", StatusCode: 503, Code: s.code, RequestID: s.requestID,
		Err: errors.New(s.message),
	})
	l.Poll(&poll.Outcome{Round: 1, Kind: poll.Failing, Err: s.response(503), Next: time.Second})
	l.Poll(&poll.Outcome{Round: 2, At: time.Second, Kind: poll.Running, State: target.OfTask(&task), Next: time.Second})
	l.Progress(0, 50)
	l.Request(&client.Trace{Method: "GET", Host: "dms.test", Path: "/v2", StatusCode: 429, Code: s.code})
	l.Poll(&poll.Outcome{Round: 3, At: 2 * time.Second, Kind: poll.Failing, Err: s.response(429), Next: time.Second})
	l.Poll(&poll.Outcome{Round: 4, At: 3 * time.Second, Kind: poll.Missing, Err: s.response(404), Next: time.Second})
	l.Warnf(EventAmbiguous, "2 tasks %q", s.name)
	r := s.report(&task, l.secrets)
	r.Target.TaskName = s.name
	e := Ending{Report: &r, ExitCode: exitCode}
	now := time.Now()
	e.Explanation = result.Explain(&r, &result.Request{Endpoint: "https://dms.test", Since: now})
	e.Report.Err = nil
	l.End(&e)
	l.NotOnStdout(errors.New("stdout: broken pipe"))
	l.Close()
	return e
}

// report returns the report of a search that found other tasks only.
func (s service) report(task *client.Task, secrets *sanitize.Secrets) result.Report {
	none := s.response(200)
	none.Err = &client.NoTaskError{
		Name: s.name, Listed: []client.Task{*task, {Name: s.message, Status: client.Status(s.code)}},
	}
	err := errors.Join(poll.ErrNotFound, none)
	return result.Report{Result: result.NotFound, Err: err, State: target.OfTask(task), Waited: time.Minute, Polls: 4, Secrets: secrets}
}

// FuzzLog requires every line of a log to be safe, whatever the service sends. The bits of how: 1 in Actions, 2
// as JSON, 4 with exit code 0.
func FuzzLog(f *testing.F) {
	f.Add(byte(0), "restart", "EXECUTING", "DMS.00404022", "no such instance", "9f31")
	f.Add(byte(1), "::error::a", "##[error]", "\r\n::error title=x::y", "50%25 %0A\n::set-output name=x::y",
		"\u2028::add-mask::a")
	f.Add(byte(5), "@", "A@", "B@@", "xx @ yy", "\u034f::@")
	f.Add(byte(2), "##vso[task.x]", "##TeamCity[", "###[x", "a##b##c[", "##")
	f.Add(byte(2), "@a@b", "@c", "x@d", "@e @f @g @h", "@i")
	f.Add(byte(1), "%@j", "\\@k", "&@l", "@m;@n", "@o")
	f.Add(byte(2), `"}`, "\\", "\n{}", "\x00\xff", "#\u200b#[")
	f.Add(byte(7), "\ud7ff🙂", "", "", "", "")
	f.Add(byte(0), strings.Repeat("x", 56)+"@", strings.Repeat("é", 27)+"a@", strings.Repeat("x", 55)+"@",
		strings.Repeat("y", 490)+"@", strings.Repeat("\u202e", 80))
	f.Fuzz(func(t *testing.T, how byte, name, status, code, message, requestID string) {
		in, exitCode := form{actions: how&1 != 0, json: how&2 != 0}, result.NotFound.Code
		if how&4 != 0 {
			exitCode = 0
		}
		var out bytes.Buffer
		l := newLog(t, &out, in)
		l.secrets = sanitize.NewSecrets(ownSecret)
		s := service{planted(name), planted(status), planted(code), planted(message), planted(requestID)}
		e := s.wait(l, exitCode)

		shown := strings.TrimSuffix(out.String(), "\n")
		for line := range strings.SplitSeq(shown, "\n") {
			require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
			require.Less(t, len(line), 20_000+10*len(name), "no service can flood a log")
		}
		require.NotContains(t, shown, paramsMark)
		requireNoSecret(t, shown)
		require.NotRegexp(t, agentCommand, shown)
		if begin := ownSecret[:7]; !strings.Contains(name+status+code+message+requestID, begin) {
			require.NotContains(t, shown, begin, "a secret that was truncated")
		}
		found, rest := commands(shown)
		switch {
		case in.json:
			require.Empty(t, found)
			requireEvents(t, rest)
		case in.actions:
			requireAnnotations(t, found, l, &e)
		default:
			require.Empty(t, found)
		}
		for _, line := range rest {
			require.True(t, in.json || strings.HasPrefix(line, "dmswait: "), "%q", line)
		}
	})
}

// events are the names that programs rely on: none of them ever goes or changes.
const events = " earlier never_seen left_behind gave_up start input found status missing outage recovered throttled " +
	"progress heartbeat unknown_status ambiguous clock renewal left_out written request error hint detail end "

func TestEventNamesAreTheContracts(t *testing.T) {
	t.Parallel()
	var names []string
	for _, e := range Events() {
		names = append(names, e.Name)
		assert.NotEmpty(t, e.When, e.Name)
	}
	assert.ElementsMatch(t, strings.Fields(events), names)
}

func requireEvents(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		keys, values := members(t, line)
		require.Equal(t, []string{"time", "level", "event", "elapsed"}, keys[:4])
		require.Equal(t, "message", keys[len(keys)-1])
		require.Contains(t, events, " "+values["event"].(string)+" ")
		require.Contains(t, []any{"info", "warning", "error", "debug"}, values["level"])
		require.IsType(t, 0.0, values["elapsed"])
		message, _ := values["message"].(string)
		requireNoSecret(t, message)
	}
}

// members returns the members of a flat JSON object, whose keys have to be unique: a parser would drop all but one.
func members(t *testing.T, line string) (keys []string, values map[string]any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(line))
	begin, err := decoder.Token()
	require.NoError(t, err, "%q", line)
	require.Equal(t, json.Delim('{'), begin, "%q", line)
	values = map[string]any{}
	for decoder.More() {
		key, err := decoder.Token()
		require.NoError(t, err, "%q", line)
		var value any
		require.NoError(t, decoder.Decode(&value), "%q", line)
		require.NotContains(t, values, key)
		keys = append(keys, key.(string))
		values[key.(string)] = value
	}
	require.True(t, json.Valid([]byte(line)), "%q", line)
	return keys, values
}

// requireAnnotations requires the commands to be our own, and the last but one to hold all lines of the end.
func requireAnnotations(t *testing.T, found []command, l *Log, e *Ending) {
	t.Helper()
	var names []string
	for _, c := range found {
		names = append(names, c.name)
		require.True(t, strings.HasPrefix(c.properties["title"], "dmswait"), "%q", c.properties)
		require.Len(t, c.properties, 1)
	}
	require.Regexp(t, `^(warning )+(error|notice) error$`, strings.Join(names, " "))
	last := found[len(found)-2]
	require.Equal(t, e.ExitCode != 0, last.name == "error")
	if e.ExitCode != 0 {
		want := []string{e.Report.Message()}
		for _, line := range e.Explanation {
			prefix := map[result.LineKind]string{result.ErrorLine: "error: ", result.HintLine: "hint: "}[line.Kind]
			want = append(want, prefix+l.line(line.Text))
		}
		require.Equal(t, strings.Join(want, "\n"), last.data)
	}
	for _, line := range strings.Split(last.data, "\n") {
		inner, _ := commands(line)
		require.Empty(t, inner)
	}
}
