package report

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asNobody goes on as a user without rights, where the tests run as root. The thread is given up with the test.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		runtime.LockOSThread()
		require.NoError(t, syscall.Setfsuid(65534))
	}
}

func TestAFileInAReadOnlyFolderIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	asNobody(t)
	folder, err := os.MkdirTemp("", "dmswait-test-")
	require.NoError(t, err)
	path := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
	require.NoError(t, os.Chmod(folder, 0o555))
	assert.NoError(t, TryFile(path))
	assert.NoError(t, WriteFile(path, []byte("new")))
	assert.Error(t, TryFile(filepath.Join(folder, "other")), "but no other file can be made there")
	assert.Error(t, TryFolder(folder))
	assert.Error(t, TryFolder(filepath.Join(folder, "new")))
	contains(t, folder, map[string]string{"out": "new"})

	require.NoError(t, os.Chmod(path, 0o400))
	assert.ErrorIs(t, TryFile(path), os.ErrPermission)
	assert.ErrorIs(t, WriteFile(path, []byte("x")), os.ErrPermission)
	require.NoError(t, os.Chmod(folder, 0o755))
	require.NoError(t, os.RemoveAll(folder))
}

func TestAFileThatCanNotBeReplacedIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("it takes two users")
	}
	folder, err := os.MkdirTemp("", "dmswait-test-")
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	require.NoError(t, os.Chmod(folder, 0o777|os.ModeSticky), "in which nobody may replace another's file")
	done := make(chan struct{})
	go func() { // whose thread ends with it
		defer close(done)
		asNobody(t)
		assert.NoError(t, TryFile(path))
		assert.NoError(t, WriteFile(path, []byte("new")))
	}()
	<-done
	contains(t, folder, map[string]string{"out": "new"})
}
