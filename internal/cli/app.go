// Package cli is one run of the program, from its inputs to its exit code. It composes the other packages, and holds no
// rule of its own about polling, responses or outputs.
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
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// App is the program apart from its inputs: what it writes to, and the machine that it runs on.
type App struct {
	Stdout, Stderr  io.Writer
	Getenv          func(string) string
	MetadataAddress string // base URL of the ECS metadata service
}

// Run runs the program with args, which do not include its name, and returns the exit code. The end of ctx ends the wait;
// its cause says why, and is a result.Interrupt for a signal.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	app := App{Stdout: stdout, Stderr: stderr, Getenv: getenv, MetadataAddress: credential.MetadataAddress}
	return app.Run(ctx, args)
}

// Run is the program from its inputs to its exit code. The clock of the wait starts with it.
func (a App) Run(ctx context.Context, args []string) (exitCode int) {
	start := time.Now()
	stderr := console.NewAsyncWriter(a.Stderr)
	defer stderr.Close()
	bug := bugReporter{log: console.New(console.Options{Out: stderr, Getenv: a.Getenv, Start: start})}
	defer bug.recover(&exitCode)

	cfg, faults := config.Parse(ctx, args, a.Getenv)
	switch {
	case cfg.Help:
		return a.print(ctx, config.Help()+result.Help())
	case cfg.Version:
		return a.print(ctx, "dmswait "+version()+"\n")
	}
	secrets := sanitize.NewSecrets(cfg.Secrets()...)
	actions := output.NewActions(stderr, a.Getenv)
	mask := func(secrets ...string) {
		if cfg.Actions.On {
			for _, secret := range secrets {
				actions.Mask(secret)
			}
		}
	}
	mask(cfg.Secrets()...) // before anything else is printed
	options := console.Options{
		Out: stderr, Secrets: secrets, Getenv: a.Getenv,
		JSON: cfg.LogFormat == "json", Quiet: cfg.Quiet, Start: start, Timeout: cfg.Timeout,
	}
	if cfg.Actions.On {
		options.Annotator = actions
	}
	log := console.New(options)
	bug = bugReporter{log: log, secretsKnown: true}

	timeline := &output.Timeline{}
	destinations := a.destinations(cfg, log, timeline)
	usable, unusable := a.checkDestinations(ctx, cfg, destinations)
	faults = append(faults, unusable...)
	if cfg.DryRun {
		usable = nil // not even for faults
		if len(faults) == 0 {
			return a.print(ctx, plan(cfg, secrets))
		}
	}
	w := &wait{cfg: cfg, start: start, log: log, secrets: secrets, mask: mask, timeline: timeline, taskID: cfg.TaskID}
	err := w.run(ctx, a.MetadataAddress, faults)
	return a.finish(ctx, w, err, usable, stderr)
}

// print prints what was requested instead of a wait.
func (a App) print(ctx context.Context, text string) (exitCode int) {
	if err := writeStdout(ctx, a.Stdout, text); err != nil {
		return result.NotWritten
	}
	return 0
}

// bugReporter recovers from a panic outside the wait, which recovers from its own so that outputs are written.
type bugReporter struct {
	log          *console.Log
	secretsKnown bool // before, a panic's value could be a secret: only its type is shown
}

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
