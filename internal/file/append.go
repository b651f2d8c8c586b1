package file

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// CheckAppend finds out whether AppendLines will be able to write there, and creates the file if there is none.
func CheckAppend(path string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, newFileMode)
	if err != nil {
		return err
	}
	return file.Close()
}

// AppendLines appends lines to a file that other processes append to as well, and creates it if there is none. The lines
// are one write, which no other writer cuts in two. Where there is not enough space for all of them, nothing of them is
// left to be read.
func AppendLines(path, lines string) error {
	if endsOpen(path) {
		lines = "\n" + lines
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, newFileMode)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := reserve(file, int64(len(lines))); err != nil {
		return err
	}
	n, err := io.WriteString(file, lines)
	if err != nil {
		return errors.Join(err, blank(file, path, []byte(lines[:n])), file.Close())
	}
	return file.Close()
}

// blank overwrites with line breaks what was just written by file, the beginning of lines that were not written whole.
// GitHub's runner ignores empty lines, but would refuse the whole file, with others' outputs, for half an output. The file
// is not truncated: another process may have written after our bytes since, and would lose its own. Our bytes stay where
// they are, and overwriting them takes no space.
func blank(file *os.File, path string, written []byte) error {
	if len(written) == 0 {
		return nil
	}
	was, err := file.Stat()
	if err != nil || !was.Mode().IsRegular() {
		return err
	}
	end, err := file.Seek(0, io.SeekCurrent) // where our write ended, whatever follows it
	if err != nil {
		return err
	}
	again, err := os.OpenFile(path, os.O_RDWR, 0) // a file opened for appending writes at the end only
	if err != nil {
		return err
	}
	defer again.Close()
	now, err := again.Stat()
	if err != nil {
		return err
	}
	found := make([]byte, len(written))
	if _, err := again.ReadAt(found, end-int64(len(written))); err != nil {
		return err
	}
	if !os.SameFile(was, now) || !bytes.Equal(found, written) {
		return errors.New("and a part of it could not be removed: another process changed the file")
	}
	_, err = again.WriteAt(bytes.Repeat([]byte("\n"), len(written)), end-int64(len(written)))
	return errors.Join(err, again.Close())
}

// endsOpen reports whether another program left the last line of a file without a line break, so that ours would become a
// part of it.
func endsOpen(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	last := make([]byte, 1)
	if _, err := file.Seek(-1, io.SeekEnd); err != nil {
		return false // it is empty
	}
	_, err = file.Read(last)
	return err == nil && last[0] != '\n'
}
