package cli

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// wait is one wait for a task, and what it has seen so far.
type wait struct {
	cfg      *config.Config
	start    time.Time
	stderr   *console.AsyncWriter
	log      *console.Log
	actions  *output.Actions // nil outside GitHub Actions
	secrets  *sanitize.Secrets
	timeline *output.Timeline
	session  *session // nil before the first request

	poller   *target.Poller
	state    target.State     // as last seen
	progress *client.Progress // as last seen
}

func newWait(cfg *config.Config, start time.Time, stderr *console.AsyncWriter, getenv func(string) string) *wait {
	w := &wait{
		cfg:      cfg,
		start:    start,
		stderr:   stderr,
		secrets:  sanitize.NewSecrets(cfg.Secrets()...),
		timeline: &output.Timeline{},
	}
	w.poller = &target.Poller{
		Targets: []target.Target{{InstanceID: cfg.InstanceID, TaskID: cfg.TaskID, TaskName: cfg.TaskName}},
		Since:   cfg.Since.At,
		Ago:     cfg.Since.Ago,
		Start:   start,
		Note:    w.note,
	}
	options := console.Options{
		Out: stderr, Secrets: w.secrets, Getenv: getenv,
		JSON: cfg.LogFormat == "json", Quiet: cfg.Quiet, Debug: cfg.Debug, Start: start, Timeout: cfg.Timeout,
	}
	if cfg.Actions.On {
		w.actions = output.NewActions(stderr, getenv)
		options.Annotator = w.actions // only here: a nil *Actions in the interface would not compare equal to nil
	}
	w.log = console.New(options)
	return w
}

// mask has the runner of GitHub Actions replace secrets in whatever the job prints from now on.
func (w *wait) mask(secrets ...string) {
	if w.actions == nil {
		return
	}
	for _, secret := range secrets {
		w.actions.Mask(secret)
	}
}

// run waits for the task, unless the inputs have faults or a signal has come already. A panic is an error.
func (w *wait) run(ctx context.Context, metadataAddress string, faults config.Faults) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = result.Panic{Value: bug, Stack: string(debug.Stack())}
		}
	}()
	switch {
	case ctx.Err() != nil: // which may be the reason for faults: a file was not read to its end
		return context.Cause(ctx)
	case len(faults) > 0:
		return faults
	}
	w.log.Printf(console.EventStart, "%s", w.announcement())
	w.log.Open()
	w.session = w.newSession(metadataAddress)
	defer w.session.close()
	w.poller.Client = w.session.loggedIn
	waiter := poll.Waiter{
		Sources:        target.Sources(w.poller.Targets),
		Poll:           w.poller.Poll,
		Progress:       w.requestProgress,
		Observe:        w.observe,
		Schedule:       poll.NewSchedule(w.cfg.Interval, w.cfg.MaxInterval, rand.Float64),
		Start:          w.start,
		Timeout:        w.cfg.Timeout,
		NotFoundGrace:  w.cfg.NotFoundGrace,
		MaxOutage:      w.cfg.MaxOutage,
		RequestTimeout: w.cfg.RequestTimeout,
	}
	return waiter.Wait(ctx)[0].Err
}

// note shows what a person should know of a target.
func (w *wait) note(_ int, note target.Note) {
	switch note.Kind {
	case target.Found:
		w.log.Printf(console.EventFound, "found task %s, %s old", note.Task.ID, result.Human(note.Age.Round(time.Second)))
		ended, ok := note.Task.SinceEnd(time.Now())
		if before := (ended - time.Since(w.start)).Round(time.Second); ok && before > 0 {
			w.log.Warnf(console.EventEarlier, "task %s had ended %s before the wait began: is since right?", note.Task.ID,
				result.Human(before))
		}
	case target.Ambiguous:
		w.log.Warnf(console.EventAmbiguous, "%d tasks named %q were created since %s: waiting for the newest",
			note.Count, w.cfg.TaskName, w.poller.Since.UTC().Format(time.RFC3339))
	}
}

func (w *wait) requestProgress(ctx context.Context, _ int) error {
	defer w.log.FlushRequest()
	progress, err := w.session.progressClient().Progress(ctx, w.cfg.InstanceID, w.state.Task.ID)
	if err == nil {
		w.progress = &progress
		w.log.Progress(progress.Percent)
	}
	return err
}

func (w *wait) observe(p poll.Outcome) {
	if p.Err == nil {
		w.state = p.State
	}
	w.timeline.Poll(p)
	w.log.Poll(p)
}

// report returns what the wait came to.
func (w *wait) report(err error) result.Report {
	now := time.Now()
	return result.Report{
		Result:   result.Conclude(w.state, err),
		Err:      err,
		Target:   w.poller.Targets[0],
		State:    w.state,
		Progress: w.progress,
		Waited:   now.Sub(w.start),
		Polls:    w.poller.Requests(),
		At:       now,
		Secrets:  w.secrets,
	}
}

// request returns what was requested from whom.
func (w *wait) request() result.Request {
	request := result.Request{
		Endpoint:  w.cfg.Endpoint,
		Region:    w.cfg.Region,
		ProjectID: w.cfg.ProjectID,
		Since:     w.poller.Since,
		SucceedOn: w.cfg.SucceedOn,
		InActions: w.cfg.Actions.On,
		Debug:     w.cfg.Debug,
	}
	if w.session != nil {
		request.ProjectID = w.session.projectID
		request.CredentialsHint = w.cfg.Login.Method.Hint
	}
	return request
}
