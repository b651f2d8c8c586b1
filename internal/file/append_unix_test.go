//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppendLinesKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"":               "ours=1\nours=2\n",
		"theirs=1\n":     "theirs=1\nours=1\nours=2\n",
		"theirs=1":       "theirs=1\nours=1\nours=2\n",
		"theirs=1\n\n":   "theirs=1\n\nours=1\nours=2\n",
		"theirs=1\r\nx ": "theirs=1\r\nx \nours=1\nours=2\n",
	} {
		path := filepath.Join(t.TempDir(), "output")
		require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
		require.NoError(t, CheckAppend(path))
		assertFolder(t, filepath.Dir(path), map[string]string{"output": before})
		require.NoError(t, AppendLines(path, "ours=1\nours=2\n"))
		assertFolder(t, filepath.Dir(path), map[string]string{"output": want})
	}
}

func TestAppendLinesCreatesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "output")
	require.NoError(t, CheckAppend(path))
	assertFolder(t, filepath.Dir(path), map[string]string{"output": ""})
	require.NoError(t, os.Remove(path))
	require.NoError(t, AppendLines(path, "ours=1\n"))
	assertFolder(t, filepath.Dir(path), map[string]string{"output": "ours=1\n"})
	for name, path := range map[string]string{
		"no path": "", "a folder": filepath.Dir(path), "below a file": filepath.Join(path, "output"),
		"in a folder that is missing": filepath.Join(filepath.Dir(path), "missing", "output"),
	} {
		assert.Error(t, CheckAppend(path), name)
		assert.Error(t, AppendLines(path, "x\n"), name)
	}
}

func TestLinesAreAppendedWhereSpaceCannotBeReserved(t *testing.T) {
	t.Parallel()
	require.NoError(t, CheckAppend(os.DevNull))
	require.NoError(t, AppendLines(os.DevNull, "ours=1\n"))
}

func TestLinesOfManyWritersAreNotMixed(t *testing.T) {
	t.Parallel()
	const writers = 50
	path := filepath.Join(t.TempDir(), "output")
	var all sync.WaitGroup
	var missing []string
	for i := range writers {
		lines := fmt.Sprintf("begin\n%s\nend\n", strings.Repeat(fmt.Sprintf("%d\n", i), 5000))
		missing = append(missing, lines)
		all.Go(func() { assert.NoError(t, AppendLines(path, lines)) })
	}
	all.Wait()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for lines := range strings.SplitAfterSeq(string(content), "\nend\n") {
		lines = strings.TrimLeft(lines, "\n") // see endsOpen
		if lines == "" {
			continue // after the last
		}
		i := slices.Index(missing, lines)
		require.GreaterOrEqual(t, i, 0, "%.100q… was not written like that, or not twice", lines)
		missing = slices.Delete(missing, i, i+1)
	}
	assert.Empty(t, missing)
}

// writePart returns a file to append to, of which part was written while there was more to come.
func writePart(t *testing.T, path, before, part string) *os.File {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	_, err = file.WriteString(part)
	require.NoError(t, err)
	return file
}

// appendAsOther appends text as another process may do at any time.
func appendAsOther(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(text)
	require.NoError(t, err)
}

func TestPartOfOurLinesIsBlankedAndNothingElse(t *testing.T) {
	t.Parallel()
	const part = "status<<dmswait_X\nSUCC"
	for name, after := range map[string]string{
		"nobody has written since": "",
		"others have":              "theirs=2\nmore<<E\nlines\nE\n",
	} {
		path := filepath.Join(t.TempDir(), "output")
		file := writePart(t, path, "before=1\n", part)
		appendAsOther(t, path, after)
		require.NoError(t, blank(file, path, []byte(part)), name)
		assertFolder(t, filepath.Dir(path), map[string]string{
			"output": "before=1\n_=" + strings.Repeat(" ", len(part)-3) + "\n" + after,
		})
	}
}

func TestFileThatOthersChangedIsNotBlanked(t *testing.T) {
	t.Parallel()
	const part = "status<<X"
	for name, c := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"truncated": {func(path string) error { return os.Truncate(path, 3) }, "bef"},
		"overwritten": {func(path string) error {
			return os.WriteFile(path, []byte("theirs=1\nothers=22\n"), 0o600)
		}, "theirs=1\nothers=22\n"},
		"replaced": {func(path string) error {
			same := []byte("before=1\nstatus<<X")
			return errors.Join(os.WriteFile(path+"2", same, 0o600), os.Rename(path+"2", path))
		}, "before=1\nstatus<<X"},
		"removed": {os.Remove, ""},
	} {
		path := filepath.Join(t.TempDir(), "output")
		file := writePart(t, path, "before=1\n", part)
		require.NoError(t, c.change(path), name)
		assert.Error(t, blank(file, path, []byte(part)), name)
		content, _ := os.ReadFile(path)
		assert.Equal(t, c.want, string(content), name)
	}
}

func TestOnlyAFileIsBlanked(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer writer.Close()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("part"), 0o600))
	assert.NoError(t, blank(writer, path, []byte("part")))
	assertFolder(t, filepath.Dir(path), map[string]string{"file": "part"})
}

func TestFailedAppendKeepsLinesOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(path, []byte("before=1"), 0o600))
	err := withSmallDisk(t, func() error {
		return AppendLines(path, "params<<E\n"+strings.Repeat("long\n", 400)+"E\n")
	})
	assert.ErrorIs(t, err, syscall.EFBIG)
	appendAsOther(t, path, "theirs=2\n")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Regexp(t, `^before=1\n(_= +\n)+theirs=2\n$`, string(content))
}

// Every runner accepts a line NAME=value. Not all accept an empty line, and act stops at a line of 64 KiB.
func TestPaddingIsLinesThatEveryRunnerAccepts(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{
		1: "\n", 2: "\n\n", 3: "_=\n", 4: "_= \n", 1000: "_=" + strings.Repeat(" ", 997) + "\n",
	} {
		assert.Equal(t, want, string(padding([]byte(strings.Repeat("x", length)))), length)
		assert.Equal(t, "\n"+want, string(padding([]byte("\n"+strings.Repeat("x", length)))), length)
	}
	for _, length := range []int{1001, 1002, 1003, 2001, 2003, 100_000} {
		all := string(padding([]byte(strings.Repeat("x", length))))
		assert.Len(t, all, length)
		for line := range strings.Lines(all) {
			assert.Regexp(t, `^_= *\n$`, line)
			assert.LessOrEqual(t, len(line), 1002)
		}
	}
}
