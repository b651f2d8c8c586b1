package repo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

// inRepository returns where a file of the repository is, by its path from the root.
func inRepository(t *testing.T, path string) string {
	t.Helper()
	root, err := trial.Root()
	require.NoError(t, err)
	return filepath.Join(root, path)
}

// read returns the content of a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(inRepository(t, path))
	require.NoError(t, err)
	return string(content)
}
