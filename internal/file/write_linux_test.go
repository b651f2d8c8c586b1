package file

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const nobody = 65534

// dropPrivileges makes the goroutine access files as an unprivileged user, if the tests run as root. Its
// thread ends with the goroutine.
func dropPrivileges(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		runtime.LockOSThread()
		require.NoError(t, syscall.Setfsuid(nobody))
	}
}

// unprivileged runs f without privileges, and returns when it has ended.
func unprivileged(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		dropPrivileges(t)
		f()
	}()
	<-done
}

// sharedFolder returns a folder in which every user may create files, and only a file's owner may replace it.
func sharedFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "dmswait-test-") // unlike those of t.TempDir, its parents are open to everybody
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o777|os.ModeSticky))
	return folder
}

func TestFileInReadOnlyFolderIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	dropPrivileges(t)
	folder, err := os.MkdirTemp("", "dmswait-test-")
	require.NoError(t, err)
	t.Cleanup(func() {
		os.Chmod(folder, 0o755)
		os.RemoveAll(folder)
	})
	path := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
	require.NoError(t, os.Chmod(folder, 0o555))
	assert.NoError(t, Check(path))
	assert.NoError(t, Write(path, []byte("new")))
	assert.Error(t, Check(filepath.Join(folder, "other")), "no other file can be created there")
	assert.Error(t, CheckFolder(folder))
	assert.Error(t, CheckFolder(filepath.Join(folder, "new")))
	assertFolder(t, folder, map[string]string{"out": "new"})

	require.NoError(t, os.Chmod(path, 0o400))
	assert.ErrorIs(t, Check(path), os.ErrPermission)
	assert.ErrorIs(t, Write(path, []byte("x")), os.ErrPermission)
	assert.ErrorIs(t, CheckAppend(path), os.ErrPermission)
	assert.ErrorIs(t, AppendLines(path, "x\n"), os.ErrPermission)
}

func TestFileThatCannotBeReplacedIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("requires root, to write a file of another user")
	}
	folder := sharedFolder(t)
	path := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	unprivileged(t, func() {
		assert.NoError(t, Check(path))
		assert.NoError(t, Write(path, []byte("new")))
	})
	assertFolder(t, folder, map[string]string{"out": "new"})
}

func TestLinkPlantedInASharedFolderIsRefused(t *testing.T) {
	t.Parallel()
	path := plant(t, "protected_symlinks", func(path, mine string) error { return os.Symlink(mine, path) })
	unprivileged(t, func() {
		assert.ErrorIs(t, Check(path), os.ErrPermission)
		assert.ErrorIs(t, Write(path, []byte("new")), os.ErrPermission)
	})
	content, err := os.ReadFile(filepath.Join(filepath.Dir(path), "mine"))
	require.NoError(t, err)
	assert.Equal(t, "mine", string(content))
}

// As with cp: what exists is opened as it is, so that the check and the write agree.
func TestFileOfAnotherUserInASharedFolderIsWrittenIfEverybodyMay(t *testing.T) {
	t.Parallel()
	path := plant(t, "protected_regular", func(path, _ string) error {
		return errors.Join(os.WriteFile(path, []byte("theirs\n"), 0o600), os.Chmod(path, 0o666))
	})
	unprivileged(t, func() {
		assert.NoError(t, Check(path))
		assert.NoError(t, Write(path, []byte("new\n")))
		assert.NoError(t, CheckAppend(path))
		assert.NoError(t, AppendLines(path, "more\n"))
	})
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new\nmore\n", string(content))
}

// plant creates a file of another user in a shared folder that the kernel protects in this way.
func plant(t *testing.T, protection string, create func(path, mine string) error) (path string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("requires root, to create files of other users")
	}
	if on, err := os.ReadFile("/proc/sys/fs/" + protection); err != nil || strings.TrimSpace(string(on)) == "0" {
		t.Skip("fs." + protection + " is off")
	}
	folder := sharedFolder(t)
	mine := filepath.Join(folder, "mine")
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o600))
	require.NoError(t, os.Chown(mine, nobody, nobody))
	path = filepath.Join(folder, "out")
	require.NoError(t, create(path, mine))
	require.NoError(t, os.Lchown(path, 12345, 12345))
	return path
}
