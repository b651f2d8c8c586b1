//go:build unix

package file

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteReplacesTheWholeFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	long, short := bytes.Repeat([]byte("long\n"), 200_000), []byte("short\n")
	require.NoError(t, Write(path, long))
	held, err := os.Open(path) // otherwise the next file could get its inode number
	require.NoError(t, err)
	defer held.Close()
	before, err := held.Stat()
	require.NoError(t, err)
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			content, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(content, long) && !bytes.Equal(content, short) {
				t.Errorf("half a file was read: %d bytes, %v", len(content), err)
				return
			}
		}
	})
	for range 100 {
		assert.NoError(t, Write(path, short))
		assert.NoError(t, Write(path, long))
	}
	close(done)
	reader.Wait()
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "the file was not replaced, but written in place")
	assertFolder(t, filepath.Dir(path), map[string]string{"out": string(long)})
}

func TestWriteKeepsTheMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folders", "out")
	require.NoError(t, Check(path))
	assert.NoFileExists(t, path, "Check creates only the folders")
	require.NoError(t, Write(path, []byte("1")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o644), info.Mode(), "of a new file")
	for _, mode := range []fs.FileMode{0o600, 0o664, 0o755} {
		require.NoError(t, os.Chmod(path, mode))
		require.NoError(t, Write(path, []byte("2")))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode())
	}
	assertFolder(t, filepath.Dir(path), map[string]string{"out": "2"})
}

func TestWriteFollowsLinksAndKeepsThem(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"real", "far/away"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o755))
	}
	links := map[string]string{
		"absolute":    filepath.Join(folder, "real", "a"),
		"relative":    "real/b",
		"dangling":    "nowhere/c",
		"chain":       "relative",
		"linked":      "far/away",
		"far/away/up": "../d",
	}
	for name, target := range links {
		require.NoError(t, os.Symlink(target, filepath.Join(folder, name)))
	}
	for name, file := range map[string]string{
		"absolute": "real/a", "relative": "real/b", "dangling": "nowhere/c", "chain": "real/b", "linked/e": "far/away/e",
		"linked/up": "far/d", // relative to far/away, to which linked leads
	} {
		path := filepath.Join(folder, name)
		require.NoError(t, Check(path), name)
		require.NoError(t, Write(path, []byte(name)), name)
		content, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err, name)
		assert.Equal(t, name, string(content))
	}
	for name, target := range links {
		kept, err := os.Readlink(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.Equal(t, target, kept)
	}
	require.NoError(t, os.Symlink("loop", filepath.Join(folder, "loop")))
	assert.EqualError(t, Check(filepath.Join(folder, "loop")), "too many links")
	assert.EqualError(t, Write(filepath.Join(folder, "loop"), nil), "too many links")
}

func TestDevicesAreWrittenInPlace(t *testing.T) {
	t.Parallel()
	before, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NoError(t, Check(os.DevNull))
	require.NoError(t, Write(os.DevNull, []byte("x")))
	after, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	assert.Equal(t, before.Mode(), after.Mode())

	if _, err := os.Stat("/dev/full"); err == nil {
		require.NoError(t, Check("/dev/full"), "only writing shows that it is full")
		assert.ErrorIs(t, Write("/dev/full", []byte("x")), syscall.ENOSPC)
	}
}

func TestMissingFileIsCreatedWhereRenameIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, writeInPlace(path, []byte("new")))
	assertFolder(t, filepath.Dir(path), map[string]string{"out": "new"})
}

func TestCheckFindsPathsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, []byte("as it was"), 0o600))
	require.NoError(t, os.Symlink(folder, filepath.Join(folder, "link")))
	assert.NoError(t, Check(file))
	assert.NoError(t, CheckFolder(filepath.Join(folder, "new", "folder")))
	for name, path := range map[string]string{
		"a folder":           folder,
		"a link to a folder": filepath.Join(folder, "link"),
		"below a file":       filepath.Join(file, "below"),
		"a name too long":    filepath.Join(folder, strings.Repeat("n", 300)),
		"a NUL in the name":  folder + "/x\x00",
	} {
		assert.Error(t, Check(path), name)
		assert.Error(t, Write(path, []byte("x")), name)
	}
	assert.EqualError(t, Check(folder), "it is a folder")
	assert.Error(t, CheckFolder(file))
	assert.Error(t, CheckFolder(filepath.Join(file, "below")))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "as it was", string(content))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "Check leaves nothing behind: only file, link and new are there")
	assertFolder(t, filepath.Join(folder, "new", "folder"), nil)
}

// withSmallDisk returns the error of write while this process cannot write files of more than 1000 bytes,
// which is the nearest to a full disk without privileges. Tests that use it cannot be parallel.
func withSmallDisk(t *testing.T, write func() error) error {
	t.Helper()
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: before.Max}))
	err := write()
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	return err
}

func TestFullDiskKeepsOldContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(path, []byte("as it was"), 0o600))
	err := withSmallDisk(t, func() error { return Write(path, make([]byte, 2000)) })
	assert.ErrorIs(t, err, syscall.EFBIG)
	assertFolder(t, filepath.Dir(path), map[string]string{"out": "as it was"})
}

func TestNewFilesAndFoldersHaveTheModesOfAShell(t *testing.T) {
	folder := t.TempDir()
	for umask, want := range map[int][2]fs.FileMode{ // of the file and of its folder
		0o022: {0o644, 0o755}, 0o002: {0o664, 0o775}, 0o077: {0o600, 0o700}, 0o027: {0o640, 0o750},
	} {
		before := syscall.Umask(umask) // of the whole process: this test is not parallel
		new := filepath.Join(folder, want[0].String())
		path, inPlace, appended := filepath.Join(new, "out"), filepath.Join(new, "2"), filepath.Join(new, "3")
		err := errors.Join(Check(path), Write(path, []byte("new")), writeInPlace(inPlace, []byte("new")),
			AppendLines(appended, "new\n"))
		syscall.Umask(before)
		require.NoError(t, err)
		for _, path := range []string{path, inPlace, appended} {
			assert.Equal(t, want[0], modeOf(t, path), "%s with umask %o", path, umask)
		}
		assert.Equal(t, fs.ModeDir|want[1], modeOf(t, new), "umask %o", umask)
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode()
}

func TestFullDiskOrQuotaIsNoReasonToWriteInPlace(t *testing.T) {
	t.Parallel()
	for _, err := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		assert.True(t, isFull(&fs.PathError{Op: "open", Path: "x", Err: err}))
		assert.True(t, isFull(&os.LinkError{Op: "rename", Old: "x", New: "y", Err: err}))
	}
	for _, err := range []error{nil, syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.EBUSY, syscall.EXDEV} {
		assert.False(t, isFull(err), "%v", err)
	}
	for number, want := range map[syscall.Errno]bool{112: true, 39: true, 1295: true, 5: false, 32: false, 0: false} {
		assert.Equal(t, want, isFullOnWindows(number), "%d on Windows", number)
	}
}

func TestPathThroughAMissingFolderLeadsToTheFileThatWriteMeans(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := folder + "/nw/../x.env"
	require.NoError(t, Check(path))
	require.NoError(t, Write(path, []byte("1")))
	require.NoError(t, os.Remove(filepath.Join(folder, "nw")))
	require.NoError(t, Write(path, []byte("2")), "over the file of before")
	assertFolder(t, filepath.Join(folder, "nw"), nil)
	content, err := os.ReadFile(filepath.Join(folder, "x.env"))
	require.NoError(t, err)
	assert.Equal(t, "2", string(content))
	assert.EqualError(t, Check(folder+"/a/../a"), "it is a folder", "once a is created")
}

func TestPathThatEndsInASlashIsNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Symlink("far/", filepath.Join(folder, "link")))
	for _, path := range []string{"new/", "new//", "link"} {
		const refusal = "it ends in a slash, like a folder: add the name of the file"
		assert.EqualError(t, Check(filepath.Join(folder)+"/"+path), refusal, path)
		assert.EqualError(t, Write(filepath.Join(folder)+"/"+path, nil), refusal, path)
	}
	for _, path := range []string{"new/.", "other/x/.."} {
		assert.EqualError(t, Check(folder+"/"+path), "it is a folder", path)
	}
	assert.NoDirExists(t, filepath.Join(folder, "far"))
	assert.EqualError(t, Check(folder+"/"), "it is a folder")
}

func TestNamesAreCheckedThatAFileSystemMayRefuse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, err := createTemporary(filepath.Join(folder, "12:00.json"), 0o600)
	require.NoError(t, err)
	assert.Regexp(t, `^\.dmswait-[A-Z2-7]{26}-12:00\.json$`, filepath.Base(file.Name()))
	require.NoError(t, removeTemporary(file))
	long := filepath.Join(folder, strings.Repeat("n", 255))
	require.NoError(t, Check(long))
	require.NoError(t, Write(long, []byte("new")))
	assertFolder(t, folder, map[string]string{filepath.Base(long): "new"})
	_, err = createTemporary(filepath.Join(folder, "missing", "x"), 0o600)
	assert.EqualError(t, err, "create a file in "+folder+"/missing/: no such file or directory")
}
