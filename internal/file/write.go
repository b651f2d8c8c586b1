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
	"time"
)

// Write replaces a file by rename, so that nobody reads half of it, and keeps its mode, owner and group. A new
// file gets those that a shell would give it; made by root in a folder of another user, it is that user's. What
// cannot be replaced like that is written in place: a device, a named pipe, a mounted file, one in a folder where
// no other may be created, or one whose mode or owner no other can be given. An open file of a process
// (/dev/stdout, /proc/1/fd/1) is appended to. Links are followed; missing folders are created.
func Write(path string, content []byte) error {
	path, info, err := prepare(path)
	switch {
	case err != nil:
		return err
	case isStream(path):
		return untilRead(func() error { return appendToStream(path, content) })
	case info != nil && info.Mode()&fs.ModeNamedPipe != 0:
		return writePipe(path, content)
	case info != nil && !info.Mode().IsRegular():
		return untilRead(func() error { return writeInPlace(path, content) })
	}
	if refused, err := replace(path, content, info); !refused {
		return err
	}
	return writeInPlace(path, content)
}

// Check finds out whether Write will be able to write there: it does what Write does, apart from writing. It
// changes no file, but creates missing folders.
func Check(path string) error {
	path, info, err := prepare(path)
	switch {
	case err != nil:
		return err
	case info == nil:
		return checkCreation(path)
	case info.Mode()&fs.ModeNamedPipe != 0:
		if !mayWrite(info, os.Geteuid()) { // opening it would wait for a reader, or end what one reads
			return &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return nil
	}
	// If it cannot be replaced, for whatever reason, it is written in place.
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// prepare returns the file that path leads to, and what is there; nil if nothing is. It creates missing folders.
func prepare(path string) (string, fs.FileInfo, error) {
	path, info, err := follow(path, os.Stat)
	if err != nil || info != nil {
		return path, info, err
	}
	if err := makeFolder(folderOf(path)); err != nil {
		return "", nil, err
	}
	return follow(path, os.Stat) // by way of folders that were missing, it may lead to something that exists
}

// CheckFolder creates a folder if there is none, and finds out whether files can be created in it.
func CheckFolder(path string) error {
	if err := makeFolder(path); err != nil {
		return err
	}
	return checkCreation(path + string(filepath.Separator))
}

// checkCreation finds out whether a file can be created.
func checkCreation(path string) error {
	temporary.RLock()
	defer temporary.RUnlock()
	file, err := createTemporary(path, newFileMode)
	if err != nil {
		return err
	}
	return removeTemporary(file)
}

// replace replaces a file, or creates it if old is nil. Where the system refuses that, the old file is untouched
// and may be written in place. A full disk does not count as a refusal: writing in place would lose the old
// content as well.
func replace(path string, content []byte, old fs.FileInfo) (refused bool, err error) {
	temporary.RLock()
	defer temporary.RUnlock()
	mode := newFileMode
	if old != nil {
		mode = 0o600 // until it has the owner of the old file
	}
	file, err := createTemporary(path, mode)
	if err != nil {
		return !isFull(err), err
	}
	defer func() {
		if err != nil {
			_ = removeTemporary(file)
		}
	}()
	if _, err = file.Write(content); err != nil {
		return false, renamed(err, "write", path)
	}
	if err = takeAfter(file, path, old); err != nil {
		return !isFull(err), renamed(err, "write", path)
	}
	if err = file.Close(); err != nil {
		return false, renamed(err, "write", path)
	}
	err = os.Rename(file.Name(), path) // which needs space if the folder has to grow
	return err != nil && !isFull(err), renamed(err, "write", path)
}

// takeAfter gives a new file the owner, group and mode of the one that it is to replace. What is as it should be
// is not set: many file systems that support no modes accept no request to set them.
func takeAfter(file *os.File, path string, old fs.FileInfo) error {
	if old == nil {
		handOver(file, folderOf(path))
		return nil
	}
	if err := takeOwner(file, old); err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().Perm() != old.Mode().Perm() {
		err = file.Chmod(old.Mode().Perm())
	}
	return err
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

// writeInPlace overwrites what is there.
func writeInPlace(path string, content []byte) error {
	file, err := open(path, os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
