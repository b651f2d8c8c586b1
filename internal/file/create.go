package file

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The modes of new files and folders, less the umask: those that a shell gives them.
const (
	newFileMode   fs.FileMode = 0o666
	newFolderMode fs.FileMode = 0o777
)

// open opens a file for writing, and creates it if there is none. What exists is opened without O_CREATE. With
// it, the kernel refuses a file of another user in a folder that all users share (fs.protected_regular), even
// to root and even if everybody may write to the file.
func open(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, flags, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	file, err = os.OpenFile(path, flags|os.O_CREATE, newFileMode)
	if err == nil {
		handOver(file, folderOf(path))
	}
	return file, err
}

// createTemporary creates a file in the folder of path. Its name contains that of path, so that a file system
// that refuses a name (such as one with a colon) refuses it before the first request. Errors name the folder,
// since nobody knows the temporary file.
func createTemporary(path string, mode fs.FileMode) (*os.File, error) {
	folder, name := filepath.Split(path)
	temporary := ".dmswait-" + rand.Text()
	if len(name) <= 100 { // some file systems accept no more than 143 bytes
		temporary += "-" + name
	}
	file, err := os.OpenFile(folder+temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	return file, renamed(err, "create a file in", folderOf(path))
}

// removeTemporary closes and removes a temporary file.
func removeTemporary(file *os.File) error {
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// renamed returns an error of the system with another operation and path.
func renamed(err error, operation, path string) error {
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &inPath):
		err = inPath.Err
	case errors.As(err, &inLink):
		err = inLink.Err
	default:
		return err
	}
	return &fs.PathError{Op: operation, Path: path, Err: err}
}

// folderOf returns the folder of a file. The path is not cleaned: after a link to a folder, ".." is not where it
// seems to be, and a folder that is missing has to be created before ".." leads out of it.
func folderOf(path string) string {
	folder, _ := filepath.Split(path)
	if folder == "" {
		return "."
	}
	return folder
}

// makeFolder creates a folder if there is none, and those that it is in.
func makeFolder(path string) error {
	var missing []string
	for folder := path; ; {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, folder)
		for len(folder) > 0 && os.IsPathSeparator(folder[len(folder)-1]) {
			folder = folder[:len(folder)-1]
		}
		folder = folderOf(folder)
	}
	if err := os.MkdirAll(path, newFolderMode); err != nil {
		return err
	}
	for i := len(missing) - 1; i >= 0; i-- {
		handOverFolder(missing[i])
	}
	return nil
}
