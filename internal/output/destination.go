package output

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/result"
)

// Destination is somewhere a report is written to. Check and Write may block, on a pipe or on a file system
// that hangs: call them through file.Bounded.
type Destination interface {
	// Name returns the input or variable that requests the destination.
	Name() string
	// Required reports whether a run fails if the report cannot be written.
	Required() bool
	// Files returns the files that Write writes.
	Files() []File
	// Check finds out whether Write will be able to write, and changes nothing that exists. It is for the time
	// before the first request.
	Check() error
	// Write writes the report.
	Write(*result.Report) error
}

// File is a file that a destination writes.
type File struct {
	Name    string // in results_dir: the output this file holds; elsewhere empty
	Path    string
	Appends bool // the file's content is kept
}

// ResultFile is the destination of output_file: JSON where the path ends in .json, in upper or lower case,
// otherwise dotenv.
type ResultFile struct {
	Path   string
	Prefix string // of the keys in dotenv
	Warnf  func(format string, args ...any)
}

// Name returns output_file.
func (f ResultFile) Name() string { return "output_file" }

// Required returns true.
func (f ResultFile) Required() bool { return true }

// Files returns the file.
func (f ResultFile) Files() []File { return []File{{Path: f.Path}} }

// Check finds out whether the file can be written.
func (f ResultFile) Check() error { return file.Check(f.Path) }

// Write replaces the file.
func (f ResultFile) Write(r *result.Report) error {
	if strings.EqualFold(filepath.Ext(f.Path), ".json") {
		return file.Write(f.Path, []byte(JSON(r)+"\n"))
	}
	content, emptied := dotenv(r, f.Prefix)
	warnEmptied(f.Warnf, f.Name(), emptied)
	return file.Write(f.Path, []byte(content))
}

// ResultsFolder is the destination of results_dir: a file for each output, with the output's name (Tekton,
// Argo).
type ResultsFolder struct {
	Path  string
	Warnf func(format string, args ...any)
}

// Name returns results_dir.
func (f ResultsFolder) Name() string { return "results_dir" }

// Required returns true.
func (f ResultsFolder) Required() bool { return true }

// Files returns the file of each output.
func (f ResultsFolder) Files() []File {
	var files []File
	for _, output := range Outputs() {
		files = append(files, File{Name: output.Name, Path: filepath.Join(f.Path, output.Name)})
	}
	return files
}

// Check creates the folder if there is none, and finds out whether the files can be written.
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
func (f ResultsFolder) Write(r *result.Report) error {
	outputs, emptied := folderValues(r)
	warnEmptied(f.Warnf, f.Name(), emptied)
	for _, output := range outputs {
		if err := file.Write(filepath.Join(f.Path, output.name), []byte(output.text)); err != nil {
			return fmt.Errorf("%s: %w", output.name, err)
		}
	}
	return nil
}

// folderValues returns the outputs for a results folder, and the names of those that did not fit and are empty.
func folderValues(r *result.Report) (outputs []named, emptied []string) {
	outputs = shortValues(r)
	emptied = fit(outputs, func() (size int) {
		for _, output := range outputs {
			size += len(output.text)
		}
		return size
	})
	return outputs, emptied
}

func warnEmptied(warnf func(string, ...any), destination string, emptied []string) {
	if len(emptied) > 0 {
		warnf("%s is limited to %d bytes; left empty: %s", destination, maxSmall, strings.Join(emptied, ", "))
	}
}
