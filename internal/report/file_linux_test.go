package report

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

func TestWhatOthersPlantedInAFolderForAllIsRefusedAsTheKernelDoes(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("it takes three users")
	}
	for protection, plant := range map[string]func(path, mine string) error{
		"protected_symlinks": func(path, mine string) error { return os.Symlink(mine, path) },
		"protected_fifos":    func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"protected_regular":  func(path, _ string) error { return os.WriteFile(path, []byte("theirs"), 0o600) },
	} {
		t.Run(protection, func(t *testing.T) {
			t.Parallel()
			on, err := os.ReadFile("/proc/sys/fs/" + protection)
			if err != nil || strings.TrimSpace(string(on)) == "0" {
				t.Skip("fs." + protection + " is off")
			}
			folder, err := os.MkdirTemp("", "dmswait-test-")
			require.NoError(t, err)
			defer os.RemoveAll(folder)
			require.NoError(t, os.Chmod(folder, 0o777|os.ModeSticky))
			mine := filepath.Join(folder, "mine")
			require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o600))
			require.NoError(t, os.Chown(mine, 65534, 65534))
			path := filepath.Join(folder, "out")
			require.NoError(t, plant(path, mine))
			require.NoError(t, os.Lchown(path, 12345, 12345))
			if protection != "protected_symlinks" {
				require.NoError(t, os.Chmod(path, 0o666))
			}
			done := make(chan struct{})
			go func() { // whose thread ends with it
				defer close(done)
				asNobody(t)
				if protection != "protected_fifos" { // a pipe is not opened before it is written
					assert.ErrorIs(t, TryFile(path), os.ErrPermission)
				}
				assert.ErrorIs(t, WriteFile(path, []byte("new")), os.ErrPermission)
			}()
			<-done
			content, err := os.ReadFile(mine)
			require.NoError(t, err)
			assert.Equal(t, "mine", string(content))
		})
	}
}
