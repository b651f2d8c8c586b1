// Package cli is one run of the program, from its inputs to its exit code. It composes the other packages,
// and holds no rule of its own about polling, responses or outputs.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/result"
)

// App is the program apart from its inputs: what it writes to, and the machine that it runs on.
type App struct {
	Stdout, Stderr  io.Writer
	Getenv          func(string) string
	Environ         func() []string // NAME=value, as os.Environ returns it
	MetadataAddress string          // base URL of the ECS metadata service
}

// Run runs the program with args, which do not include its name, and returns the exit code. The end of ctx
// ends the wait; its cause says why, and is a result.Interrupt for a signal.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	app := App{
		Stdout: stdout, Stderr: stderr, Getenv: getenv, Environ: os.Environ, MetadataAddress: credential.MetadataAddress,
	}
	return app.Run(ctx, args)
}

// Run is the program from its inputs to its exit code. The clock of the wait starts with it.
func (a App) Run(ctx context.Context, args []string) (exitCode int) {
	start, until := time.Now(), &limits{end: context.Background()}
	stderr := console.NewAsyncWriter(a.Stderr)
	defer func() { bounded(until.end, stderr.Close) }()
	bugs := bugReporter{log: console.New(console.Options{Out: stderr, Getenv: a.Getenv, Start: start})}
	defer bugs.recover(&exitCode)

	cfg, faults := config.Parse(ctx, args, a.Getenv, a.variables())
	switch {
	case cfg.Help:
		return a.print(newLimits(ctx), config.Help()+result.Help())
	case cfg.Version:
		return a.print(newLimits(ctx), "dmswait "+version()+"\n")
	}
	w := newWait(cfg, start, stderr, a.Getenv)
	w.mask(cfg.Secrets()...) // before anything else is printed
	bugs.log, bugs.secretsKnown = w.log, true
	until = newLimits(ctx)

	destinations, unusable := a.checkDestinations(until, cfg, w.destinations())
	faults = append(faults, unusable...)
	if cfg.DryRun && len(faults) == 0 {
		w.warn()
		return a.print(until, plan(cfg, w.secrets))
	}
	endings := w.run(ctx, a.MetadataAddress, faults)
	return a.finish(until, w, endings, destinations)
}

// variables returns the names of the environment's variables.
func (a App) variables() []string {
	var names []string
	for _, variable := range a.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	return names
}

// print prints help, version or plan.
func (a App) print(until *limits, text string) (exitCode int) {
	if err := writeStdout(until, a.Stdout, text); err != nil {
		return result.NotWritten
	}
	return 0
}

// bugReporter reports a panic outside the wait. The wait recovers from its own, so that outputs are written.
type bugReporter struct {
	log          *console.Log
	secretsKnown bool // until then a panic's value could be a secret, and only its type is shown
}

// recover has to be deferred. It recovers from a panic, reports it and sets the exit code.
func (b *bugReporter) recover(exitCode *int) {
	bug := recover()
	if bug == nil {
		return
	}
	*exitCode = result.Internal.Code
	if !b.secretsKnown {
		bug = fmt.Sprintf("a panic of type %T before the inputs were read", bug)
	}
	b.log.Bug(result.Panic{Value: bug, Stack: string(debug.Stack())})
}
