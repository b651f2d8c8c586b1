//go:build unix

package report

import (
	"bytes"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFileIsReplacedWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	long, short := bytes.Repeat([]byte("long\n"), 200_000), []byte("short\n")
	require.NoError(t, WriteFile(path, long))
	held, err := os.Open(path) // else its number would be free for the next file
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
		assert.NoError(t, WriteFile(path, short))
		assert.NoError(t, WriteFile(path, long))
	}
	close(done)
	reader.Wait()
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "it is another file")
	contains(t, filepath.Dir(path), map[string]string{"out": string(long)})
}

func TestAFileKeepsItsModeAndANewOneIsForAllToRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folders", "out")
	require.NoError(t, TryFile(path))
	assert.NoFileExists(t, path, "it was tried only")
	require.NoError(t, WriteFile(path, []byte("1")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o644), info.Mode())
	for _, mode := range []fs.FileMode{0o600, 0o664, 0o755} {
		require.NoError(t, os.Chmod(path, mode))
		require.NoError(t, WriteFile(path, []byte("2")))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode())
	}
	contains(t, filepath.Dir(path), map[string]string{"out": "2"})
}

func TestLinksAreFollowedAndKept(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"real", "far/away"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o755))
	}
	links := map[string]string{
		"absolute": filepath.Join(folder, "real", "a"), "relative": "real/b", "dangling": "nowhere/c", "chain": "relative", "linked": "far/away", "far/away/up": "../d",
	}
	for name, to := range links {
		require.NoError(t, os.Symlink(to, filepath.Join(folder, name)))
	}
	for name, file := range map[string]string{
		"absolute": "real/a", "relative": "real/b", "dangling": "nowhere/c", "chain": "real/b", "linked/e": "far/away/e",
		"linked/up": "far/d", // by the folder that is meant, not by the link's own
	} {
		path := filepath.Join(folder, name)
		require.NoError(t, TryFile(path), name)
		require.NoError(t, WriteFile(path, []byte(name)), name)
		content, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err, name)
		assert.Equal(t, name, string(content))
	}
	for name, to := range links {
		kept, err := os.Readlink(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.Equal(t, to, kept)
	}
	require.NoError(t, os.Symlink("loop", filepath.Join(folder, "loop")))
	assert.EqualError(t, TryFile(filepath.Join(folder, "loop")), "too many links")
	assert.EqualError(t, WriteFile(filepath.Join(folder, "loop"), nil), "too many links")
}

func TestDevicesAndPipesAreWrittenInPlace(t *testing.T) {
	t.Parallel()
	before, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NoError(t, TryFile(os.DevNull))
	require.NoError(t, WriteFile(os.DevNull, []byte("x")))
	after, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	assert.Equal(t, before.Mode(), after.Mode())

	if _, err := os.Stat("/dev/full"); err == nil {
		require.NoError(t, TryFile("/dev/full"), "nobody can know before")
		assert.ErrorIs(t, WriteFile("/dev/full", []byte("x")), syscall.ENOSPC)
	}

	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, TryFile(pipe), "without a reader, at once")
	read := make(chan string)
	go func() {
		content, _ := os.ReadFile(pipe)
		read <- string(content)
	}()
	require.NoError(t, WriteFile(pipe, []byte("through")))
	assert.Equal(t, "through", <-read)
	info, err := os.Stat(pipe)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeNamedPipe)
}

func TestWhatHasNoNameOfItsOwnIsWrittenByTheNameItHas(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	path := filepath.Join("/dev/fd", strconv.Itoa(int(writer.Fd())))
	if _, err := os.Stat(path); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	require.NoError(t, TryFile(path))
	require.NoError(t, WriteFile(path, []byte("through")))
	writer.Close()
	content := make([]byte, 100)
	n, _ := reader.Read(content)
	assert.Equal(t, "through", string(content[:n]))
}

func TestWhatCanNotBeWrittenIsKnownBefore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, []byte("as it was"), 0o600))
	require.NoError(t, os.Symlink(folder, filepath.Join(folder, "link")))
	assert.NoError(t, TryFile(file))
	assert.NoError(t, TryFolder(filepath.Join(folder, "new", "folder")))
	for _, path := range []string{folder, filepath.Join(folder, "link"), filepath.Join(file, "below"), filepath.Join(folder, strings.Repeat("n", 300)), folder + "/x\x00"} {
		assert.Error(t, TryFile(path), path)
		assert.Error(t, WriteFile(path, []byte("x")), path)
	}
	assert.Error(t, TryFolder(file))
	assert.Error(t, TryFolder(filepath.Join(file, "below")))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "as it was", string(content))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "file, link, new: nothing is left of trying")
	contains(t, filepath.Join(folder, "new", "folder"), nil)
}

func TestAFullDiskDoesNotCostTheOldContent(t *testing.T) {
	// Only this process's limit of a file's length is at hand for a disk that is full.
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(path, []byte("as it was"), 0o600))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: limit.Max}))
	err := WriteFile(path, make([]byte, 2000))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	assert.ErrorIs(t, err, syscall.EFBIG)
	contains(t, filepath.Dir(path), map[string]string{"out": "as it was"})
}
