// Package cli is one run of the program, from its inputs to its exit code. It composes the other packages,
// and holds no rule of its own about polling, responses or outputs.
package cli

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
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
	MetadataAddress string // base URL of the ECS metadata service
}

// Run runs the program with args, which do not include its name, and returns the exit code. The end of ctx
// ends the wait; its cause says why, and is a result.Interrupt for a signal.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	app := App{Stdout: stdout, Stderr: stderr, Getenv: getenv, MetadataAddress: credential.MetadataAddress}
	return app.Run(ctx, args)
}

// Run is the program from its inputs to its exit code. The clock of the wait starts with it.
func (a App) Run(ctx context.Context, args []string) (exitCode int) {
	start := time.Now()
	stderr := console.NewAsyncWriter(a.Stderr)
	defer stderr.Close()
	bugs := bugReporter{log: console.New(console.Options{Out: stderr, Getenv: a.Getenv, Start: start})}
	defer bugs.recover(&exitCode)

	cfg, faults := config.Parse(ctx, args, a.Getenv)
	switch {
	case cfg.Help:
		return a.print(ctx, config.Help()+result.Help())
	case cfg.Version:
		return a.print(ctx, "dmswait "+version()+"\n")
	}
	w := newWait(cfg, start, stderr, a.Getenv)
	w.mask(cfg.Secrets()...) // before anything else is printed
	bugs.log, bugs.secretsKnown = w.log, true

	destinations, unusable := a.checkDestinations(ctx, cfg, w.destinations())
	faults = append(faults, unusable...)
	if cfg.DryRun && len(faults) == 0 {
		return a.print(ctx, plan(cfg, w.secrets))
	}
	endings := w.run(ctx, a.MetadataAddress, faults)
	return a.finish(ctx, w, endings, destinations)
}

// print prints help, version or plan.
func (a App) print(ctx context.Context, text string) (exitCode int) {
	if err := writeStdout(ctx, a.Stdout, text); err != nil {
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
