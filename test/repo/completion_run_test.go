//go:build unix

package repo_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// completion are command lines up to the cursor, and what a shell offers to continue the last word.
var completion = []struct {
	line    string
	offered []string
}{
	{"dmswait --task-", []string{"--task-id", "--task-name"}},
	{"dmswait --quiet --form", []string{"--format"}},
	{"dmswait --until i", []string{"idle"}},
	{"dmswait --format ", []string{"text", "json", "none"}},
	{"dmswait --log-format j", []string{"json"}},
	{"dmswait --succeed-on time", []string{"timeout"}},
	{"dmswait --succeed-on timeout,run", []string{"timeout,running"}},
	{"dmswait --task-id ", nil},
	{"dmswait --secret", nil},
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	const script = `. "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_dmswait
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"`
	path := inRepository(t, "packaging/dmswait.bash")
	for _, test := range completion {
		words := strings.Split(test.line, " ")
		assert.Equal(t, test.offered, shellLines(t, "bash", append([]string{"-uc", script, "bash", path}, words...)...))
	}
	// At --format=j, bash passes three words.
	words := []string{"dmswait", "--format", "=", "j"}
	assert.Equal(t, []string{"json"}, shellLines(t, "bash", append([]string{"-uc", script, "bash", path}, words...)...))
}

func TestFishCompletes(t *testing.T) {
	t.Parallel()
	const script = `source $argv[1]; complete -C $argv[2]`
	for _, test := range completion {
		var offered []string
		for _, line := range shellLines(t, "fish", "-Nc", script, inRepository(t, "packaging/dmswait.fish"), test.line) {
			word, _, _ := strings.Cut(line, "\t") // what follows is the description
			offered = append(offered, word)
		}
		assert.ElementsMatch(t, test.offered, offered, test.line)
	}
}

func TestZshReadsTheCompletion(t *testing.T) {
	t.Parallel()
	assert.Empty(t, shellLines(t, "zsh", "-n", inRepository(t, "packaging/_dmswait")))
}

// shellLines runs a shell and returns the lines that it prints.
func shellLines(t *testing.T, shell string, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skip(shell + " is not installed")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
