//go:build unix

package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/test/trial"
)

// shells returns the shells that are installed, each as a command that takes a script.
func shells() (found [][]string) {
	for _, shell := range [][]string{
		{"sh"}, {"dash"}, {"bash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"zsh"}, {"ksh"}, {"mksh"},
	} {
		if _, err := exec.LookPath(shell[0]); err == nil {
			found = append(found, append(shell, "-c"))
		}
	}
	return found
}

func TestNothingRunsWhenAnyShellSourcesHostileDotenv(t *testing.T) {
	t.Parallel()
	const script = `set -eu; set -a; . ./vars; set +a; exec env`
	for _, text := range trial.HostileTexts(t)[1:] {
		sim := hostileCloud(text)
		sim.Tasks[0].Steps, sim.Intercept = sim.Tasks[0].Steps[:1], nil
		folder := t.TempDir()
		tr := trial.New(trial.Start(t, sim), "--timeout", "0", "--max-outage", "0", "--format", "json",
			"--output-file", filepath.Join(folder, "vars")).Run(t)
		assert.Equal(t, 124, tr.Code, tr.Log.String())
		content, err := os.ReadFile(filepath.Join(folder, "vars"))
		require.NoError(t, err)
		want := map[string]string{}
		for line := range strings.Lines(string(content)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			want[name] = strings.ReplaceAll(value, `"`, "") // the shell removes the quotes, and nothing else
			var decoded any
			if strings.ContainsAny(value, `"`) {
				require.NoError(t, json.Unmarshal([]byte(value), &decoded), value)
			}
			switch name {
			case "DMS_PARAMS":
				assert.Equal(t, text, decoded)
			case "DMS_NAME":
				assert.Equal(t, sanitize.Truncate(text, 64), decoded)
			case "DMS_TASK":
				assert.Equal(t, tr.JSON(t)["task"], decoded)
			case "DMS_STATUS":
				assert.Regexp(t, `^[A-Z0-9_]+$`, value)
			}
		}
		assert.Len(t, want, 13)
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
			assert.Equal(t, []string{"vars"}, trial.List(t, folder), "nothing ran")
		}
	}
}
