package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// hostileTexts are what a shell would run, expand or break at.
var hostileTexts = []string{
	"$(touch ran)", "`touch ran`", "'; touch ran; '", `"; touch ran; "`, "\ntouch ran\n", "\r\ntouch ran", "a; touch ran", "a | touch ran", "a && touch ran", "& touch ran &",
	"> ran", "~", "~root", "*", "{a,b}", "$HOME ${HOME} $((1+1)) $'\\x41'", "!!", "#x", "\\", "\\\n", "中文 ümlaut 🙂", "\x00\x1b[2J", "\u2028", "%s", "=", "a b",
}

// hostile is the report of a task that is full of them.
func hostile(text string) Report {
	encoded, _ := json.Marshal(map[string]any{text: []any{text, 1.5, nil, true, map[string]string{"b": text}}})
	task := documented()
	task.Name, task.UserName, task.UserID, task.Params, task.Status = text, text, text, string(encoded), client.Status(text)
	return ofTask(task, nil)
}

// contains holds a folder to these files, so that nothing temporary is left, and a file to its content.
func contains(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, files, entry.Name())
	}
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(content), name)
	}
}

var dotenvLine = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=\S*$`)

// dotenv reads a file of variables by GitLab's rules: NAME=value, nothing else in any line.
func dotenv(t *testing.T, content string) map[string]string {
	t.Helper()
	values := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(content, "\n"), "\n") {
		require.Regexp(t, dotenvLine, line)
		name, value, _ := strings.Cut(line, "=")
		assert.NotContains(t, values, name)
		values[name] = value
	}
	return values
}

func TestTheResultAsDotenv(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		content, left := r.Dotenv("DMS_")
		assert.Empty(t, left)
		golden(t, "dotenv/"+name, content)
		values := dotenv(t, content)
		for _, o := range r.Outputs() {
			if o.Name == "message" {
				assert.NotContains(t, values, "DMS_MESSAGE", "which has blanks")
				continue
			}
			assert.Contains(t, values, "DMS_"+strings.ToUpper(o.Name))
		}
		assert.Len(t, values, len(r.Outputs())-1)
	}
}

func TestDotenvHasThePrefixThatWasAskedFor(t *testing.T) {
	t.Parallel()
	content, _ := ofTask(documented(), nil).Dotenv("my_9")
	for name := range dotenv(t, content) {
		assert.True(t, strings.HasPrefix(name, "my_9"), name)
	}
	assert.Contains(t, content, "my_9STATUS=SUCCESS\n")
}

func TestJSONInDotenvMeansTheSame(t *testing.T) {
	t.Parallel()
	texts := append([]string{"plain", "expand to 300 GB, \"now\"\n"}, hostileTexts...)
	for _, text := range texts {
		params := withParams(text)
		for _, r := range []Report{hostile(text), params} {
			content, _ := r.Dotenv("DMS_")
			values := dotenv(t, content)
			assert.JSONEq(t, output(r, "task").JSON, values["DMS_TASK"], "%q", text)
			assert.JSONEq(t, output(r, "params").JSON, values["DMS_PARAMS"], "%q", text)
		}
	}
	content, _ := withParams(`{"z":1.10,"a":12345678901234567890,"m":1E400,"neg":-0}`).Dotenv("")
	assert.Contains(t, content, "PARAMS={\"z\":1.10,\"a\":12345678901234567890,\"m\":1E400,\"neg\":-0}\n", "numbers keep their text, keys their order")
}

func TestNothingRunsWhenAShellSourcesDotenv(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "busybox"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		for _, text := range hostileTexts {
			folder := t.TempDir()
			content, _ := hostile(text).Dotenv("DMS_")
			require.NoError(t, os.WriteFile(filepath.Join(folder, "vars"), []byte(content), 0o600))
			args := []string{"-c", `set -eu; . ./vars; printf '%s\n' "$DMS_STATUS" "$DMS_RESULT" "$DMS_DURATION" "$DMS_TASK_ID" "$DMS_POLLS" "$DMS_EXIT_CODE" "$DMS_PARAMS" "$DMS_TASK"`}
			if shell == "busybox" {
				args = append([]string{"sh"}, args...)
			}
			command := exec.Command(path, args...)
			command.Dir, command.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "HOME=/home"}
			var complaints strings.Builder
			command.Stderr = &complaints
			out, err := command.Output()
			require.NoError(t, err, "%s %q: %s", shell, text, complaints.String())
			assert.Empty(t, complaints.String())
			values := dotenv(t, content)
			// The shell takes the quotes off, and nothing else.
			want := values["DMS_STATUS"] + "\nsuccess\n\nff80808272dcc90f0172df1e490f41b0\n4\n0\n" + strings.ReplaceAll(values["DMS_PARAMS"]+"\n"+values["DMS_TASK"], `"`, "") + "\n"
			want = strings.Replace(want, "success\n\n", "internal\n"+values["DMS_DURATION"]+"\n", 1)
			want = strings.Replace(want, "\n4\n0\n", "\n4\n70\n", 1)
			assert.Equal(t, want, string(out), "%s %q", shell, text)
			assert.Regexp(t, `^[A-Z0-9_]*$`, values["DMS_STATUS"])
			contains(t, folder, map[string]string{"vars": content})
		}
	}
}

func TestWhatDoesNotFitIsLeftOutTaskFirst(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		params string
		left   []string
	}{
		{strings.Repeat("x", 1500), nil},
		{strings.Repeat("x", 3000), []string{"task"}},
		{strings.Repeat("x", 5000), []string{"task", "params"}},
	} {
		r := withParams(test.params)
		content, left := r.Dotenv("DMS_")
		assert.Equal(t, test.left, left)
		assert.LessOrEqual(t, len(content), 4000)
		values := dotenv(t, content)
		outputs, leftOfResults := r.Results()
		assert.Equal(t, test.left, leftOfResults)
		total := 0
		for _, o := range outputs {
			total += len(o.Text)
		}
		assert.LessOrEqual(t, total, 4000)
		assert.Len(t, outputs, len(r.Outputs()), "all keys are there")
		for _, name := range test.left {
			assert.Empty(t, values["DMS_"+strings.ToUpper(name)])
			assert.Contains(t, content, "DMS_"+strings.ToUpper(name)+"=\n")
		}
		if len(test.left) < 2 {
			assert.Contains(t, values["DMS_PARAMS"], test.params)
		}
		assert.Equal(t, "SUCCESS", values["DMS_STATUS"])
	}
}

func TestTheLimitIs4000Bytes(t *testing.T) {
	t.Parallel()
	fits := func(n int) (int, []string) {
		content, left := withParams(strings.Repeat("x", n)).Dotenv("DMS_")
		return len(content), left
	}
	base, _ := fits(1000)
	grows, _ := fits(1001)
	n := 1000 + (4000-base)/(grows-base)
	size, left := fits(n)
	assert.Empty(t, left)
	assert.InDelta(t, 4000, size, 1)
	_, left = fits(n + 1)
	assert.Equal(t, []string{"task"}, left)
}

func TestResultsAreTheOutputsToTheByte(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		outputs, left := r.Results()
		assert.Empty(t, left)
		assert.Equal(t, r.Outputs(), outputs, name)
	}
}
