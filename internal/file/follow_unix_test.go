//go:build unix

package file

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinkThatTheKernelRefusesIsNotFollowed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, to := range map[string]string{"link": "theirs", "dangling": "nothing", "chain": "link"} {
		require.NoError(t, os.Symlink(to, filepath.Join(folder, name)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "theirs"), []byte("theirs"), 0o600))
	for _, refusal := range []error{syscall.EACCES, syscall.EPERM, syscall.EIO, syscall.ESTALE} {
		for _, refused := range []string{"link", "dangling", "chain"} {
			stat := func(path string) (fs.FileInfo, error) {
				if filepath.Base(path) == refused {
					return nil, &fs.PathError{Op: "stat", Path: path, Err: refusal}
				}
				return os.Stat(path)
			}
			_, _, err := follow(filepath.Join(folder, refused), stat)
			assert.ErrorIs(t, err, refusal, refused)
			if refused == "link" {
				_, _, err := follow(filepath.Join(folder, "chain"), stat)
				assert.ErrorIs(t, err, refusal, "within a chain")
			}
		}
	}
	path, info, err := follow(filepath.Join(folder, "chain"), os.Stat)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "theirs"), path)
	assert.NotNil(t, info)
	path, info, err = follow(filepath.Join(folder, "dangling"), os.Stat)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "nothing"), path)
	assert.Nil(t, info)
}

func TestOpenFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	require.NoError(t, os.WriteFile(path, []byte("precious\n"), 0o600))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	want := "precious\n"
	for i, name := range []string{openFileName(t, file), fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd())} {
		if _, err := os.Stat(name); err != nil {
			continue // only Linux has /proc
		}
		link := filepath.Join(folder, fmt.Sprint("link", i))
		require.NoError(t, os.Symlink(name, link))
		for _, path := range []string{name, link} {
			require.NoError(t, Check(path))
			require.NoError(t, Write(path, []byte(path+"\n")))
			want += path + "\n"
		}
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(content))
}

// The names of other processes' files are streams as well: a container's log is /proc/1/fd/1.
func TestNamesOfOpenFiles(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]bool{ // whether it is a stream, and of this process
		"/dev/stdout": {true, true}, "/dev/stderr": {true, true},
		"/dev/fd/3": {true, true}, "/proc/self/fd/1": {true, true},
		"//dev/./fd/../fd/3": {true, true}, "/proc/1/fd/1": {true, false}, "/proc/self/task/7/fd/1": {true, false},
		"/dev/null": {}, "/dev/fd": {}, "/proc/1/fdinfo/1": {}, "/proc/self/stat": {}, "/tmp/fd/1": {}, "dev/stdout": {},
	} {
		assert.Equal(t, want, [2]bool{isStream(path), isOwnStream(path)}, path)
	}
}
