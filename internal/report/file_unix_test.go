//go:build unix

package report

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPipeThatNobodyReadsIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	began := time.Now()
	assert.Error(t, WriteFile(path, []byte("x")))
	assert.Less(t, time.Since(began), time.Second)
}

func TestAnOpenFileOfOursIsAppendedTo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("precious\n"), 0o600))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	own := filepath.Join("/dev/fd", strconv.Itoa(int(file.Fd())))
	if _, err := os.Stat(own); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	require.NoError(t, WriteFile(own, []byte("result\n")))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "precious\nresult\n", string(content))
}

func TestASummaryIntoAPipeIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	done := make(chan error, 1)
	go func() {
		done <- NewActions(io.Discard, func(string) string { return path }).AddSummary("x")
	}()
	select {
	case err := <-done:
		assert.EqualError(t, err, "it is a named pipe")
	case <-time.After(10 * time.Second):
		require.Fail(t, "it hangs")
	}
}
