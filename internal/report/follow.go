package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// follow returns the path of the file that path means behind all links, and what is there; nil if
// nothing is. Links are followed by hand since the one to be replaced is the file, and since a link
// may lead to nothing yet. By hand means past the kernel's checks: whatever it refuses, such as a
// link that somebody else planted in a folder for all (fs.protected_symlinks), is refused here, for
// each link. Only "not there" is no refusal. Devices, pipes and streams are returned by the name
// they were reached by.
func follow(path string, stat func(string) (fs.FileInfo, error)) (string, fs.FileInfo, error) {
	const maxLinks = 40 // as in the kernel
	for range maxLinks {
		info, err := stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			info = nil
		case errors.Is(err, syscall.ELOOP):
			return "", nil, errTooManyLinks
		case err != nil:
			return "", nil, err
		case info.IsDir():
			return "", nil, errors.New("it is a folder")
		case !info.Mode().IsRegular():
			return path, info, nil
		}
		if isStream(path) {
			return path, info, nil
		}
		next, err := os.Readlink(path)
		if err != nil {
			return path, info, nil
		}
		if !filepath.IsAbs(next) {
			// Not cleaned: behind a link to a folder, ".." is not where it seems to be.
			next = filepath.Dir(path) + string(filepath.Separator) + next
		}
		path = next
	}
	return "", nil, errTooManyLinks
}

var errTooManyLinks = errors.New("too many links")

// isStream reports whether a path names an open file of a process. Where that is a regular file, it
// is somebody's log: nothing of it may go.
func isStream(path string) bool {
	path = filepath.Clean(path)
	return isOwnStream(path) || strings.HasPrefix(path, "/proc/") && filepath.Base(filepath.Dir(path)) == "fd"
}

func isOwnStream(path string) bool {
	switch filepath.Dir(path) {
	case "/dev":
		return filepath.Base(path) == "stdout" || filepath.Base(path) == "stderr"
	case "/dev/fd", "/proc/self/fd":
		return true
	}
	return false
}

func appendToStream(path string, content []byte) error {
	path = filepath.Clean(path)
	if isOwnStream(path) {
		// By the file that is open: it knows where it stands, and what we print next goes behind it.
		switch filepath.Base(path) {
		case "stdout", "1":
			_, err := os.Stdout.Write(content)
			return err
		case "stderr", "2":
			_, err := os.Stderr.Write(content)
			return err
		}
	}
	// O_NONBLOCK makes a named pipe that nobody can read any more an error. Without it, to open that
	// would wait for another reader.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
