package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// toldOf is what a service may say about a task, to be told of in every kind of line that there is.
type toldOf struct{ name, status, code, message, requestID string }

// answer is an error of the service in these words.
func (s toldOf) answer(status int) *client.Error {
	return &client.Error{Op: `get task "t1"`, Code: s.code, Message: s.message, Answer: client.Answer{StatusCode: status, RequestID: s.requestID}}
}

// paramsMark is in params alone, which no log shows.
const paramsMark = "params-are-not-for-the-log"

// tell has a log tell of a wait in which all that may come came, and returns what it closes with.
func (s toldOf) tell(log *Log, code int) Ending {
	task := client.Task{ID: "t1", Name: s.name, Status: client.Status(s.status), Params: paramsMark}
	log.Printf("start", "waiting for task %s", s.name)
	log.Open()
	log.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2", StatusCode: 503, Code: s.code, RequestID: s.requestID, Err: errors.New(s.message)})
	log.Poll(poll.Poll{N: 1, Err: s.answer(503), Next: time.Second})
	log.Poll(poll.Poll{N: 2, At: time.Second, Task: task, Next: time.Second})
	log.Progress(50)
	log.Request(client.Trace{Method: "GET", Host: "dms.test", Path: "/v2", StatusCode: 429, Code: s.code})
	log.Poll(poll.Poll{N: 3, At: 2 * time.Second, Err: s.answer(429), Next: time.Second})
	log.Poll(poll.Poll{N: 4, At: 3 * time.Second, Err: s.answer(404), Next: time.Second})
	log.Warnf("ambiguous", "2 tasks %q", s.name)
	none := s.answer(200)
	none.Err, none.Seen = client.ErrNoTask, []client.Task{task, {Name: s.message, Status: client.Status(s.code)}}
	r := Report{Result: NotFound, Err: ending(poll.ErrNotFound, none), Task: task, Waited: time.Minute, Polls: 4, At: now, Hider: log.Hider}
	e := Ending{Report: r, Lines: Explain(r, Asked{Endpoint: "https://dms.test", TaskName: s.name, Since: now}), Code: code}
	e.Report.Err = nil
	log.End(e)
	log.NotOnStdout(errors.New("broken pipe"))
	log.Close()
	return e
}

// FuzzLog holds every line of a log to be harmless, whatever the service says. Of how it is written the bits are: 1 in Actions, 2 as JSON, 4 exits with 0.
func FuzzLog(f *testing.F) {
	f.Add(byte(0), "restart", "EXECUTING", "DMS.00404022", "no such instance", "9f31")
	f.Add(byte(1), "::error::a", "##[error]", "\r\n::error title=x::y", "50%25 %0A\n::set-output name=x::y", "\u2028::add-mask::a")
	f.Add(byte(5), "@", "A@", "B@@", "xx @ yy", "\u034f::@")
	f.Add(byte(2), "##vso[task.x]", "##TeamCity[", "###[x", "a##b##c[", "##")
	f.Add(byte(2), "@a@b", "@c", "x@d", "@e @f @g @h", "@i")
	f.Add(byte(1), "%@j", "\\@k", "&@l", "@m;@n", "@o")
	f.Add(byte(2), `"}`, "\\", "\n{}", "\x00\xff", "#\u200b#[")
	f.Add(byte(7), "\ud7ff🙂", "", "", "", "")
	f.Add(byte(0), strings.Repeat("x", 56)+"@", strings.Repeat("é", 27)+"a@", strings.Repeat("x", 55)+"@", strings.Repeat("y", 490)+"@", strings.Repeat("\u202e", 80))
	f.Fuzz(func(t *testing.T, how byte, name, status, code, message, requestID string) {
		inActions, asJSON, exit := how&1 != 0, how&2 != 0, NotFound.Code
		if how&4 != 0 {
			exit = 0
		}
		var out bytes.Buffer
		log := &Log{Out: &out, Hider: NewHider([]string{ownSecret}), JSON: asJSON, Start: time.Now(), Timeout: time.Hour}
		if inActions {
			log.Actions = NewActions(&out, func(string) string { return "" })
		}
		e := toldOf{planted(name), planted(status), planted(code), planted(message), planted(requestID)}.tell(log, exit)

		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
			require.Less(t, len(line), 20_000+10*len(name), "no service can flood a log")
		}
		require.NotContains(t, out.String(), paramsMark)
		requireNoSpelling(t, out.String())
		require.NotRegexp(t, agentCommand, out.String())
		if begin := ownSecret[:7]; !strings.Contains(name+status+code+message+requestID, begin) {
			require.NotContains(t, out.String(), begin, "a secret that was cut")
		}
		found, rest := commands(strings.Join(lines, "\n"))
		switch {
		case asJSON:
			require.Empty(t, found)
			requireEvents(t, rest)
		case inActions:
			requireAnnotations(t, found, log, e)
		default:
			require.Empty(t, found)
		}
		for _, line := range rest {
			require.True(t, asJSON || strings.HasPrefix(line, "dmswait: "), "%q", line)
		}
	})
}

// events are the names that README lists.
const events = " start found status missing outage recovered throttled progress heartbeat unknown_status ambiguous clock left_out written request error hint detail end "

func requireEvents(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		fields, ok := decoded(line).(object)
		require.True(t, ok, "%q is no object", line)
		values := map[string]any{}
		for _, field := range fields {
			require.NotContains(t, values, field.key)
			values[field.key] = field.value
		}
		require.Equal(t, "time level event elapsed message", strings.Join([]string{fields[0].key, fields[1].key, fields[2].key, fields[3].key, fields[len(fields)-1].key}, " "))
		require.Contains(t, events, " "+values["event"].(string)+" ")
		require.Contains(t, "info warning error debug", values["level"])
		require.IsType(t, json.Number(""), values["elapsed"])
		message, _ := values["message"].(string)
		requireNoSpelling(t, message)
	}
}

// requireAnnotations holds the commands to those that we make, the last but one to all lines of the end.
func requireAnnotations(t *testing.T, found []command, log *Log, e Ending) {
	t.Helper()
	var names []string
	for _, c := range found {
		names = append(names, c.name)
		if c.name != "group" && c.name != "endgroup" {
			require.True(t, strings.HasPrefix(c.properties["title"], "dmswait"), "%q", c.properties)
			require.Len(t, c.properties, 1)
		}
	}
	require.Regexp(t, `^group( warning)+ endgroup (error|notice) error$`, strings.Join(names, " "))
	last := found[len(found)-2]
	require.Equal(t, e.Code != 0, last.name == "error")
	if e.Code != 0 {
		var want []string
		for _, line := range append([]string{e.Report.Message()}, e.Lines...) {
			want = append(want, log.line(line))
		}
		require.Equal(t, strings.Join(want, "\n"), last.data)
	}
	for _, line := range strings.Split(last.data, "\n") {
		inner, _ := commands(line)
		require.Empty(t, inner)
	}
}
