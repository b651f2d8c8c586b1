package output

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// FuzzOutputs checks that every destination gets the same values, and nothing besides them, whatever a task
// consists of, and that none of them contains a secret.
func FuzzOutputs(f *testing.F) {
	f.Add("restart", "tester", `{"a":[1.10,-0,1E400],"adminPassword":"x","b":"{\"c\":\"token=1\"}"}`, "SUCCESS",
		"2020-06-23T03:00:03.471Z", "2020-06-23T03:00:08.130Z")
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
			ID: "t1", Name: plant(name), UserName: plant(user), UserID: plant(user), Params: plant(params),
			Status: client.Status(plant(status)), CreatedAt: plant(created), UpdatedAt: plant(updated),
		}
		r := result.Report{
			Result: result.Timeout, Err: poll.ErrTimeout, Target: target.Target{TaskID: task.ID}, State: target.OfTask(&task),
			Progress: &client.Progress{Percent: 40}, Waited: 90 * time.Second, Polls: 4, At: now,
			Secrets: sanitize.NewSecrets(ownSecret),
		}
		for _, output := range values(&r) {
			requireNoOwnSecret(t, output.text)
			requireRedacted(t, decode(output.json))
		}
		requireStepOutputs(t, path, &r)
		requireJSON(t, &r)
		requireDotenv(t, &r)
		requireFolderValues(t, &r)
	})
}

// requireStepOutputs requires that the runner reads the outputs from a file that held an unfinished line
// before.
func requireStepOutputs(t *testing.T, path string, r *result.Report) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte("before=1"), 0o600))
	require.NoError(t, StepOutputs{path}.Write(r))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, windows := range []bool{false, true} {
		want := []stepOutput{{"before", "1"}}
		for _, output := range stepOutputsOf(r) {
			output.text = string([]rune(output.text))
			if windows { // where the runner regards it as part of the line's end
				output.text = strings.TrimSuffix(output.text, "\r")
			}
			want = append(want, output)
		}
		got, err := parseStepOutputs(string(content), windows)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// requireJSON requires that the JSON has the outputs' values, and that no terminal or runner acts on its line.
func requireJSON(t *testing.T, r *result.Report) {
	t.Helper()
	line := JSON(r)
	require.False(t, strings.ContainsFunc(line, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.In(r, ignored...)
	}), "%q", line)
	commands, _ := parseCommands(line)
	require.Empty(t, commands)
	members, ok := decode(line).(object)
	require.True(t, ok, "%q", line)
	outputs := values(r)
	require.Len(t, members, len(outputs))
	for i, output := range outputs {
		require.Equal(t, output.name, members[i].key)
		switch value := members[i].value; {
		case output.json == output.text:
			require.Equal(t, decode(output.text), value)
		case value == nil:
			require.Empty(t, output.text)
		default:
			require.Equal(t, string([]rune(output.text)), value)
		}
	}
}

// A shell finds nothing to act on in lines of these forms.
var (
	sourcedLine = regexp.MustCompile(`^DMS_(STATUS=[A-Z0-9_]*|RESULT=[a-z_]+|(TASK|INSTANCE)_ID=[A-Za-z0-9_-]*|` +
		`(DURATION|PROGRESS|WAITED|POLLS|EXIT_CODE)=[0-9.]*|(PARAMS|NAME|TASK|RESULTS)=.*)$`)
	sourcedJSON   = regexp.MustCompile(`^[][{},:"\\A-Za-z0-9_./+-]*$`)
	sourcedEscape = regexp.MustCompile(`^u[0-9a-f]{4}`)
)

// requireDotenv requires that the dotenv lines have the outputs' values and one of the forms above.
func requireDotenv(t *testing.T, r *result.Report) {
	t.Helper()
	content, emptied := dotenv(r, "DMS_")
	require.LessOrEqual(t, len(content), 4000)
	require.NotRegexp(t, agentCommand, content)
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	outputs := slices.DeleteFunc(values(r), func(o named) bool { return o.name == "message" })
	require.Len(t, lines, len(outputs))
	for i, output := range outputs {
		require.Regexp(t, sourcedLine, lines[i])
		name, value, _ := strings.Cut(lines[i], "=")
		require.Equal(t, "DMS_"+strings.ToUpper(output.name), name)
		switch {
		case value == "":
			require.True(t, output.text == "" || slices.Contains(emptied, output.name), "%q", output)
		case output.name == "params" || output.name == "task" || output.name == "name" || output.name == "results":
			if output.name != "name" { // which is truncated
				require.Equal(t, decode(output.json), decode(value))
			}
			require.Regexp(t, sourcedJSON, value)
			for _, escape := range strings.Split(value, `\`)[1:] {
				require.Regexp(t, sourcedEscape, escape)
			}
		case output.name != "status":
			require.Equal(t, output.text, value)
		}
	}
}

// requireFolderValues requires that a results folder has the outputs' values, apart from those that do not fit.
func requireFolderValues(t *testing.T, r *result.Report) {
	t.Helper()
	outputs, emptied := folderValues(r)
	total := 0
	for i, whole := range values(r) {
		text := outputs[i].text
		total += len(text)
		require.Equal(t, whole.name, outputs[i].name)
		switch short, isCut := strings.CutSuffix(text, "…"); {
		case slices.Contains(emptied, whole.name):
			require.Empty(t, text)
		case whole.name == "status" && isCut && text != whole.text:
			require.LessOrEqual(t, len(short), 64)
			require.True(t, strings.HasPrefix(strings.ToValidUTF8(whole.text, ""), short), "%q", short)
		default:
			require.Equal(t, whole.text, text)
		}
	}
	require.LessOrEqual(t, total, 4000)
}
