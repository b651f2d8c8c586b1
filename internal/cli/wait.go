package cli

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"slices"
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

// wait is one wait for targets, and what it has seen so far.
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
	waiter   *poll.Waiter            // nil before the first request
	progress map[int]client.Progress // of targets, as last seen
}

func newWait(cfg *config.Config, start time.Time, stderr *console.AsyncWriter, getenv func(string) string) *wait {
	w := &wait{
		cfg:      cfg,
		start:    start,
		stderr:   stderr,
		secrets:  sanitize.NewSecrets(cfg.Secrets()...),
		timeline: &output.Timeline{},
		progress: map[int]client.Progress{},
	}
	w.poller = &target.Poller{
		Targets: slices.Clone(cfg.Targets),
		Since:   cfg.Since.At,
		Ago:     cfg.Since.Ago,
		Start:   start,
		Note:    w.note,
	}
	options := console.Options{
		Out: stderr, Secrets: w.secrets, Getenv: getenv,
		JSON: cfg.LogFormat == "json", Quiet: cfg.Quiet, Debug: cfg.Debug,
		Start: start, Timeout: cfg.Timeout, Targets: w.poller.Targets,
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

// run waits for the targets, unless the inputs have faults or a signal has come already. It returns how the wait for
// each ended. A panic is an error of those that were left.
func (w *wait) run(ctx context.Context, metadataAddress string, faults config.Faults) (endings []poll.Ending) {
	defer func() {
		if bug := recover(); bug != nil {
			endings = w.endings(result.Panic{Value: bug, Stack: string(debug.Stack())})
		}
	}()
	switch {
	case ctx.Err() != nil: // which may be the reason for faults: a file was not read to its end
		return w.endings(context.Cause(ctx))
	case len(faults) > 0:
		w.warn()
		return w.endings(faults)
	}
	w.log.Printf(console.EventStart, "%s", w.announcement())
	w.warn()
	w.log.Open()
	w.session = w.newSession(metadataAddress)
	defer w.session.close()
	w.poller.Client = w.session.loggedIn
	w.waiter = &poll.Waiter{
		Sources:        target.Sources(w.poller.Targets),
		Poll:           w.poller.Poll,
		Progress:       w.requestProgress,
		Observe:        w.observe,
		Schedule:       poll.NewSchedule(w.cfg.Interval, w.cfg.MaxInterval, rand.Float64),
		Start:          w.start,
		Timeout:        w.cfg.Timeout,
		Settle:         w.cfg.Settle,
		NotFoundGrace:  w.cfg.NotFoundGrace,
		MaxOutage:      w.cfg.MaxOutage,
		RequestTimeout: w.cfg.RequestTimeout,
	}
	if w.cfg.FailFast {
		w.waiter.FailFast = w.hasFailed
	}
	return w.waiter.Wait(ctx)
}

// warn shows what is probably a mistake in the inputs.
func (w *wait) warn() {
	for _, warning := range w.cfg.Warnings {
		w.log.Warnf(console.EventInput, "%s", warning)
	}
}

// endings returns how the wait for each target ended. The error is that of the targets that are left; without any
// target, because the inputs name none, it is that of the run.
func (w *wait) endings(err error) []poll.Ending {
	if w.waiter != nil {
		return w.waiter.Endings(err)
	}
	endings := make([]poll.Ending, max(1, len(w.poller.Targets)))
	for i := range endings {
		endings[i].Err = err
	}
	return endings
}

// hasFailed reports whether the end of a target makes the run fail.
func (w *wait) hasFailed(_ int, end *poll.Ending) bool {
	return result.ExitCode(result.Conclude(&end.State, end.Err), w.cfg.SucceedOn, true) != 0
}

// note shows what a person should know of a target, each thing once.
func (w *wait) note(i int, note target.Note) {
	switch note.Kind {
	case target.Found:
		w.log.Found(i, note.Task.ID, note.Age)
		ended, ok := note.Task.SinceEnd(time.Now())
		if before := (ended - time.Since(w.start)).Round(time.Second); ok && before > 0 {
			w.log.WarnOf(i, console.EventEarlier, "task %s had ended %s before the wait began: is since right?",
				note.Task.ID, result.Human(before))
		}
	case target.Ambiguous:
		w.log.WarnOf(i, console.EventAmbiguous, "%d tasks named %q were created since %s: waiting for the newest",
			note.Count, w.poller.Targets[i].TaskName, w.poller.Since.UTC().Format(time.RFC3339))
	case target.NeverSeen:
		w.log.WarnOf(i, console.EventNeverSeen, "the instance did not exist at the first poll: "+
			"if it did before, check region and project_id")
	case target.LeftBehind:
		w.log.WarnOf(i, console.EventLeftBehind,
			"ignored tasks that have not ended in 24h, and probably never will: %d", note.Count)
	}
}

func (w *wait) requestProgress(ctx context.Context, i int) error {
	defer w.log.FlushRequest()
	t := w.poller.Targets[i]
	progress, err := w.session.progressClient().Progress(ctx, t.InstanceID, t.TaskID)
	if err == nil {
		w.progress[i] = progress
		w.log.Progress(i, progress.Percent)
	}
	return err
}

func (w *wait) observe(p *poll.Outcome) {
	w.timeline.Poll(p)
	w.log.Poll(p)
}

// report returns what the wait came to.
func (w *wait) report(endings []poll.Ending) *result.Report {
	now := time.Now()
	all := make([]result.Report, len(endings))
	for i, end := range endings {
		all[i] = result.Report{
			Result:  result.Conclude(&end.State, end.Err),
			Err:     end.Err,
			State:   end.State,
			Waited:  now.Sub(w.start),
			Polls:   w.poller.Requests(),
			At:      now,
			Secrets: w.secrets,
		}
		if i < len(w.poller.Targets) {
			all[i].Target = w.poller.Targets[i]
		}
		if progress, ok := w.progress[i]; ok {
			all[i].Progress = &progress
		}
	}
	return result.Decide(all, w.cfg.SucceedOn)
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
		if err := w.session.transport.Lapse(); err != nil {
			request.CredentialsHint = "the credentials have expired or were revoked, and could not be renewed: " + w.textOf(err)
		}
	}
	return request
}
