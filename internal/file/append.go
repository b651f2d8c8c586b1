package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// CheckAppend finds out whether AppendLines will be able to write there. It creates the file if there is none.
func CheckAppend(path string) error {
	file, err := open(path, os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return err
	}
	return file.Close()
}

// AppendLines appends lines to a file of outputs, to which other processes append as well, and creates it if
// there is none. The lines are one write, so that nobody else's are in between. If there is not enough space for
// all of them, what was written is overwritten with lines that mean nothing.
func AppendLines(path, lines string) error {
	if endsOpen(path) {
		lines = "\n" + lines
	}
	file, err := open(path, os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := reserve(file, int64(len(lines))); err != nil {
		return err
	}
	n, err := io.WriteString(file, lines)
	if err != nil {
		if failure := blank(file, path, []byte(lines[:n])); failure != nil {
			err = fmt.Errorf("%w; the file ends in half an output, which could not be removed: %w", err, failure)
		}
		return err
	}
	return file.Close()
}

// blank overwrites what file has just written with padding, because it is only the beginning of what was to be
// written. Runners reject the whole file, with other programs' outputs, for half an output. The file is not
// truncated, because another process may have appended to it since. Overwriting takes no space.
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
	again, err := os.OpenFile(path, os.O_RDWR, 0) // file can only append
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
		return errors.New("another process changed the file")
	}
	_, err = again.WriteAt(padding(written), end-int64(len(written)))
	return errors.Join(err, again.Close())
}

// padding returns lines that mean nothing, of the length of what they replace: blank values of an output "_".
// GitHub's runner ignores empty lines too, but act, Gitea and Forgejo reject them.
func padding(replaced []byte) []byte {
	const (
		minLine = len("_=\n")
		maxLine = 1000 // act ignores a line of more than 64 KiB, and whatever follows it
	)
	all := bytes.Repeat([]byte(" "), len(replaced))
	rest := all
	if replaced[0] == '\n' { // it ends a line of another program
		rest[0], rest = '\n', rest[1:]
	}
	for len(rest) > 0 {
		line := rest
		if len(rest) >= maxLine+minLine {
			line = rest[:maxLine]
		}
		rest = rest[len(line):]
		copy(line, "_=")
		if len(line) < minLine { // only where hardly anything was written
			line[0] = '\n'
		}
		line[len(line)-1] = '\n'
	}
	return all
}

// endsOpen reports whether the last line of a file lacks its line break, so that what is appended would
// become part of it. A line that is still being written looks the same; the cost is an empty line.
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
