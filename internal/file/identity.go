package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Identity identifies a regular file, whatever path leads to it. The zero Identity is no file, and is not the
// same as any other.
type Identity struct {
	file fs.FileInfo // of a file that exists
	path string      // of one that does not exist yet
}

// Identify returns the identity of the file that Write would replace. It is zero for what Write does not
// replace: devices, pipes and open files.
func Identify(path string) Identity {
	path, info, err := follow(path, os.Stat)
	switch {
	case err != nil || isStream(path):
		return Identity{}
	case info != nil:
		return identify(info)
	}
	return Identity{path: resolved(path)}
}

// IdentifyOpen returns the identity of an open file.
func IdentifyOpen(file *os.File) Identity {
	info, err := file.Stat()
	if err != nil {
		return Identity{}
	}
	return identify(info)
}

func identify(info fs.FileInfo) Identity {
	if !info.Mode().IsRegular() {
		return Identity{}
	}
	return Identity{file: info}
}

// Same reports whether both are the same file, or would be once it is created.
func (i Identity) Same(other Identity) bool {
	switch {
	case i.file != nil && other.file != nil:
		return os.SameFile(i.file, other.file)
	case i.path == "" || other.path == "":
		return false
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin": // where most disks ignore case
		return strings.EqualFold(i.path, other.path)
	}
	return i.path == other.path
}

// resolved returns the absolute path of a file that does not exist, with links resolved in those of its
// folders that do.
func resolved(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	missing := filepath.Base(absolute)
	for folder := filepath.Dir(absolute); ; folder = filepath.Dir(folder) {
		real, err := filepath.EvalSymlinks(folder)
		if err == nil {
			return filepath.Join(real, missing)
		}
		if !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
			return absolute
		}
		missing = filepath.Join(filepath.Base(folder), missing)
	}
}
