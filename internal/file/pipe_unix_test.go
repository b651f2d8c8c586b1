//go:build unix

package file

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newPipe creates a named pipe.
func newPipe(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// openReader opens a named pipe for reading, and does not wait for a writer.
func openReader(t *testing.T, path string) *os.File {
	t.Helper()
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	return reader
}

// openFileName returns the name of one of our open files, or skips the test where open files have no names.
func openFileName(t *testing.T, file *os.File) string {
	t.Helper()
	name := fmt.Sprintf("/dev/fd/%d", file.Fd())
	if _, err := os.Stat(name); err != nil {
		t.Skip("this system has no " + name)
	}
	return name
}

// bubble runs f on a fake clock, and fails the test if it blocks in the kernel.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	_ = inTime(t, func() error {
		synctest.Test(t, f)
		return nil
	})
}

func TestNamedPipeIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	require.NoError(t, inTime(t, func() error { return Check(path) }), "without a reader")
	reader := openReader(t, path)
	defer reader.Close()
	require.NoError(t, Write(path, []byte("through")))
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "through", string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeNamedPipe, "it is still a pipe")
}

func TestReaderOfAPipeIsAwaitedForHalfASecond(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 10 * time.Millisecond, 490 * time.Millisecond} {
		path := newPipe(t)
		bubble(t, func(t *testing.T) {
			read := make(chan string)
			go func() {
				time.Sleep(after)
				reader := openReader(t, path)
				defer reader.Close()
				time.Sleep(20 * time.Millisecond)
				content, _ := io.ReadAll(reader)
				read <- string(content)
			}()
			assert.NoError(t, Write(path, []byte("through")), after)
			assert.Equal(t, "through", <-read, after)
		})
	}
}

func TestPipeWithoutReaderFailsAfterHalfASecond(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	bubble(t, func(t *testing.T) {
		start := time.Now()
		assert.EqualError(t, Write(path, []byte("x")), "it is a named pipe that nobody reads: start its reader first")
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
	})
}

func TestPipeThatIsNotReadFailsAfterASecond(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	reader := openReader(t, path)
	defer reader.Close()
	start := time.Now()
	err := inTime(t, func() error { return Write(path, make([]byte, 1<<20)) }) // more than any pipe holds
	assert.EqualError(t, err, "it is a named pipe whose reader did not read within a second")
	assert.GreaterOrEqual(t, time.Since(start), time.Second)
}

func TestPipeWhoseReaderIsGoneFails(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	reader := openReader(t, path)
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer writer.Close()
	name := openFileName(t, writer)
	require.NoError(t, reader.Close())
	assert.Error(t, inTime(t, func() error { return Write(name, []byte("x")) }))
}

func TestPipeWithoutNameIsWrittenByTheNameOfTheOpenFile(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	name := openFileName(t, writer)
	require.NoError(t, Check(name))
	require.NoError(t, Write(name, []byte("through")))
	writer.Close()
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "through", string(content))
}

func TestStreamThatNobodyReadsFailsAfterTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, read := time.Now(), make(chan struct{})
		err := untilRead(func() error {
			<-read
			return nil
		})
		assert.EqualError(t, err, "timed out: nobody reads it, or its file system hangs")
		assert.Equal(t, 10*time.Second+lastChance, time.Since(start))
		close(read)
	})
}

// This takes ten seconds, which a fake clock cannot shorten: the write blocks in the kernel.
func TestWriteGivesUpOnAStreamThatNobodyReads(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer writer.Close()
	name := openFileName(t, writer)
	err = inTime(t, func() error { return Write(name, make([]byte, 1<<20)) }) // more than any pipe holds
	assert.ErrorIs(t, err, errBlocked)
}
