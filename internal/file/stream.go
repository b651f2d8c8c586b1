package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func appendToStream(path string, content []byte) error {
	path = filepath.Clean(path)
	if isOwnStream(path) {
		// Not by opening it again: that would start at the beginning, and what is printed next would overwrite it.
		switch filepath.Base(path) {
		case "stdout", "1":
			_, err := os.Stdout.Write(content)
			return err
		case "stderr", "2":
			_, err := os.Stderr.Write(content)
			return err
		}
	}
	// With O_NONBLOCK, opening a pipe without readers fails. Otherwise it would block for ever.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// writePipe writes to a named pipe. It waits half a second for a reader, and a second for that to read.
func writePipe(path string, content []byte) error {
	// With O_NONBLOCK, opening a pipe without readers fails. Otherwise it would block for ever.
	const flags = os.O_WRONLY | syscall.O_NONBLOCK
	file, err := os.OpenFile(path, flags, 0)
	for start := time.Now(); errors.Is(err, syscall.ENXIO) && time.Since(start) < patience/2; {
		time.Sleep(10 * time.Millisecond) // its reader may be about to open it
		file, err = os.OpenFile(path, flags, 0)
	}
	if errors.Is(err, syscall.ENXIO) {
		return errNoReader
	}
	if err != nil {
		return err
	}
	_ = file.SetWriteDeadline(time.Now().Add(patience))
	_, err = file.Write(content)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errNotRead
	}
	return errors.Join(err, file.Close())
}

var (
	errNoReader = errors.New("it is a named pipe that nobody reads: start its reader first")
	errNotRead  = errors.New("it is a named pipe whose reader did not read within a second")
)
