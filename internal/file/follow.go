package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// follow returns the path of the file that path leads to through links, and what is there; nil if nothing is.
// It reads the links itself, because the file is to be replaced and not the link, and because a link may lead
// to a file that does not exist yet. That bypasses the kernel's checks, so the kernel follows each link too,
// by stat: whatever it refuses, such as a link that another user planted in a shared folder
// (fs.protected_symlinks), is refused here. Devices, pipes and streams are returned by the path that leads
// there, since not all of them can be opened by the name that a link gives.
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
		if path != "" && os.IsPathSeparator(path[len(path)-1]) {
			return "", nil, errors.New("it ends in a slash, like a folder: add the name of the file")
		}
		if isStream(path) {
			return path, info, nil
		}
		next, err := os.Readlink(path)
		if err != nil {
			return path, info, nil
		}
		if !filepath.IsAbs(next) {
			// Not cleaned: after a link to a folder, ".." is not where it seems to be.
			next = filepath.Dir(path) + string(filepath.Separator) + next
		}
		path = next
	}
	return "", nil, errTooManyLinks
}

var errTooManyLinks = errors.New("too many links")

// isStream reports whether a path names an open file of a process. Where that is a regular file, it is a log,
// and nothing in it may be lost.
func isStream(path string) bool {
	path = filepath.Clean(path)
	return isOwnStream(path) || strings.HasPrefix(path, "/proc/") && filepath.Base(filepath.Dir(path)) == "fd"
}

// isOwnStream reports whether a path names an open file of this process.
func isOwnStream(path string) bool {
	switch filepath.Dir(path) {
	case "/dev":
		return filepath.Base(path) == "stdout" || filepath.Base(path) == "stderr"
	case "/dev/fd", "/proc/self/fd":
		return true
	}
	return false
}
