package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// FuzzOutputs holds the outputs to be the same values wherever they are written, for whatever a task consists of, without a secret, and nothing beside them.
func FuzzOutputs(f *testing.F) {
	f.Add("restart", "tester", `{"a":[1.10,-0,1E400],"adminPassword":"x","b":"{\"c\":\"token=1\"}"}`, "SUCCESS", "2020-06-23T03:00:03.471Z", "2020-06-23T03:00:08.130Z")
	f.Add("a\r\nresult<<x\r\n", "\nstatus=x\n", "x\ndmswait_\ny\r", "\r\n", "", "")
	f.Add("@", "a@b", `{"a":"@","@":1}`, "@", "@@", "A@")
	f.Add("@a", "@b@c", `{"a":"@d","@e":["@f","@g"],"b":"{\"c\":\"@h\"}"}`, "@i", "@j@k", "A@l")
	f.Add("##vso[x]", "a##b##c[", `{"##teamcity[":"@m"}`, "##VSO[", "@n", "@o")
	f.Add(`$(touch ran)`, "`x`", `{"${x}":"'; x","b":" ~ ! * # \\ \u2028 \ud800"}`, "a b;c", "\x00", "🙂")
	f.Add("\xff", "\u034f", "{\"a\":\"\xff\", \"b\" : [ ] }", "Ü\xff", "##[error]", "::error::")
	f.Add("", "", strings.Repeat("x", 5000), strings.Repeat("X", 5000), strings.Repeat("y", 5000), "")
	f.Add("", "", `{"a":"hunter2\u0022\u0026\\hunter3","token":1}`, "", "", "")
	f.Add("", "", `["hunter2\u0022&\u005chunter3"]`, "", "", "")
	f.Add("", "", `{"hunter2\"\u0026\\hunter3":"{\"a\":\"hunter2\\\"\\u0026\\\\hunter3\"}"}`, "", "", "")
	path := filepath.Join(f.TempDir(), "output")
	f.Fuzz(func(t *testing.T, name, user, params, status, created, updated string) {
		task := client.Task{
			ID: "t1", Name: planted(name), UserName: planted(user), UserID: planted(user), Params: planted(params),
			Status: client.Status(planted(status)), CreatedAt: planted(created), UpdatedAt: planted(updated),
		}
		r := Report{Result: Timeout, Err: poll.ErrTimeout, TaskID: task.ID, Task: task, Progress: "40", Waited: 90 * time.Second, Polls: 4, At: now, Hider: NewHider([]string{ownSecret})}
		outputs := r.Outputs()
		requireNoSecret(t, outputs)
		requireFile(t, path, outputs)
		requireJSON(t, outputs, r.JSON())
		requireDotenv(t, r)

		results, left := r.Results()
		total := 0
		for i, o := range results {
			total += len(o.Text)
			if short, isCut := strings.CutSuffix(o.Text, "…"); o.Name == "status" && isCut && len(short) <= 64 {
				require.True(t, strings.HasPrefix(strings.ToValidUTF8(outputs[i].Text, ""), short), "%q", short)
			} else if o.Text != outputs[i].Text {
				require.Empty(t, o.Text)
				require.Contains(t, left, o.Name)
			}
		}
		require.LessOrEqual(t, total, 4000)
	})
}

// requireNoSecret holds the outputs to have neither our own secret nor the value of a key that names one, in whatever notation.
func requireNoSecret(t *testing.T, outputs []Output) {
	t.Helper()
	for _, o := range outputs {
		requireNoSpelling(t, o.Text)
		if value := decoded(o.JSON); value != nil {
			requireHidden(t, value)
		}
	}
}

func requireHidden(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case object:
		for _, m := range value {
			requireNoSpelling(t, m.key)
			require.True(t, !isSensitive(m.key) || m.value == stars, "%q: %q", m.key, m.value)
			requireHidden(t, m.value)
		}
	case []any:
		for _, member := range value {
			requireHidden(t, member)
		}
	case string:
		requireNoSpelling(t, value)
		if held := held(value); held != nil {
			requireHidden(t, held)
		}
	}
}

// requireFile holds a step's file of outputs to what the runner reads in it.
func requireFile(t *testing.T, path string, outputs []Output) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte("before=1"), 0o600))
	actions := NewActions(&bytes.Buffer{}, func(name string) string { return map[string]string{"GITHUB_OUTPUT": path}[name] })
	require.NoError(t, actions.SetOutputs(outputs))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	want := []string{"before"}
	for _, o := range outputs {
		want = append(want, o.Name)
	}
	for _, windows := range []bool{false, true} {
		names, values := outputsFile(t, string(content), windows)
		require.Equal(t, want, names)
		for _, o := range outputs {
			text := string([]rune(o.Text))
			if windows { // where the runner takes it for a part of the end of the line
				text = strings.TrimSuffix(text, "\r")
			}
			require.Equal(t, text, values[o.Name], o.Name)
		}
	}
}

func requireJSON(t *testing.T, outputs []Output, line string) {
	t.Helper()
	require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || unicode.In(r, unweighed...) }), "%q", line)
	found, _ := commands(line)
	require.Empty(t, found)
	require.NotRegexp(t, agentCommand, line)
	members, ok := decoded(line).(object)
	require.True(t, ok, "%q", line)
	require.Len(t, members, len(outputs))
	for i, o := range outputs {
		require.Equal(t, o.Name, members[i].key)
		switch value := members[i].value; {
		case o.JSON == o.Text:
			require.Equal(t, decoded(o.Text), value)
		case value == nil:
			require.Empty(t, o.Text)
		default:
			require.Equal(t, string([]rune(o.Text)), value)
		}
	}
}

// sourced are the forms that lines of dotenv have, so that no shell finds anything to do in them.
var (
	sourced     = regexp.MustCompile(`^DMS_(STATUS=[A-Z0-9_]*|RESULT=[a-z_]+|(DURATION|PROGRESS|WAITED|POLLS|EXIT_CODE)=[0-9.]*|TASK_ID=[A-Za-z0-9_-]*|(PARAMS|TASK)=.*)$`)
	sourcedJSON = regexp.MustCompile(`^[][{},:"\\A-Za-z0-9_./+-]*$`)
	escaped     = regexp.MustCompile(`^u[0-9a-f]{4}`)
)

func requireDotenv(t *testing.T, r Report) {
	t.Helper()
	content, left := r.Dotenv("DMS_")
	require.LessOrEqual(t, len(content), 4000)
	require.NotRegexp(t, agentCommand, content)
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	i := 0
	for _, o := range r.Outputs() {
		if o.Name == "message" {
			continue
		}
		require.Regexp(t, sourced, lines[i])
		name, value, _ := strings.Cut(lines[i], "=")
		require.Equal(t, "DMS_"+strings.ToUpper(o.Name), name)
		switch {
		case value == "":
			require.True(t, o.Text == "" || strings.Contains(strings.Join(left, " "), o.Name))
		case o.Name == "params" || o.Name == "task":
			require.Equal(t, decoded(o.JSON), decoded(value))
			require.Regexp(t, sourcedJSON, value)
			for _, escape := range strings.Split(value, `\`)[1:] {
				require.Regexp(t, escaped, escape)
			}
		case o.Name != "status":
			require.Equal(t, o.Text, value)
		}
		i++
	}
	require.Len(t, lines, i)
}
