package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/output"
)

// destinations returns where the report is to be written, stdout aside. The order is that of the checks: what is to be a
// folder cannot be a file as well.
func (a App) destinations(cfg *config.Config, log *console.Log, timeline *output.Timeline) []output.Destination {
	warnf := func(format string, args ...any) { log.Warnf("left_out", format, args...) }
	var all []output.Destination
	if path := cfg.Actions.Output; path != "" {
		all = append(all, output.StepOutputs{Path: path})
	}
	if path := cfg.Actions.StepSummary; path != "" {
		all = append(all, output.JobSummary{Path: path, Timeline: timeline})
	}
	if path := cfg.ResultsDir; path != "" {
		all = append(all, output.ResultsFolder{Path: path, Warnf: warnf})
	}
	if path := cfg.OutputFile; path != "" {
		all = append(all, output.ResultFile{Path: path, Prefix: cfg.OutputPrefix, Warnf: warnf})
	}
	return all
}

// checkDestinations finds out, before any request is sent, whether the report can be written. It returns the destinations
// that can be used, and what is wrong with the others. A file system that hangs is given up after a signal.
func (a App) checkDestinations(ctx context.Context, cfg *config.Config, destinations []output.Destination) (
	usable []output.Destination, faults config.Faults) {

	taken := a.takenFiles(cfg)
	for _, destination := range destinations {
		problem := make(chan string, 1)
		err := file.Bounded(ctx, func() error {
			problem <- clash(destination, taken)
			return nil
		})
		if err != nil { // a signal: it is not known what would be overwritten
			continue
		}
		text := <-problem
		if text == "" && !cfg.DryRun { // which changes nothing
			if err := file.Bounded(ctx, destination.Check); err != nil {
				text = fmt.Sprintf("cannot be written: %v", err)
			}
		}
		if text != "" {
			name := destination.Name()
			faults = append(faults, config.Fault{Input: name, Text: name + " " + text})
			continue
		}
		usable = append(usable, destination)
		for _, f := range destination.Files() {
			taken = append(taken, takenFile{name: fileName(destination, f), path: f.Path, appends: f.Appends})
		}
	}
	return usable, faults
}

// takenFile is a file that the report must not be written to, unless both append to it.
type takenFile struct {
	name    string // the input, variable or stream that names it: its path may be a misplaced secret
	path    string
	open    *os.File // instead of a path
	appends bool
	foreign bool // not one of our own destinations
}

func (t takenFile) identity() file.Identity {
	if t.open != nil {
		return file.IdentifyOpen(t.open)
	}
	return file.Identify(t.path)
}

// takenFiles returns the files of the runner, those that we read, and what stdout and stderr go to.
func (a App) takenFiles(cfg *config.Config) []takenFile {
	var taken []takenFile
	for _, f := range cfg.FilesOfOthers(a.Getenv) {
		taken = append(taken, takenFile{name: f.Name, path: f.Path, foreign: true})
	}
	for name, stream := range map[string]io.Writer{"stdout": a.Stdout, "stderr": a.Stderr} {
		if f, ok := stream.(*os.File); ok {
			taken = append(taken, takenFile{name: name, open: f, foreign: true})
		}
	}
	return taken
}

// clash returns what is wrong with a destination that would write to a taken file. Paths are compared by the files that
// they mean, whatever links lead there and however they are spelled.
func clash(destination output.Destination, taken []takenFile) string {
	for _, f := range destination.Files() {
		identity := file.Identify(f.Path)
		for _, other := range taken {
			// The runner's files are for appending to.
			if other.foreign && f.Appends || !identity.Same(other.identity()) {
				continue
			}
			problem := fmt.Sprintf("is the same file as %s: use another path", other.name)
			if f.Name != "" {
				problem = fmt.Sprintf("cannot be used: its file %s %s", f.Name, problem)
			}
			return problem
		}
	}
	return ""
}

func fileName(destination output.Destination, f output.File) string {
	if f.Name == "" {
		return destination.Name()
	}
	return filepath.Join(destination.Name(), f.Name)
}
