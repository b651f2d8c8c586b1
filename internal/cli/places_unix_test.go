//go:build unix

package cli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

func TestPlacesOfEveryKind(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	folder := t.TempDir()
	for name, to := range map[string]string{"relative.json": "far/target.json", "dangling.json": "nowhere/yet.json", "loop.json": "loop.json", "null.json": os.DevNull, "folder.json": "far"} {
		require.NoError(t, os.Symlink(to, filepath.Join(folder, name)))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "far"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "far", "target.json"), []byte("old"), 0o640))
	for name, c := range map[string]struct {
		code   int
		target string // where it is written
		fault  string
	}{
		"relative.json": {target: "far/target.json"},
		"dangling.json": {target: "nowhere/yet.json"},
		"loop.json":     {code: 2, fault: "too many links"},
		"folder.json":   {code: 2, fault: "it is a folder"},
		"null.json":     {},
	} {
		tr := trial.New(server, "--format", "json", "--output-file", filepath.Join(folder, name)).Run(t)
		assert.Equal(t, c.code, tr.Code, name)
		assert.Contains(t, tr.Log.String(), c.fault)
		if c.target != "" {
			content, err := os.ReadFile(filepath.Join(folder, c.target))
			require.NoError(t, err)
			assert.Equal(t, tr.Out.String(), string(content))
		}
		info, err := os.Lstat(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&fs.ModeSymlink, "%s is a link still", name)
	}
	assert.Equal(t, []string{"dangling.json", "far", "folder.json", "loop.json", "nowhere", "null.json", "relative.json"}, trial.List(t, folder))
	assert.Equal(t, []string{"target.json"}, trial.List(t, filepath.Join(folder, "far")))
}
