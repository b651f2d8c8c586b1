//go:build unix

package report

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// halfWritten is a file to append to, to which something was written of which more was to come.
func halfWritten(t *testing.T, path, before, half string) *os.File {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	_, err = file.WriteString(half)
	require.NoError(t, err)
	return file
}

// appended is what another process does at any moment.
func appended(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(text)
	require.NoError(t, err)
}

func TestHalfAnOutputIsTakenBackAndNothingOfOthers(t *testing.T) {
	t.Parallel()
	const half = "status<<dmswait_X\nSUCC"
	for name, behind := range map[string]string{
		"nobody wrote since": "",
		"others wrote since": "theirs=2\nmore<<E\nlines\nE\n",
	} {
		path := filepath.Join(t.TempDir(), "output")
		file := halfWritten(t, path, "before=1\n", half)
		if behind != "" {
			appended(t, path, behind)
		}
		require.NoError(t, blank(file, path, []byte(half)), name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "before=1\n"+strings.Repeat("\n", len(half))+behind, string(content), name)
		want, err := readOutputs("before=1\n" + behind)
		require.NoError(t, err)
		got, err := readOutputs(string(content))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}

func TestWhatIsNoMoreOursIsNotTakenBack(t *testing.T) {
	t.Parallel()
	const half = "status<<X"
	for name, c := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"cut off": {func(path string) error { return os.Truncate(path, 3) }, "bef"},
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
		file := halfWritten(t, path, "before=1\n", half)
		require.NoError(t, c.change(path), name)
		assert.Error(t, blank(file, path, []byte(half)), name)
		content, _ := os.ReadFile(path)
		assert.Equal(t, c.want, string(content), name)
	}
}

func TestOnlyAFileIsMended(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer writer.Close()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("half"), 0o600))
	assert.NoError(t, blank(writer, path, []byte("half")))
	contains(t, filepath.Dir(path), map[string]string{"file": "half"})
}

// It sets a limit for the whole process, so that it is not parallel.
func TestAnAppendThatFailsLosesNothingOfOthers(t *testing.T) {
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	path := filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(path, []byte("before=1"), 0o600))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: limit.Max}))
	outputs := []Output{{Name: "params", Text: strings.Repeat("long\n", 400)}}
	err := step(path, &bytes.Buffer{}).SetOutputs(outputs)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	assert.ErrorIs(t, err, syscall.EFBIG)
	appended(t, path, "theirs=2\n")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	got, err := readOutputs(string(content))
	require.NoError(t, err, "%q", content)
	assert.Equal(t, [][2]string{{"before", "1"}, {"theirs", "2"}}, got)
}
