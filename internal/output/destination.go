package output

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/result"
)

// Destination is somewhere a report is written to. A destination may block, and be left behind then: see file.Bounded.
type Destination interface {
	// Name returns the input or variable that requests it.
	Name() string
	// Files returns the files that it writes.
	Files() []File
	// Check finds out whether the files can be written, before any request is sent, and changes nothing that exists.
	Check() error
	// Write writes the report.
	Write(result.Report) error
}

// File is a file that a destination writes.
type File struct {
	Name    string // in results_dir; empty elsewhere
	Path    string
	Appends bool // what it holds is kept
}

// ResultFile is the destination of output_file: JSON where the path ends in .json, otherwise dotenv.
type ResultFile struct {
	Path   string
	Prefix string // of the keys in dotenv
	Warnf  func(format string, args ...any)
}

// Name returns output_file.
func (f ResultFile) Name() string { return "output_file" }

// Files returns the file.
func (f ResultFile) Files() []File { return []File{{Path: f.Path}} }

// Check finds out whether the file can be written.
func (f ResultFile) Check() error { return file.Check(f.Path) }

// Write replaces the file.
func (f ResultFile) Write(r result.Report) error {
	if strings.HasSuffix(f.Path, ".json") {
		return file.Write(f.Path, []byte(JSON(r)+"\n"))
	}
	content, dropped := dotenv(r, f.Prefix)
	warnDropped(f.Warnf, f.Name(), dropped)
	return file.Write(f.Path, []byte(content))
}

// ResultsFolder is the destination of results_dir: a file for each output, named like it (Tekton, Argo).
type ResultsFolder struct {
	Path  string
	Warnf func(format string, args ...any)
}

// Name returns results_dir.
func (f ResultsFolder) Name() string { return "results_dir" }

// Files returns the file of each output.
func (f ResultsFolder) Files() []File {
	var files []File
	for _, output := range Outputs() {
		files = append(files, File{Name: output.Name, Path: filepath.Join(f.Path, output.Name)})
	}
	return files
}

// Check makes the folder if there is none, and finds out whether the files can be written.
func (f ResultsFolder) Check() error {
	if err := file.CheckFolder(f.Path); err != nil {
		return err
	}
	for _, each := range f.Files() {
		if err := file.Check(each.Path); err != nil {
			return fmt.Errorf("%s: %w", each.Name, err)
		}
	}
	return nil
}

// Write replaces the files.
func (f ResultsFolder) Write(r result.Report) error {
	outputs := smallValues(r)
	dropped := drop(outputs, func() (size int) {
		for _, output := range outputs {
			size += len(output.text)
		}
		return size
	})
	warnDropped(f.Warnf, f.Name(), dropped)
	for _, output := range outputs {
		if err := file.Write(filepath.Join(f.Path, output.name), []byte(output.text)); err != nil {
			return err
		}
	}
	return nil
}

func warnDropped(warnf func(string, ...any), destination string, dropped []string) {
	if len(dropped) > 0 {
		warnf("%s is limited to %d bytes: %s left empty there", destination, maxSmall, strings.Join(dropped, " and "))
	}
}
