package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/output"
)

// destinations returns where the report is to be written, stdout aside. The order is that of the checks: the
// folder of results_dir comes before output_file, which cannot be that folder as well.
func (w *wait) destinations() []output.Destination {
	warnf := func(format string, args ...any) { w.log.Warnf(console.EventLeftOut, format, args...) }
	var all []output.Destination
	if path := w.cfg.Actions.Output; path != "" {
		all = append(all, output.StepOutputs{Path: path})
	}
	if path := w.cfg.Actions.StepSummary; path != "" {
		all = append(all, output.JobSummary{Path: path, Timeline: w.timeline})
	}
	if path := w.cfg.ResultsDir; path != "" {
		all = append(all, output.ResultsFolder{Path: path, Warnf: warnf})
	}
	if path := w.cfg.OutputFile; path != "" {
		all = append(all, output.ResultFile{Path: path, Prefix: w.cfg.OutputPrefix, Warnf: warnf})
	}
	return all
}

// checkDestinations finds out, before any request is sent, whether the report can be written. It returns the
// destinations that can be used, and what is wrong with the others: one fault each. A dry run returns
// none, because it changes nothing.
func (a App) checkDestinations(until *limits, cfg *config.Config, all []output.Destination) (
	usable []output.Destination, faults config.Faults) {

	problems := a.clashes(until, cfg, all)
	for range 2 { // again, since a folder that one check creates may be in the way of another destination's file
		for i, destination := range all {
			if problems[i] != "" || cfg.DryRun {
				continue
			}
			if err := file.Bounded(until.checks, destination.Check); err != nil {
				problems[i] = fmt.Sprintf("cannot be written: %v", err)
			}
		}
	}
	if !cfg.DryRun {
		// Now that the checks have created folders, paths that lead through them mean files that exist.
		for i, problem := range a.clashes(until, cfg, all) {
			if problems[i] == "" {
				problems[i] = problem
			}
		}
	}
	for i, destination := range all {
		switch {
		case problems[i] != "":
			text := destination.Name() + " " + problems[i]
			brief, _, _ := strings.Cut(text, ":") // what follows may hold a path
			faults = append(faults, config.Fault{Input: destination.Name(), Text: text, Brief: brief})
		case !cfg.DryRun:
			usable = append(usable, destination)
		}
	}
	return usable, faults
}

// clashes returns for each destination what is wrong if one of its files is a file of others, or one of an earlier
// destination. If a file system hangs, the check is abandoned after a signal, and those that replace files are faults.
func (a App) clashes(until *limits, cfg *config.Config, all []output.Destination) []string {
	found := make(chan []string, 1)
	err := file.Bounded(until.checks, func() error {
		taken := a.filesOfOthers(cfg)
		problems := make([]string, len(all))
		for i, destination := range all {
			problems[i], taken = clash(destination, taken)
		}
		found <- problems
		return nil
	})
	if err == nil {
		return <-found
	}
	problems := make([]string, len(all))
	for i, destination := range all {
		if !destination.Files()[0].Appends {
			problems[i] = fmt.Sprintf("cannot be checked: %v", err)
		}
	}
	return problems
}

// clash returns what is wrong if a destination would write to a taken file, and the taken files with its own.
// Paths are compared by the files that they mean, however they are spelled and whatever links lead there.
func clash(destination output.Destination, taken []takenFile) (problem string, all []takenFile) {
	for _, f := range destination.Files() {
		own := takenFile{name: destination.Name(), identity: file.Identify(f.Path)}
		if f.Name != "" {
			own.name = f.Name + " in " + own.name
		}
		for _, other := range taken {
			if other.foreign && f.Appends || !own.identity.Same(other.identity) {
				continue
			}
			problem = fmt.Sprintf("is the same file as %s: use another path", other.name)
			if f.Name != "" {
				problem = fmt.Sprintf("cannot be used: its file %s %s", f.Name, problem)
			}
			return problem, taken
		}
		taken = append(taken, own)
	}
	return "", taken
}

// takenFile is a file that no destination may write to.
type takenFile struct {
	name     string // the input, variable or stream that names it: its path may be a misplaced secret
	identity file.Identity
	foreign  bool // not one of our own destinations: appending to it does no harm
}

// filesOfOthers returns the files of the runner, those that we read, and what stdout and stderr go to.
func (a App) filesOfOthers(cfg *config.Config) []takenFile {
	var files []takenFile
	for _, f := range cfg.ProtectedFiles(a.Getenv) {
		files = append(files, takenFile{name: f.Name, identity: file.Identify(f.Path), foreign: true})
	}
	for _, stream := range []struct {
		name   string
		writer io.Writer
	}{{"stdout", a.Stdout}, {"stderr", a.Stderr}} {
		if f, ok := stream.writer.(*os.File); ok {
			files = append(files, takenFile{name: stream.name, identity: file.IdentifyOpen(f), foreign: true})
		}
	}
	return files
}
