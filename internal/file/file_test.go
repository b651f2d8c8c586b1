package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertFolder asserts that a folder contains these files and nothing else, such as a temporary file.
func assertFolder(t *testing.T, folder string, contents map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, contents, entry.Name())
	}
	for name, want := range contents {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(content), name)
	}
}

// inTime returns the error of f, and fails the test if f blocks.
func inTime(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		require.Fail(t, "it blocks")
		return nil
	}
}

// BenchmarkWrite measures replacing a file of the size of a result.
func BenchmarkWrite(b *testing.B) {
	path, content := filepath.Join(b.TempDir(), "result.json"), make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, Write(path, content))
	}
}
