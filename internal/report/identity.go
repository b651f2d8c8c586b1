package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Identity says which regular file a path means, however it is spelt. The zero Identity is no file,
// and is the same as none.
type Identity struct {
	file fs.FileInfo // of one that is there
	path string      // of one that is not there yet
}

// Identify returns the identity of the file that WriteFile would write. It is zero for what
// WriteFile does not replace: devices, pipes and the names of open files.
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

// Same reports whether both are the same file, or will be.
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

// resolved returns the absolute path of a file that is not there, without links in its folders as
// far as those are there.
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
