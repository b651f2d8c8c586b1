package report

import (
	"io"
	"os"
	"syscall"
)

// reserve has the disk keep room for n bytes behind the end of a file, whose size it does not
// change. It fails if there is none. Not every file system can do that, and another process may use
// up the room: then the write itself finds out.
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
