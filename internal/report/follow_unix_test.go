//go:build unix

package report

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALinkThatTheKernelRefusesIsNotFollowed(t *testing.T) {
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
				assert.ErrorIs(t, err, refusal, "a link of a chain")
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

func TestALinkToAnOpenFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	require.NoError(t, os.WriteFile(path, []byte("precious\n"), 0o600))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	names := []string{
		fmt.Sprintf("/dev/fd/%d", file.Fd()),
		fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd()),
	}
	want := "precious\n"
	for i, name := range names {
		if _, err := os.Stat(name); err != nil {
			t.Skip("this system has no " + name)
		}
		link := filepath.Join(folder, fmt.Sprint("link", i))
		require.NoError(t, os.Symlink(name, link))
		for _, path := range []string{name, link} {
			require.NoError(t, TryFile(path))
			require.NoError(t, WriteFile(path, []byte(path+"\n")))
			want += path + "\n"
		}
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(content))
}

func TestAPipeThatNobodyCanReadAnyMoreIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer writer.Close()
	name := fmt.Sprintf("/dev/fd/%d", writer.Fd())
	if _, err := os.Stat(name); err != nil {
		t.Skip("this system has no " + name)
	}
	require.NoError(t, reader.Close())
	done := make(chan error, 1)
	go func() { done <- WriteFile(name, []byte("x")) }()
	select {
	case err := <-done:
		assert.Error(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it hangs")
	}
}

func TestAPipeWhoseReaderStandsStillIsAnErrorWithinASecond(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer reader.Close()
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- WriteFile(path, make([]byte, 1<<20)) }() // more than any pipe holds
	select {
	case err := <-done:
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.GreaterOrEqual(t, time.Since(began), patience)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it hangs")
	}
}

func TestAFullDiskOrQuotaIsNoReasonToWriteInPlace(t *testing.T) {
	t.Parallel()
	for _, err := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		assert.True(t, isFull(&fs.PathError{Op: "open", Path: "x", Err: err}))
		assert.True(t, isFull(&os.LinkError{Op: "rename", Old: "x", New: "y", Err: err}))
	}
	for _, err := range []error{nil, syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.EBUSY, syscall.EXDEV} {
		assert.False(t, isFull(err), "%v", err)
	}
}
