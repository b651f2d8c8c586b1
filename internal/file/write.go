// Package file writes files as a careful Unix program does: nobody reads half of one, nothing that others
// wrote is lost, and no write blocks the process for ever. It refuses links that the kernel does not follow,
// and does not know what it writes.
package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Write replaces a file by rename, so that nobody reads half of it, and keeps its mode. What cannot be
// replaced like that is written in place: a device, a named pipe, a mounted file, or one in a folder where no
// other may be created. An open file of a process (/dev/stdout, /proc/1/fd/1) is appended to. Links are
// followed; missing folders are created.
func Write(path string, content []byte) error {
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

// Check finds out whether Write will be able to write there. It changes no file, but creates missing folders.
func Check(path string) error {
	path, info, err := follow(path, os.Stat)
	switch {
	case err != nil:
		return err
	case info != nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil // opening it would wait for a reader
	case isStream(path), info != nil && !info.Mode().IsRegular():
		return checkInPlace(path, os.O_WRONLY)
	case info != nil:
		return checkInPlace(path, os.O_WRONLY|os.O_CREATE) // as writeInPlace opens it
	}
	return CheckFolder(filepath.Dir(path))
}

func checkInPlace(path string, flags int) error {
	file, err := os.OpenFile(path, flags, newFileMode)
	if err != nil {
		return err
	}
	return file.Close()
}

// CheckFolder creates a folder if there is none, and finds out whether files can be created in it.
func CheckFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	temporary.RLock()
	defer temporary.RUnlock()
	file, err := os.CreateTemp(path, ".dmswait-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// replace replaces a file by a new one. Where the system refuses that, the old file is untouched and may be
// written in place. A full disk does not count as a refusal: writing in place would lose the old content as
// well.
func replace(path string, content []byte, mode fs.FileMode) (refused bool, err error) {
	temporary.RLock()
	defer temporary.RUnlock()
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
	err = os.Rename(file.Name(), path) // which needs space if the folder has to grow
	return err != nil && !isFull(err), err
}

// isFull reports whether a disk or a quota has no space left.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// temporary is read-locked while there is a temporary file. Several may exist at the same time, so that one
// on a file system that hangs blocks no other.
var temporary sync.RWMutex

// Settle waits until there is no temporary file, and prevents new ones from then on, so that the process can
// exit at any time and leaves nothing behind. It gives up after a quarter of a second.
func Settle() {
	settled := make(chan struct{})
	go func() {
		temporary.Lock() // from here on, none is created
		close(settled)
	}()
	select {
	case <-settled:
	case <-time.After(patience / 4):
	}
}

// writeInPlace overwrites what is there. It waits half a second for a named pipe to have a reader, and a
// second for that to read.
func writeInPlace(path string, content []byte, mode fs.FileMode) error {
	// With O_CREATE the kernel refuses files and pipes that others planted in a shared folder
	// (fs.protected_regular and fs.protected_fifos).
	flags := os.O_WRONLY | os.O_CREATE
	info, err := os.Stat(path)
	isPipe := err == nil && info.Mode()&fs.ModeNamedPipe != 0
	if isPipe {
		flags |= syscall.O_NONBLOCK // without a reader, opening it fails and does not block
	} else {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, mode)
	for start := time.Now(); isPipe && errors.Is(err, syscall.ENXIO) && time.Since(start) < patience/2; {
		time.Sleep(10 * time.Millisecond) // its reader may be about to open it
		file, err = os.OpenFile(path, flags, mode)
	}
	if err != nil {
		return err
	}
	if isPipe {
		_ = file.SetWriteDeadline(time.Now().Add(patience))
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
