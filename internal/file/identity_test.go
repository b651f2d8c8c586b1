package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// symlink creates a link, or skips the test where the system does not permit that.
func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skipf("no links here: %v", err)
	}
}

func TestFileIsTheSameByWhateverPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "nested"), 0o755))
	existing := filepath.Join(folder, "nested", "existing")
	require.NoError(t, os.WriteFile(existing, []byte("x"), 0o600))
	require.NoError(t, os.Link(existing, filepath.Join(folder, "hard")))
	symlink(t, "nested", filepath.Join(folder, "linked"))
	symlink(t, filepath.Join("nested", "existing"), filepath.Join(folder, "to-existing"))
	symlink(t, filepath.Join("nested", "missing"), filepath.Join(folder, "to-missing"))
	symlink(t, filepath.Join("linked", "missing"), filepath.Join(folder, "to-missing-by-link"))

	separator := string(filepath.Separator)
	groups := [][]string{
		{
			existing, filepath.Join(folder, "nested") + separator + "." + separator + "existing",
			filepath.Join(folder, "hard"), filepath.Join(folder, "linked", "existing"), filepath.Join(folder, "to-existing"),
		},
		{
			filepath.Join(folder, "nested", "missing"), filepath.Join(folder, "linked", "missing"),
			filepath.Join(folder, "to-missing"), filepath.Join(folder, "to-missing-by-link"),
		},
		{
			filepath.Join(folder, "nested", "no", "folder"), filepath.Join(folder, "linked", "no", "folder"),
			filepath.Join(folder, "linked", "no") + separator + "." + separator + "folder",
		},
		{filepath.Join(folder, "missing")},
	}
	for i, group := range groups {
		for _, path := range group {
			for j, others := range groups {
				for _, other := range others {
					assert.Equal(t, i == j, Identify(path).Same(Identify(other)), "%s and %s", path, other)
				}
			}
		}
	}
}

func TestOpenFileIsTheSameAsItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	assert.True(t, IdentifyOpen(file).Same(Identify(path)))
	assert.False(t, IdentifyOpen(file).Same(Identify(path+"2")))
}

func TestWhatIsNotAFileIsTheSameAsNothing(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer writer.Close()
	for name, identity := range map[string]Identity{
		"zero": {}, "a device": Identify(os.DevNull), "a pipe": IdentifyOpen(writer), "a folder": Identify(t.TempDir()),
		"stdout": Identify("/dev/stdout"),
	} {
		if name == "stdout" && filepath.Separator == '\\' {
			continue // there, it is a path like any other
		}
		assert.Zero(t, identity, name)
		assert.False(t, identity.Same(identity), name)
	}
}
