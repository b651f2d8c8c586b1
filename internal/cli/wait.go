package cli

import (
	"context"
	"fmt"
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

	taskID   string           // the task followed; empty until it is found by name
	since    time.Time        // with task_name: the earliest creation, known from the first response on
	polls    int              // status requests
	task     client.Task      // as last seen
	progress *client.Progress // as last seen
}

func newWait(cfg *config.Config, start time.Time, stderr *console.AsyncWriter, getenv func(string) string) *wait {
	w := &wait{
		cfg:      cfg,
		start:    start,
		stderr:   stderr,
		secrets:  sanitize.NewSecrets(cfg.Secrets()...),
		timeline: &output.Timeline{},
		taskID:   cfg.TaskID,
	}
	options := console.Options{
		Out: stderr, Secrets: w.secrets, Getenv: getenv,
		JSON: cfg.LogFormat == "json", Quiet: cfg.Quiet, Start: start, Timeout: cfg.Timeout,
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
	waiter := poll.Waiter{
		Poll:           w.poll,
		Progress:       w.requestProgress,
		Observe:        w.observe,
		Schedule:       poll.NewSchedule(w.cfg.Interval, w.cfg.MaxInterval, rand.Float64),
		Start:          w.start,
		Timeout:        w.cfg.Timeout,
		NotFoundGrace:  w.cfg.NotFoundGrace,
		MaxOutage:      w.cfg.MaxOutage,
		RequestTimeout: w.cfg.RequestTimeout,
	}
	_, err = waiter.Wait(ctx)
	return err
}

// poll polls once, and keeps what it found for the report.
func (w *wait) poll(ctx context.Context) (task client.Task, err error) {
	if err := w.session.logIn(ctx); err != nil {
		return client.Task{}, err
	}
	w.polls++
	if w.taskID == "" {
		task, err = w.find(ctx)
	} else {
		task, err = w.session.client().Task(ctx, w.cfg.InstanceID, w.taskID)
	}
	if err == nil {
		w.task = task
	}
	return task, err
}

// find looks for the task by its name in the list. That entry is the result of this poll; the next ones
// request it by its id.
func (w *wait) find(ctx context.Context) (client.Task, error) {
	list, err := w.session.client().Tasks(ctx, w.cfg.InstanceID)
	if err != nil {
		return client.Task{}, err
	}
	now := time.Now()
	server, ok := list.Response.Clock(now)
	if !ok {
		server = now
	}
	if w.since.IsZero() { // fixed by the first response, so a later jump of the server's clock cannot move it
		w.since = w.cfg.Since.At
	}
	if w.since.IsZero() {
		// Counted back from the start of the wait: from now, the limit would move past the task's creation.
		w.since = server.Add(-time.Since(w.start) - w.cfg.Since.Ago)
	}
	task, found := list.Newest(w.cfg.TaskName, w.since)
	if found == 0 {
		return client.Task{}, &client.Error{
			Op:       fmt.Sprintf("find task %q", w.cfg.TaskName),
			Response: list.Response,
			Err:      &client.NoTaskError{Name: w.cfg.TaskName, Since: w.since, Listed: list.Tasks},
		}
	}
	w.taskID = task.ID
	created, _ := task.Created()
	w.log.Printf(console.EventFound, "found task %s, %s old", task.ID,
		result.Human(max(0, server.Sub(created)).Round(time.Second)))
	if found > 1 {
		w.log.Warnf(console.EventAmbiguous, "%d tasks named %q were created since %s: waiting for the newest",
			found, w.cfg.TaskName, w.since.UTC().Format(time.RFC3339))
	}
	return task, nil
}

func (w *wait) requestProgress(ctx context.Context, task client.Task) error {
	defer w.log.FlushRequest()
	progress, err := w.session.progressClient().Progress(ctx, w.cfg.InstanceID, task.ID)
	if err == nil {
		w.progress = &progress
		w.log.Progress(progress.Percent)
	}
	return err
}

func (w *wait) observe(p poll.Outcome) {
	w.timeline.Poll(p)
	w.log.Poll(p)
}

// report returns what the wait came to.
func (w *wait) report(err error) result.Report {
	now := time.Now()
	return result.Report{
		Result:   result.Conclude(w.task, err),
		Err:      err,
		TaskID:   w.taskID,
		Task:     w.task,
		Progress: w.progress,
		Waited:   now.Sub(w.start),
		Polls:    w.polls,
		At:       now,
		Secrets:  w.secrets,
	}
}

// request returns what was requested from whom.
func (w *wait) request() result.Request {
	request := result.Request{
		Endpoint:   w.cfg.Endpoint,
		Region:     w.cfg.Region,
		ProjectID:  w.cfg.ProjectID,
		InstanceID: w.cfg.InstanceID,
		TaskName:   w.cfg.TaskName,
		Since:      w.since,
		SucceedOn:  w.cfg.SucceedOn,
		InActions:  w.cfg.Actions.On,
	}
	if w.session != nil {
		request.ProjectID = w.session.projectID
		request.CredentialsHint = w.cfg.Login.Method.Hint
	}
	return request
}
