package repo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

// inRepository returns the path of a file by its path from the repository's root.
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

// unmarshal reads YAML.
func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(text), into))
}

// workflow is a workflow of GitHub Actions.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			ID, Uses, Run string
			With, Env     map[string]string
		}
	}
}
