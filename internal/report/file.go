package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// WriteFile writes a file so that nobody ever reads half of it: whole, by rename. What cannot be
// replaced like that is written in place: a device, a named pipe, a file that is mounted, or one in
// a folder where no other may be made. Links are followed; folders are made.
func WriteFile(path string, content []byte) error {
	path, info, err := follow(path, os.Stat)
	switch {
	case err != nil:
		return err
	case isStream(path):
		return appendToStream(path, content)
	case info != nil && !info.Mode().IsRegular():
		return writeInPlace(path, content, newFileMode)
	}
	mode := newFileMode
	if info != nil {
		mode = info.Mode().Perm()
	} else if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if refused, err := replace(path, content, mode); !refused {
		return err
	}
	return writeInPlace(path, content, mode)
}

const newFileMode fs.FileMode = 0o644

// TryFile finds out whether WriteFile will be able to write there, and leaves what is there as it
// is.
func TryFile(path string) error {
	path, info, err := follow(path, os.Stat)
	switch {
	case err != nil:
		return err
	case info != nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil // to open it would wait for a reader
	case isStream(path), info != nil && !info.Mode().IsRegular():
		return tryInPlace(path, os.O_WRONLY)
	case info != nil:
		return tryInPlace(path, os.O_WRONLY|os.O_CREATE) // as it will be written, see writeInPlace
	}
	return TryFolder(filepath.Dir(path))
}

func tryInPlace(path string, flags int) error {
	file, err := os.OpenFile(path, flags, newFileMode)
	if err != nil {
		return err
	}
	return file.Close()
}

// TryFolder makes a folder if it is not there, and finds out whether files can be made in it.
func TryFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	making.RLock()
	defer making.RUnlock()
	file, err := os.CreateTemp(path, ".dmswait-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// replace puts a new file in the place of the old one. Where the system refuses to, the old one is
// untouched, and may be written in place. A full disk is no such refusal: in place, it would cost
// the old content, too.
func replace(path string, content []byte, mode fs.FileMode) (refused bool, err error) {
	making.RLock()
	defer making.RUnlock()
	file, err := os.CreateTemp(filepath.Dir(path), ".dmswait-*")
	if err != nil {
		return !isFull(err), err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Chmod(mode), file.Close()); err != nil {
		return false, err
	}
	err = os.Rename(file.Name(), path) // the folder may have to grow for it
	return err != nil && !isFull(err), err
}

// isFull reports whether a disk or a quota has no room left.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// making is held for reading as long as there is a file under a name that is not to stay. Several
// may be made at once, so that one on a file system that hangs holds up no other.
var making sync.RWMutex

// Settle lets a file that is being replaced be finished, and no other be begun: then the process
// can end where it is and leaves nothing behind. It waits for a moment only.
func Settle() {
	settled := make(chan struct{})
	go func() {
		making.Lock() // from here on, none is begun
		close(settled)
	}()
	select {
	case <-settled:
	case <-time.After(patience / 4):
	}
}

func writeInPlace(path string, content []byte, mode fs.FileMode) error {
	// O_CREATE has the kernel refuse files and pipes that others planted in a folder for all
	// (fs.protected_regular, _fifos).
	flags := os.O_WRONLY | os.O_CREATE
	info, err := os.Stat(path)
	isPipe := err == nil && info.Mode()&fs.ModeNamedPipe != 0
	if isPipe {
		flags |= syscall.O_NONBLOCK // a pipe that nobody reads is an error, and nothing to wait for
	} else {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, mode)
	for began := time.Now(); isPipe && errors.Is(err, syscall.ENXIO) && time.Since(began) < patience/2; {
		time.Sleep(10 * time.Millisecond) // its reader may be about to come
		file, err = os.OpenFile(path, flags, mode)
	}
	if err != nil {
		return err
	}
	if isPipe {
		_ = file.SetWriteDeadline(time.Now().Add(patience)) // nor is a reader that stands still
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
