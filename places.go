package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/report"
)

// tryPlaces finds out, before anything is asked of anybody, whether the result can be written where
// it is to go. Where it cannot, it is not to go, not even a result that says so. A file system that
// hangs is given up after a signal, as in publish.
func (w *wait) tryPlaces(ctx context.Context, getenv func(string) string, stderr io.Writer) []config.Fault {
	var faults []config.Fault
	inputs := map[string]*string{
		"GITHUB_STEP_SUMMARY": &w.cfg.StepSummary,
		"output_file":         &w.cfg.OutputFile,
		"results_dir":         &w.cfg.ResultsDir,
	}
	fault := func(input, problem string) {
		faults = append(faults, config.Fault{Input: input, Problem: problem})
		*inputs[input] = ""
	}
	try := func(input string, how func(path string) error) {
		path := *inputs[input]
		if path == "" {
			return
		}
		if err := report.Bounded(ctx, func() error { return how(path) }); err != nil {
			fault(input, fmt.Sprintf("can't be written: %v", err))
		}
	}
	own, foreign := w.ownPlaces(), w.foreignPlaces(getenv, stderr)
	found := make(chan []clash, 1)
	err := report.Bounded(ctx, func() error {
		found <- findClashes(own, foreign)
		return nil
	})
	if err != nil { // after a signal, and it is not known what would be lost
		w.cfg.StepSummary, w.cfg.OutputFile, w.cfg.ResultsDir = "", "", ""
	} else {
		for _, c := range <-found {
			if *inputs[c.input] != "" { // one fault for each is enough
				fault(c.input, c.problem)
			}
		}
	}
	if w.cfg.DryRun { // which writes no outputs, not even of faults
		w.cfg.OutputFile, w.cfg.ResultsDir, w.cfg.GitHubOutput, w.cfg.StepSummary = "", "", "", ""
	}
	// The folder comes first: what is to be a folder cannot be a file as well.
	try("results_dir", report.TryFolder)
	try("output_file", report.TryFile)
	try("results_dir", tryResults)
	return faults
}

// tryResults tries what is in the folder already where a result is to go.
func tryResults(folder string) error {
	for _, output := range report.OutputMeanings() {
		if err := report.TryFile(filepath.Join(folder, output[0])); err != nil {
			return fmt.Errorf("%s: %w", output[0], err)
		}
	}
	return nil
}

// place is a file that is somebody's.
type place struct {
	input string // or the variable or stream that names it
	file  string // its name in results_dir; else empty
	path  string
	open  *os.File // instead of a path
	added bool     // it is appended to, and nothing of it is lost by that
}

// String names it without its path, which may be a secret in the wrong place.
func (p place) String() string {
	if p.file != "" {
		return p.file + " in " + p.input
	}
	return p.input
}

func (p place) identity() report.Identity {
	if p.open != nil {
		return report.IdentifyOpen(p.open)
	}
	return report.Identify(p.path)
}

// ownPlaces are the files that the result is to be written to.
func (w *wait) ownPlaces() (own []place) {
	add := func(p place) {
		if p.path != "" {
			own = append(own, p)
		}
	}
	add(place{input: "GITHUB_OUTPUT", path: w.cfg.GitHubOutput, added: true})
	add(place{input: "GITHUB_STEP_SUMMARY", path: w.cfg.StepSummary, added: true})
	add(place{input: "output_file", path: w.cfg.OutputFile})
	if folder := w.cfg.ResultsDir; folder != "" {
		for _, output := range report.OutputMeanings() {
			add(place{input: "results_dir", file: output[0], path: filepath.Join(folder, output[0])})
		}
	}
	return own
}

// foreignPlaces are the files that the result must not replace: those of the runner, those that we
// read, and what stdout and stderr go to.
func (w *wait) foreignPlaces(getenv func(string) string, stderr io.Writer) (foreign []place) {
	for _, file := range w.cfg.Foreign(getenv) {
		foreign = append(foreign, place{input: file.Name, path: file.Path})
	}
	for name, stream := range map[string]io.Writer{"stdout": w.stdout, "stderr": stderr} {
		if file, ok := stream.(*os.File); ok {
			foreign = append(foreign, place{input: name, open: file})
		}
	}
	return foreign
}

// clash is what is wrong with an input that names somebody else's file.
type clash struct{ input, problem string }

// findClashes finds own places that are the same file as an earlier one or, where they would
// replace it, as one of others. Paths are compared by the files that they mean, so that no link and
// no other spelling hides one.
func findClashes(own, foreign []place) (clashes []clash) {
	identities := map[place]report.Identity{}
	for _, p := range append(append([]place{}, own...), foreign...) {
		identities[p] = p.identity()
	}
	for i, p := range own {
		others := own[:i]
		if !p.added {
			others = append(append([]place{}, others...), foreign...)
		}
		for _, other := range others {
			if identities[p].Same(identities[other]) {
				problem := fmt.Sprintf("is the same file as %s: give it a path of its own", other)
				if p.file != "" {
					problem = "its file " + p.file + " " + problem
				}
				clashes = append(clashes, clash{p.input, problem})
				break
			}
		}
	}
	return clashes
}
