//go:build unix

package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const root = 0

// takeOwner gives a new file the owner and the group of the one that it is to replace. Most users may give a
// file to none but themselves, and to no group that they are not in.
func takeOwner(file *os.File, from fs.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	is, was := owner(info), owner(from)
	if is == was {
		return nil
	}
	return file.Chown(was.user, was.group)
}

// handOver gives a file that root has created to the owner and the group of its folder. Otherwise a step that
// runs as root would leave a file to the steps after it that these could not change. An error does not matter:
// the file is there.
func handOver(file *os.File, folder string) {
	if to, ok := heir(folder); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && owner(info).user == root {
			_ = file.Chown(to.user, to.group)
		}
	}
}

// handOverFolder is handOver for a folder.
func handOverFolder(path string) {
	path = filepath.Clean(path)
	if filepath.Base(path) == ".." {
		return // it is not new
	}
	if to, ok := heir(filepath.Dir(path)); ok {
		_ = os.Lchown(path, to.user, to.group)
	}
}

// heir returns to whom root hands over what it creates in a folder: the folder's owner, unless that is root.
func heir(folder string) (to ids, ok bool) {
	if os.Geteuid() != root {
		return ids{}, false
	}
	info, err := os.Stat(folder)
	if err != nil {
		return ids{}, false
	}
	to = owner(info)
	return to, to.user != root
}

// ids are a file's owner and group.
type ids struct{ user, group int }

func owner(info fs.FileInfo) ids {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return ids{int(stat.Uid), int(stat.Gid)}
	}
	return ids{}
}

// mayWrite reports whether a user may write to a file, as far as that can be seen without opening it: whoever is
// not its owner may be in its group.
func mayWrite(info fs.FileInfo, user int) bool {
	const byOwner, byOthers = 0o200, 0o022
	switch user {
	case root:
		return true
	case owner(info).user:
		return info.Mode()&byOwner != 0
	}
	return info.Mode()&byOthers != 0
}
