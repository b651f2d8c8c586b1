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

// WriteFile writes a file so that nobody ever reads half of it: whole, by rename. What can't be replaced like that is written in place:
// a device, a named pipe, a file that is mounted, or one in a folder where no other may be made. Links are followed; folders are made.
func WriteFile(path string, content []byte) error {
	mode := fs.FileMode(0o644)
	if isStream(path) {
		return appendTo(path, content)
	}
	if isSpecial(path) {
		return writeInPlace(path, content, mode)
	}
	path, err := target(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder")
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if refused, err := replace(path, content, mode); !refused {
		return err
	}
	return writeInPlace(path, content, mode)
}

// TryFile finds out whether WriteFile will be able to write there, and leaves what is there as it is.
func TryFile(path string) error {
	if info, err := os.Stat(path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return nil // to open it would wait for a reader
	}
	if isSpecial(path) {
		return tryInPlace(path)
	}
	path, err := target(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder")
	case err == nil:
		return tryInPlace(path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return TryFolder(filepath.Dir(path))
}

func tryInPlace(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// isSpecial tells of what is neither file nor folder. Some can be opened by their own name only, as /dev/stdout when it is a pipe.
func isSpecial(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// isStream tells of the names of our own open files. Where such a one is a regular file, it is somebody's log: nothing of it may go.
func isStream(path string) bool {
	path = filepath.Clean(path)
	return path == "/dev/stdout" || path == "/dev/stderr" || filepath.Dir(path) == "/dev/fd" || filepath.Dir(path) == "/proc/self/fd"
}

func appendTo(path string, content []byte) error {
	switch filepath.Base(path) {
	case "stdout", "1": // by the file that is open: it knows where it stands, and what we print next goes behind it
		_, err := os.Stdout.Write(content)
		return err
	case "stderr", "2":
		_, err := os.Stderr.Write(content)
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// TryFolder makes a folder if it is not there, and finds out whether files can be made in it.
func TryFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	making.Lock()
	defer making.Unlock()
	file, err := os.CreateTemp(path, ".dmswait-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// target follows links to the file that is meant, which need not exist, and makes its folder.
func target(path string) (string, error) {
	const most = 40 // links, as in the kernel
	for range most {
		next, err := os.Readlink(path)
		if err != nil {
			return path, os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if !filepath.IsAbs(next) {
			// Not cleaned: behind a link to a folder, ".." is not where it seems to be.
			next = filepath.Dir(path) + string(filepath.Separator) + next
		}
		path = next
	}
	return "", errors.New("too many links")
}

// replace puts a new file in the place of the old one. Where the system refuses to, the old one is untouched, and may be written in place.
// A full disk is no such refusal: in place, it would cost the old content, too.
func replace(path string, content []byte, mode fs.FileMode) (refused bool, err error) {
	making.Lock()
	defer making.Unlock()
	file, err := os.CreateTemp(filepath.Dir(path), ".dmswait-*")
	if err != nil {
		isFull := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
		return !isFull, err
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
	err = os.Rename(file.Name(), path)
	return err != nil, err
}

// making is held as long as there is a file under a name that is not to stay.
var making sync.Mutex

// Settle lets a file that is being replaced be finished, and no other be begun: then the process can end where it is and leaves nothing behind.
// It waits for a moment only.
func Settle() {
	settled := make(chan struct{})
	go func() {
		making.Lock()
		close(settled)
	}()
	select {
	case <-settled:
	case <-time.After(patience / 4):
	}
}

func writeInPlace(path string, content []byte, mode fs.FileMode) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	info, err := os.Stat(path)
	isPipe := err == nil && info.Mode()&fs.ModeNamedPipe != 0
	if isPipe {
		flags = os.O_WRONLY | syscall.O_NONBLOCK // a pipe that nobody reads is an error, and nothing to wait for
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
