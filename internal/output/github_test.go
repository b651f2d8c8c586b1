package output

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// readStepOutputs returns what the next step of a job sees of a file of outputs.
func readStepOutputs(t *testing.T, path string) []stepOutput {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(content), "\n"), "the last line has an end")
	outputs, err := parseStepOutputs(string(content), false)
	require.NoError(t, err, "%q", content)
	return outputs
}

// stepOutputsOf returns the outputs of a report as the next step should see them.
func stepOutputsOf(r *result.Report) (outputs []stepOutput) {
	for _, output := range values(r) {
		outputs = append(outputs, stepOutput{output.name, output.text})
	}
	return outputs
}

func TestOutputsReachTheNextStepUnchanged(t *testing.T) {
	t.Parallel()
	const publicDelimiter = "_GitHubActionsFileCommandDelimeter_"
	for _, text := range []string{
		"", "a", "two\nlines", "ends\n", "\n", "\n\n", "\r", "a\r\nb\r\n", "\r\n", "name=value",
		"a\nname=value\nstatus=FAILED", "a=b", "x<<y", "x<<EOF\nb\nEOF", publicDelimiter,
		"a\n" + publicDelimiter + "\nresult<<" + publicDelimiter + "\nsuccess\n" + publicDelimiter,
		"a\ndmswait_\nresult=success", "a\nEOF\n", " blanks ", "\t", "::set-output name=result::success", "##[x]",
		"\x00\x1b", "中文 \u2028", strings.Repeat("long\n", 10_000),
	} {
		path := filepath.Join(t.TempDir(), "output")
		r := reportWithParams(text)
		r.State.Status = client.Status(text)
		require.NoError(t, StepOutputs{path}.Write(&r))
		assert.Equal(t, stepOutputsOf(&r), readStepOutputs(t, path), "%q", text)
	}
}

func TestKnownDelimiterForgesNoOutput(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "output")
	used := map[string]bool{}
	r := reportWithParams("x")
	for range 5 {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, StepOutputs{path}.Write(&r))
		assert.Equal(t, stepOutputsOf(&r), readStepOutputs(t, path))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(content), "\n")
		_, delimiter, _ := strings.Cut(first, "<<")
		assert.GreaterOrEqual(t, len(delimiter), 26, "too long to be guessed")
		assert.False(t, used[delimiter], "a new one each time")
		used[delimiter] = true
		r = reportWithParams("x\n" + delimiter + "\nresult=success\nstatus<<" + delimiter + "\nSUCCESS")
	}
}

func TestOutputsAreAppendedToThoseOfOthers(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	for _, before := range []string{"", "mine=1\n", "mine=1", "mine<<E\n1\nE\n", "mine<<E\n1\nE"} {
		path := filepath.Join(t.TempDir(), "output")
		require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
		require.NoError(t, StepOutputs{path}.Write(&r))
		want := stepOutputsOf(&r)
		if before != "" {
			want = append([]stepOutput{{"mine", "1"}}, want...)
		}
		assert.Equal(t, want, readStepOutputs(t, path), "after %q", before)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(content), before))
	}
}

func TestConcurrentWritersDoNotCutOutputsInTwo(t *testing.T) {
	t.Parallel()
	const writers = 50
	path := filepath.Join(t.TempDir(), "output")
	r := reportOf(new(documentedTask()), nil)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() { assert.NoError(t, StepOutputs{path}.Write(&r)) })
	}
	all.Wait()
	var want []stepOutput
	for range writers {
		want = append(want, stepOutputsOf(&r)...)
	}
	assert.Equal(t, want, readStepOutputs(t, path))
}

func TestCheckOfStepOutputsLeavesContentAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	present, missing := filepath.Join(folder, "present"), filepath.Join(folder, "missing")
	require.NoError(t, os.WriteFile(present, []byte("a=b\n"), 0o600))
	for _, path := range []string{present, missing} {
		assert.NoError(t, StepOutputs{path}.Check())
	}
	assert.Equal(t, map[string]string{"present": "a=b\n", "missing": ""}, readFolder(t, folder))
}

func TestStepOutputsThatCannotBeWrittenAreAnError(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, path := range map[string]string{
		"no path":             "",
		"a folder":            folder,
		"below a file":        filepath.Join(os.Args[0], "output"),
		"in a missing folder": filepath.Join(folder, "no", "output"),
	} {
		assert.Error(t, StepOutputs{path}.Check(), name)
		assert.Error(t, StepOutputs{path}.Write(new(reportOf(new(documentedTask()), nil))), name)
	}
	assert.EqualError(t, StepOutputs{folder}.Check(), fmt.Sprintf("%q is not a file", folder))
	assert.Empty(t, readFolder(t, folder))
	if _, err := os.Stat("/dev/full"); err == nil {
		assert.Error(t, StepOutputs{"/dev/full"}.Write(new(reportOf(new(documentedTask()), poll.ErrTimeout))))
	}
}

func TestRunnersFileInUTF16IsRefused(t *testing.T) {
	t.Parallel()
	for start, refused := range map[string]bool{
		"\xff\xfea\x00=\x00": true, "\xff\xfe": true, "\xfe\xff\x00a\x00=": true, "\xff\xfe\x00\x00": true,
		"\x00\x00\xfe\xff": true, "\xef\xbb\xbfa=1\n": false, "a=1\n": false, "\xff": false, "": false,
	} {
		path := filepath.Join(t.TempDir(), "output")
		require.NoError(t, os.WriteFile(path, []byte(start), 0o600))
		for _, err := range []error{
			StepOutputs{path}.Check(),
			JobSummary{Path: path, Timeline: &Timeline{}}.Write(new(reportOf(new(documentedTask()), nil))),
		} {
			if refused {
				assert.ErrorContains(t, err, "it begins with UTF-16", "%q", start)
				assert.ErrorContains(t, err, "Out-File -Encoding utf8", "%q", start)
			} else {
				assert.NoError(t, err, "%q", start)
			}
		}
	}
}

func TestMaskIsOneCommand(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"secret":                    "::add-mask::secret\n",
		"100%\r\n::error::x":        "::add-mask::100%25%0D%0A::error::x\n",
		"a,b:c=d":                   "::add-mask::a,b:c=d\n",
		"-----BEGIN-----\nMII\nEND": "::add-mask::-----BEGIN-----%0AMII%0AEND\n",
	} {
		var log strings.Builder
		NewActions(&log, noVariables).Mask(secret)
		assert.Equal(t, want, log.String())
		commands, rest := parseCommands(log.String())
		assert.Equal(t, []command{{"add-mask", map[string]string{}, secret}}, commands)
		assert.Equal(t, []string{""}, rest)
	}
}

func TestAnnotationIsOneCommand(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]string{
		"error":   "::error title=a%3Ab%2Cc%0A::100%25%0D%0A::error::x %25s\n",
		"warning": "::warning title=a%3Ab%2Cc%0A::100%25%0D%0A::error::x %25s\n",
		"notice":  "::notice title=a%3Ab%2Cc%0A::100%25%0D%0A::error::x %25s\n",
	} {
		const title, text = "a:b,c\n", "100%\r\n::error::x %s"
		var log strings.Builder
		NewActions(&log, noVariables).Annotate(level, title, text)
		assert.Equal(t, want, log.String())
		commands, rest := parseCommands(log.String())
		assert.Equal(t, []command{{level, map[string]string{"title": title}, text}}, commands)
		assert.Equal(t, []string{""}, rest)
	}
}

func noVariables(string) string { return "" }

// brokenPipe is a writer whose reader is gone.
type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestBrokenLogSilencesCommands(t *testing.T) {
	t.Parallel()
	log := &brokenPipe{}
	actions := NewActions(log, noVariables)
	assert.NotPanics(t, func() {
		actions.Mask("secret")
		actions.Annotate("error", "dmswait", "x")
		actions.Annotate("warning", "dmswait", "x")
		actions.Annotate("notice", "dmswait", "x")
	})
	assert.Equal(t, 4, log.writes)
}
