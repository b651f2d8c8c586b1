package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readOutputs reads the file of a step's outputs by the runner's rules: lines end with LF alone, empty ones between outputs count for nothing,
// the first of "=" and "<<" in a line tells which form an output has.
func readOutputs(text string) (outputs [][2]string, err error) {
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] != "" {
		return nil, errors.New("the last line is not ended")
	}
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals > 0 && (heredoc < 0 || equals < heredoc):
			outputs = append(outputs, [2]string{line[:equals], line[equals+1:]})
		case heredoc > 0 && (equals < 0 || heredoc < equals) && line[heredoc+2:] != "":
			var value []string
			for i++; i < len(lines) && lines[i] != line[heredoc+2:]; i++ {
				value = append(value, lines[i])
			}
			if i == len(lines) {
				return nil, fmt.Errorf("matching delimiter not found %q", line[heredoc+2:])
			}
			outputs = append(outputs, [2]string{line[:heredoc], strings.Join(value, "\n")})
		default:
			return nil, fmt.Errorf("invalid format %q", line)
		}
	}
	return outputs, nil
}

// step is a step of a job whose outputs go to path.
func step(path string, log *bytes.Buffer) *Actions {
	return NewActions(log, func(name string) string {
		if name == "GITHUB_OUTPUT" {
			return path
		}
		return ""
	})
}

func pairs(outputs []Output) (all [][2]string) {
	for _, o := range outputs {
		all = append(all, [2]string{o.Name, o.Text})
	}
	return all
}

func TestOutputsReachTheNextStepAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "a", "two\nlines", "ends\n", "\n", "\n\n", "\r", "a\r\nb\r\n", "\r\n", "name=value", "a\nname=value\nstatus=FAILED", "a=b", "x<<y", "x<<EOF\nb\nEOF",
		"_GitHubActionsFileCommandDelimeter_", "a\n_GitHubActionsFileCommandDelimeter_\nresult<<_GitHubActionsFileCommandDelimeter_\nsuccess\n_GitHubActionsFileCommandDelimeter_",
		"a\ndmswait_\nresult=success", "a\nEOF\n", " blanks ", "\t", "::set-output name=result::success", "##[x]", "\x00\x1b", "中文 \u2028", strings.Repeat("long\n", 10_000),
	} {
		path, log := filepath.Join(t.TempDir(), "output"), &bytes.Buffer{}
		outputs := []Output{{Name: "status", Text: value}, {Name: "params", Text: value}, {Name: "last", Text: "end"}}
		require.NoError(t, step(path, log).SetOutputs(outputs))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := readOutputs(string(content))
		require.NoError(t, err, "%q", value)
		assert.Equal(t, pairs(outputs), got, "%q", value)
		assert.Empty(t, log.String(), "nothing goes to the log")
	}
}

func TestADelimiterThatWasSeenForgesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "output")
	actions := step(path, &bytes.Buffer{})
	seen := map[string]bool{}
	value := "x"
	for range 5 {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		outputs := []Output{{Name: "params", Text: value}}
		require.NoError(t, actions.SetOutputs(outputs))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := readOutputs(string(content))
		require.NoError(t, err)
		assert.Equal(t, pairs(outputs), got)
		_, delimiter, _ := strings.Cut(strings.SplitN(strings.TrimLeft(string(content), "\n"), "\n", 2)[0], "<<")
		assert.GreaterOrEqual(t, len(delimiter), 26, "it is too long to be guessed")
		assert.False(t, seen[delimiter], "it differs each time")
		seen[delimiter] = true
		value = "x\n" + delimiter + "\nresult=success\nstatus<<" + delimiter + "\nSUCCESS"
	}
}

func TestOutputsAreAppendedToWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "mine=1\n", "mine=1", "mine<<E\n1\nE\n", "mine<<E\n1\nE"} {
		path := filepath.Join(t.TempDir(), "output")
		require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
		outputs := ofTask(documented(), nil).Outputs()
		require.NoError(t, step(path, &bytes.Buffer{}).SetOutputs(outputs))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(content), before))
		got, err := readOutputs(string(content))
		require.NoError(t, err, "after %q", before)
		want := pairs(outputs)
		if before != "" {
			want = append([][2]string{{"mine", "1"}}, want...)
		}
		assert.Equal(t, want, got, "after %q", before)
	}
}

func TestOutputsAreOneWriteThatNoOtherWriterCuts(t *testing.T) {
	t.Parallel()
	const writers = 50
	path := filepath.Join(t.TempDir(), "output")
	outputs := ofTask(documented(), nil).Outputs()
	var all sync.WaitGroup
	for range writers {
		all.Go(func() { assert.NoError(t, step(path, &bytes.Buffer{}).SetOutputs(outputs)) })
	}
	all.Wait()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	got, err := readOutputs(string(content))
	require.NoError(t, err)
	var want [][2]string
	for range writers {
		want = append(want, pairs(outputs)...)
	}
	assert.Equal(t, want, got)
}

func TestOutputsThatCanNotBeWrittenAreAnErrorAndNoPanic(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, path := range map[string]string{
		"unset": "", "a folder": folder, "below a file": filepath.Join(os.Args[0], "output"), "a folder that is missing": filepath.Join(folder, "no", "output"), "a full disk": "/dev/full",
	} {
		assert.NotPanics(t, func() {
			assert.Error(t, step(path, &bytes.Buffer{}).SetOutputs([]Output{{Name: "status", Text: "SUCCESS"}}), name)
		})
	}
}

func TestAMaskIsOneLine(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"secret":                    "::add-mask::secret\n",
		"100%\r\n::error::x":        "::add-mask::100%25%0D%0A::error::x\n",
		"a,b:c=d":                   "::add-mask::a,b:c=d\n",
		"-----BEGIN-----\nMII\nEND": "::add-mask::-----BEGIN-----%0AMII%0AEND\n",
	} {
		var log bytes.Buffer
		step("", &log).Mask(secret)
		assert.Equal(t, want, log.String())
	}
}

func TestAnAnnotationIsOneLine(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	actions := step("", &log)
	actions.Annotate("error", "a:b,c\n", "100%\r\n::error::x %s")
	actions.Annotate("warning", "dmswait", "careful")
	assert.Equal(t, "::error title=a%3Ab%2Cc%0A::100%25%0D%0A::error::x %25s\n::warning title=dmswait::careful\n", log.String())
}

// broken is a writer whose reader went away.
type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestALogThatIsGoneSilencesCommands(t *testing.T) {
	t.Parallel()
	gone := &broken{}
	actions := NewActions(gone, func(string) string { return "" })
	assert.NotPanics(t, func() {
		actions.Mask("secret")
		actions.Annotate("error", "dmswait", "x")
		actions.Annotate("warning", "dmswait", "x")
	})
	assert.Equal(t, 3, gone.writes)
}
