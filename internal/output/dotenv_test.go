package output

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/result"
)

// hostileTexts are what a shell would run, expand or split.
var hostileTexts = []string{
	"$(touch ran)", "`touch ran`", "'; touch ran; '", `"; touch ran; "`, "\ntouch ran\n", "\r\ntouch ran",
	"a; touch ran", "a | touch ran", "a && touch ran", "& touch ran &", "> ran", "~", "~root", "*", "{a,b}",
	"$HOME ${HOME} $((1+1)) $'\\x41'", "!!", "#x", "\\", "\\\n",
	"中文 ümlaut 🙂", "\x00\x1b[2J", "\u2028", "%s", "=", "a b",
}

// hostileReport returns the report of a task that consists of text.
func hostileReport(text string) result.Report {
	params, _ := json.Marshal(map[string]any{text: []any{text, 1.5, nil, true, map[string]string{"b": text}}})
	task := documentedTask()
	task.Name, task.UserName, task.UserID, task.Status = text, text, text, client.Status(text)
	task.Params = string(params)
	return reportOf(&task, nil)
}

var dotenvLine = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=\S*$`)

// parseDotenv reads variables by GitLab's rules: each line is NAME=value, and there is nothing else.
func parseDotenv(t *testing.T, content string) map[string]string {
	t.Helper()
	variables := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(content, "\n"), "\n") {
		require.Regexp(t, dotenvLine, line)
		name, value, _ := strings.Cut(line, "=")
		assert.NotContains(t, variables, name)
		variables[name] = value
	}
	return variables
}

func TestDotenvOfEveryReport(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		content, emptied := dotenv(&r, "DMS_")
		assert.Empty(t, emptied, name)
		golden(t, "dotenv/"+name, content)
		variables := parseDotenv(t, content)
		for _, output := range Outputs() {
			if output.Name != "message" {
				assert.Contains(t, variables, "DMS_"+strings.ToUpper(output.Name), name)
			}
		}
		assert.Len(t, variables, len(Outputs())-1, "%s: no message, which contains blanks", name)
	}
}

func TestDotenvNamesHaveThePrefix(t *testing.T) {
	t.Parallel()
	content, _ := dotenv(new(reportOf(new(documentedTask()), nil)), "my_9")
	for name := range parseDotenv(t, content) {
		assert.True(t, strings.HasPrefix(name, "my_9"), name)
	}
	assert.Contains(t, content, "my_9STATUS=SUCCESS\n")
}

func TestStatusInDotenvIsUpperCaseLettersDigitsAndUnderscores(t *testing.T) {
	t.Parallel()
	for status, want := range map[client.Status]string{
		"SUCCESS_2": "SUCCESS_2", "A-B": "A_B", "A.B/C:D": "A_B_C_D", "ÄB ": "_B_", "ab": "__", "": "",
	} {
		task := documentedTask()
		task.Status = status
		content, _ := dotenv(new(reportOf(&task, nil)), "DMS_")
		assert.Equal(t, want, parseDotenv(t, content)["DMS_STATUS"], status)
	}
}

func TestJSONInDotenvMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range append([]string{"plain", "expand to 300 GB, \"now\"\n"}, hostileTexts...) {
		for _, r := range []result.Report{hostileReport(text), reportWithParams(text)} {
			content, _ := dotenv(&r, "DMS_")
			variables := parseDotenv(t, content)
			assert.Equal(t, decode(valueOf(t, &r, "task").json), decode(variables["DMS_TASK"]), "%q", text)
			assert.Equal(t, decode(valueOf(t, &r, "params").json), decode(variables["DMS_PARAMS"]), "%q", text)
		}
	}
	content, _ := dotenv(new(reportWithParams(`{"z":1.10,"a":12345678901234567890,"m":1E400,"neg":-0}`)), "")
	assert.Contains(t, content, "PARAMS={\"z\":1.10,\"a\":12345678901234567890,\"m\":1E400,\"neg\":-0}\n",
		"numbers keep their text, and keys their order")
}

func TestNoShellRunsAnythingInDotenv(t *testing.T) {
	t.Parallel()
	shells := 0
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "busybox"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		shells++
		for _, text := range hostileTexts {
			requireSourced(t, path, new(hostileReport(text)))
		}
	}
	if shells == 0 {
		t.Skip("no shell")
	}
}

func TestNewOutputIsSafeInDotenvByDefault(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		for _, form := range []form{{}, {shell: bare}, {shell: upper}} {
			content := dotenvLines([]named{{"new", stringValue(text), form}}, "DMS_")
			written := parseDotenv(t, content)["DMS_NEW"]
			if form.shell == upper {
				assert.Regexp(t, `^[A-Z0-9_]+$`, written, "%q", text)
				continue
			}
			if form.shell == escaped || !isBare(text) {
				assert.Regexp(t, `^"([A-Za-z0-9_.:/-]|\\u[0-9a-f]{4})*"$`, written, "%q", text)
				assert.Equal(t, decode(stringValue(text).json), decode(written), "%q", text)
			}
		}
	}
	for text, want := range map[string]string{"not_found": "not_found", "***": "***", "a b": `"a\u0020b"`} {
		assert.Equal(t, "DMS_NEW="+want+"\n", dotenvLines([]named{{"new", stringValue(text), form{shell: bare}}}, "DMS_"))
	}
}

// requireSourced has a shell source a report, and requires that it changes nothing and sees the values as they
// are, without the quotes.
func requireSourced(t *testing.T, shell string, r *result.Report) {
	t.Helper()
	folder := t.TempDir()
	content, _ := dotenv(r, "DMS_")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "vars"), []byte(content), 0o600))
	variables := parseDotenv(t, content)
	script, want := "set -eu; . ./vars; printf '%s\\n'", ""
	for _, output := range Outputs() {
		if output.Name != "message" {
			name := "DMS_" + strings.ToUpper(output.Name)
			script += ` "$` + name + `"`
			want += strings.ReplaceAll(variables[name], `"`, "") + "\n"
		}
	}
	args := []string{"-c", script}
	if filepath.Base(shell) == "busybox" {
		args = append([]string{"sh"}, args...)
	}
	command := exec.Command(shell, args...)
	command.Dir, command.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "HOME=/home"}
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, "%s: %s\n%s", shell, stderr.String(), content)
	require.Empty(t, stderr.String(), "%s\n%s", shell, content)
	require.Equal(t, want, string(out), "%s\n%s", shell, content)
	require.Regexp(t, `^[A-Z0-9_]*$`, variables["DMS_STATUS"])
	require.Equal(t, map[string]string{"vars": content}, readFolder(t, folder), "%s\n%s", shell, content)
}

// readFolder returns the content of a folder's files by name.
func readFolder(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	files := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(content)
	}
	return files
}

func TestResultsThenTaskThenParamsAreEmptiedWhereNotAllFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		params  string
		emptied []string
	}{
		{strings.Repeat("x", 500), nil},
		{strings.Repeat("x", 1500), []string{"results"}},
		{strings.Repeat("x", 3000), []string{"results", "task"}},
		{strings.Repeat("x", 5000), []string{"results", "task", "params"}},
	} {
		r := reportWithParams(test.params)
		content, emptied := dotenv(&r, "DMS_")
		assert.Equal(t, test.emptied, emptied)
		assert.LessOrEqual(t, len(content), 4000)
		variables := parseDotenv(t, content)
		outputs, emptied := folderValues(&r)
		assert.Equal(t, test.emptied, emptied)
		assert.Len(t, outputs, len(Outputs()), "all keys are there")
		total := 0
		for i, output := range values(&r) {
			total += len(outputs[i].text)
			switch name := "DMS_" + strings.ToUpper(output.name); {
			case slices.Contains(test.emptied, output.name):
				assert.Empty(t, outputs[i].text)
				assert.Contains(t, content, name+"=\n")
			case output.name == "params":
				assert.Equal(t, test.params, outputs[i].text)
				assert.Equal(t, `"`+test.params+`"`, variables[name])
			case output.name == "name": // quoted
				assert.Equal(t, `"`+output.text+`"`, variables[name])
			case output.name != "message" && output.name != "task" && output.name != "results":
				assert.Equal(t, output.text, outputs[i].text)
				assert.Equal(t, output.text, variables[name])
			}
		}
		assert.LessOrEqual(t, total, 4000)
	}
}

func TestLimitIs4000Bytes(t *testing.T) {
	t.Parallel()
	dotenvOf := func(n int) (int, []string) {
		content, emptied := dotenv(new(reportWithParams(strings.Repeat("x", n))), "DMS_")
		return len(content), emptied
	}
	folderOf := func(n int) (size int, emptied []string) {
		outputs, emptied := folderValues(new(reportWithParams(strings.Repeat("x", n))))
		for _, output := range outputs {
			size += len(output.text)
		}
		return size, emptied
	}
	for name, write := range map[string]func(int) (int, []string){"output_file": dotenvOf, "results_dir": folderOf} {
		size, _ := write(100)
		larger, _ := write(101)
		perByte := larger - size // params are in task and in results too
		n := 100 + (4000-size)/perByte
		size, emptied := write(n)
		assert.Empty(t, emptied, name)
		assert.InDelta(t, 4000, size, float64(perByte-1), name)
		_, emptied = write(n + 1)
		assert.Equal(t, []string{"results"}, emptied, name)
	}
}

func TestResultsFolderHasTheOutputsUnchanged(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		outputs, emptied := folderValues(&r)
		assert.Empty(t, emptied, name)
		assert.Equal(t, values(&r), outputs, name)
	}
}
