//go:build unix

package report

import (
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
