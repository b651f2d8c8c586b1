package report

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// appendLines appends lines to a file that other processes append to as well, and makes it if it is
// not there. The lines are one write, which no other writer cuts. Where they cannot be written
// whole, for want of room, nothing of them is left to be read.
func appendLines(path, lines string) error {
	if endsOpen(path) {
		lines = "\n" + lines
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
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

// blank makes empty lines of what was just written by file, the beginning of something that did not
// go in whole: for half an output the runner would refuse the whole file, others' outputs too, and
// it passes over empty lines. The file is not truncated: whatever its size was a moment ago,
// another process may have written behind our bytes since, and would lose its own. Our bytes,
// however, stay where they are, and to overwrite them takes no room.
func blank(file *os.File, path string, written []byte) error {
	if len(written) == 0 {
		return nil
	}
	was, err := file.Stat()
	if err != nil || !was.Mode().IsRegular() {
		return err
	}
	end, err := file.Seek(0, io.SeekCurrent) // where our write ended, whatever came behind it
	if err != nil {
		return err
	}
	again, err := os.OpenFile(path, os.O_RDWR, 0) // an appending file writes nowhere but at the end
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
		return errors.New("and a part of it could not be taken back: another process changed the file")
	}
	_, err = again.WriteAt(bytes.Repeat([]byte("\n"), len(written)), end-int64(len(written)))
	return errors.Join(err, again.Close())
}

// endsOpen reports whether another program left the last line of a file without its end, so that
// ours would become a part of it.
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
