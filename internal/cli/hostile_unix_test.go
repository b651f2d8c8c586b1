//go:build unix

package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestHostileTextDoesNothingToATerminal(t *testing.T) {
	t.Parallel()
	texts := hostileTexts(t)[1:]
	sim := halting(t)
	sim.Tasks[0].Name = "##[error]x\x1b[2J\u009b2J\u202e"
	sim.Tasks[0].Steps = nil
	for i, text := range texts {
		sim.Tasks[0].Steps = append(sim.Tasks[0].Steps, at(50*i, text))
	}
	sim.Tasks[0].Steps = append(sim.Tasks[0].Steps, at(50*len(texts), "SUCCESS"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "task" && r.Nth%3 == 0 {
			return hostileAnswer(503, texts[r.Nth/3%len(texts)])
		}
		return nil
	}
	s := onScreen(t, newTrial(start(t, sim), "--format", "json", "--debug"), 180)
	s.shows(`left$`)
	assert.Equal(t, 0, s.end())
	raw := s.raw.String()
	assert.Equal(t, -1, strings.IndexFunc(raw, func(r rune) bool { return r != '\r' && r != '\n' && !unicode.IsPrint(r) }), "%q", raw)
	assert.NotContains(t, raw, "##[")
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.last()), &result), s.last())
	assert.Equal(t, sim.Tasks[0].Name, result["task"].(map[string]any)["name"])
}

// shells are those that are there, each as a command to give a script to.
func shells() (found [][]string) {
	for _, shell := range [][]string{{"sh"}, {"dash"}, {"bash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"zsh"}, {"ksh"}, {"mksh"}} {
		if _, err := exec.LookPath(shell[0]); err == nil {
			found = append(found, append(shell, "-c"))
		}
	}
	return found
}

func TestADotenvFileOfHostileTextRunsNothingInAnyShell(t *testing.T) {
	t.Parallel()
	const script = `set -eu; set -a; . ./vars; set +a; exec env`
	for _, text := range hostileTexts(t)[1:] {
		sim := hostileCloud(text)
		sim.Tasks[0].Steps, sim.Intercept = sim.Tasks[0].Steps[:1], nil
		folder := t.TempDir()
		tr := newTrial(start(t, sim), "--timeout", "0", "--format", "json", "--output-file", filepath.Join(folder, "vars")).run(t)
		assert.Equal(t, 124, tr.code, tr.log.String())
		content, err := os.ReadFile(filepath.Join(folder, "vars"))
		require.NoError(t, err)
		want := map[string]string{}
		for line := range strings.Lines(string(content)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			want[name] = strings.ReplaceAll(value, `"`, "") // the shell takes the quotes off, and nothing else
			var decoded any
			if strings.ContainsAny(value, `"`) {
				require.NoError(t, json.Unmarshal([]byte(value), &decoded), value)
			}
			switch name {
			case "DMS_PARAMS":
				assert.Equal(t, text, decoded)
			case "DMS_TASK":
				assert.Equal(t, tr.json(t)["task"], decoded)
			case "DMS_STATUS":
				assert.Regexp(t, `^[A-Z0-9_]+$`, value)
			}
		}
		assert.Len(t, want, 10)
		for _, shell := range shells() {
			command := exec.Command(shell[0], append(shell[1:], script)...)
			command.Dir, command.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "HOME=/home"}
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s: %s", shell, out)
			got := map[string]string{}
			for line := range strings.Lines(string(out)) {
				if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && strings.HasPrefix(name, "DMS_") {
					got[name] = value
				}
			}
			assert.Equal(t, want, got, "%s %q", shell, text)
			assert.Equal(t, []string{"vars"}, list(t, folder), "nothing ran")
		}
	}
}
