package file

import (
	"io"
	"os"
	"syscall"
)

// reserve allocates space for n bytes after the end of a file, without changing its size. It returns an error
// only if there is not enough. Some file systems cannot do that, and another process may use up the space:
// then the write fails.
func reserve(file *os.File, n int64) error {
	const keepSize = 1 // FALLOC_FL_KEEP_SIZE, which package syscall lacks
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(func(fd uintptr) { err = syscall.Fallocate(int(fd), keepSize, size, n) })
	if isFull(err) {
		return os.NewSyscallError("fallocate", err)
	}
	return nil
}
