// Package cli is one run of the program, from its inputs to its exit code: it composes the other packages, and holds
// no rule of its own about polling, responses or outputs.
package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/report"
)

// Run is [App.Run] with the real metadata service.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	return App{Stdout: stdout, Stderr: stderr, Getenv: getenv}.Run(ctx, args)
}

// App is the surroundings of a run.
type App struct {
	Stdout, Stderr  io.Writer
	Getenv          func(string) string
	MetadataAddress string // for tests; empty: the real one
}

// Run runs the program once: it reads args (without the program's name) and the environment, waits, writes the
// result, and returns the exit code. The clock of the wait starts with it. The end of ctx ends the wait; its cause
// says why.
func (a App) Run(ctx context.Context, args []string) (code int) {
	start := time.Now()
	log := report.Detach(a.Stderr)
	defer log.Close()
	// A bug in the wait is caught there, so that its outputs are written all the same. This is for one in the rest.
	defer func() {
		if bug := recover(); bug != nil {
			fmt.Fprintf(log, "dmswait: error: internal: %q; please report it\n", fmt.Sprint(bug))
			code = report.Internal.Code
		}
	}()
	cfg, faults := config.Parse(ctx, args, a.Getenv)
	switch {
	case cfg.Help:
		return show(ctx, a.Stdout, config.Help()+report.Help())
	case cfg.Version:
		return show(ctx, a.Stdout, "dmswait "+version()+"\n")
	}
	w := newWait(cfg, start, a.Getenv, a.Stdout, log)
	w.mask(cfg.Secrets()...) // before anything else is printed
	faults = append(faults, w.tryPlaces()...)
	if cfg.DryRun && len(faults) == 0 {
		return show(ctx, a.Stdout, w.plan())
	}
	w.report(w.guarded(ctx, cmp.Or(a.MetadataAddress, credential.MetadataAddress), faults))
	return w.publish(ctx)
}

// show prints what was asked for instead of a wait.
func show(ctx context.Context, stdout io.Writer, text string) int {
	if err := say(ctx, stdout, text); err != nil {
		return report.NotWritten
	}
	return 0
}

// wait is one run under way.
type wait struct {
	cfg     *config.Config
	start   time.Time
	stdout  io.Writer
	stderr  *report.Detached
	log     *report.Log
	actions *report.Actions // nil outside of GitHub Actions
	hider   *report.Hider
	session *session
	api     *client.Client

	transports []*http.Transport // all there are, for close

	taskID   string      // the task followed; empty until it is found by name
	since    time.Time   // with task_name: the earliest creation, known from the first answer on
	polls    int         // answers asked for about the task
	task     client.Task // as last seen
	progress string      // the last percentage seen
	steps    []client.Step
	timeline *report.Timeline

	result report.Report
}

func newWait(cfg *config.Config, start time.Time, getenv func(string) string, stdout io.Writer, stderr *report.Detached) *wait {
	w := &wait{cfg: cfg, start: start, stdout: stdout, stderr: stderr, hider: report.NewHider(cfg.Secrets()), taskID: cfg.TaskID}
	if cfg.Actions {
		w.actions = report.NewActions(stderr, getenv)
	}
	w.log = &report.Log{Out: stderr, Hider: w.hider, Actions: w.actions, JSON: cfg.LogFormat == "json", Quiet: cfg.Quiet, Start: start, Timeout: cfg.Timeout}
	if !w.log.JSON && !w.log.Quiet && !cfg.Actions {
		w.log.Live = report.NewLive(stderr, getenv)
	}
	w.timeline = &report.Timeline{Start: start}
	return w
}

// mask has the runner of GitHub Actions hide secrets.
func (w *wait) mask(secrets ...string) {
	if w.actions == nil {
		return
	}
	for _, secret := range secrets {
		w.actions.Mask(secret)
	}
}

// guarded waits, and makes an error of a panic.
func (w *wait) guarded(ctx context.Context, metadataAddress string, faults []config.Fault) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = report.Panic{Value: bug, Stack: string(debug.Stack())}
		}
	}()
	if ctx.Err() != nil { // which may be why there are faults: a file was not read to its end
		return context.Cause(ctx)
	}
	if len(faults) > 0 {
		var lines report.Faults
		for _, fault := range faults {
			lines = append(lines, fault.Error())
		}
		return lines
	}
	w.log.Printf("start", "%s", w.announcement())
	w.log.Open()
	defer w.close()
	w.session = w.newSession(metadataAddress)
	w.api = &client.Client{
		Endpoint:  w.cfg.Endpoint,
		ProjectID: w.cfg.ProjectID,
		UserAgent: userAgent(),
		Timeout:   w.cfg.RequestTimeout,
		Transport: w.session,
	}
	waiter := poll.Waiter{
		Look:           w.look,
		Progress:       w.askProgress,
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

// announcement is the first line of the log: whom we ask about what, and as whom, so that nobody works with the wrong account unawares.
func (w *wait) announcement() string {
	task := "task " + w.taskID
	if w.taskID == "" {
		task = "task " + strconv.Quote(w.cfg.TaskName)
	}
	host := w.cfg.Endpoint
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	if !config.IsHuawei(w.cfg.Endpoint) {
		host += " (not a domain of Huawei Cloud)"
	}
	for _, login := range w.cfg.LoginEndpoints() {
		if login != w.cfg.Endpoint && !config.IsHuawei(login) {
			host += ", logged in at " + strings.TrimPrefix(login, "https://") + " (not a domain of Huawei Cloud)"
		}
	}
	project := w.cfg.ProjectID
	if project == "" {
		project = w.cfg.ProjectName
	}
	doing := "waiting up to " + report.Human(w.cfg.Timeout) + " for"
	if w.cfg.Timeout == 0 {
		doing = "looking once at"
	}
	return fmt.Sprintf("%s %s of instance %s, project %s, at %s, with %s",
		doing, task, w.cfg.InstanceID, project, host, identity(w.cfg.Login))
}

// look asks once about the task, and keeps what it saw for the report.
func (w *wait) look(ctx context.Context) (task client.Task, err error) {
	if err := w.session.ready(ctx); err != nil {
		return client.Task{}, err
	}
	w.api.ProjectID = w.session.projectID
	w.polls++
	if w.taskID == "" {
		task, err = w.find(ctx)
	} else {
		task, err = w.api.Task(ctx, w.cfg.InstanceID, w.taskID)
	}
	if err == nil {
		w.task = task
	}
	return task, err
}

// find looks for the task by its name in the list. That entry is the answer of this look; the next ones ask by its id.
func (w *wait) find(ctx context.Context) (client.Task, error) {
	list, err := w.api.Tasks(ctx, w.cfg.InstanceID)
	if err != nil {
		return client.Task{}, err
	}
	now := time.Now()
	server, ok := list.Answer.Clock(now)
	if !ok {
		server = now
	}
	if w.since.IsZero() { // the first answer tells it, and no leap of the server's clock moves it later
		w.since = w.cfg.Since.At
	}
	if w.since.IsZero() {
		// Back from the start of the wait: going back from now, the limit would overtake the task.
		w.since = server.Add(-time.Since(w.start) - w.cfg.Since.Ago)
	}
	task, found := list.Newest(w.cfg.TaskName, w.since)
	if found == 0 {
		op := fmt.Sprintf("find task %q", w.cfg.TaskName)
		return client.Task{}, &client.Error{Op: op, Answer: list.Answer, Err: client.ErrNoTask, Seen: list.Tasks}
	}
	w.taskID = task.ID
	created, _ := task.Created()
	w.log.Printf("found", "found task %s, %s old", task.ID, report.Human(max(0, server.Sub(created)).Round(time.Second)))
	if found > 1 {
		w.log.Warnf("ambiguous", "%d tasks %q were created since %s: following the newest", found, w.cfg.TaskName, w.since.UTC().Format(time.RFC3339))
	}
	return task, nil
}

func (w *wait) observe(p poll.Poll) {
	w.timeline.Poll(p)
	w.log.Poll(p)
}

func (w *wait) askProgress(ctx context.Context, task client.Task) error {
	defer w.log.Flush()
	progress, err := w.api.Progress(ctx, w.cfg.InstanceID, task.ID)
	if err == nil {
		w.progress, w.steps = strconv.Itoa(progress.Percent), progress.Steps
		w.log.Progress(progress.Percent)
	}
	return err
}

func (w *wait) clockCorrected(behind time.Duration) {
	w.log.Newsf("clock", "the local clock is off by %s; requests are signed with the server's time from now on", report.Human((-behind).Round(time.Minute)))
}

// report puts together what the wait came to.
func (w *wait) report(err error) {
	now := time.Now()
	w.result = report.Report{
		Result:   report.Conclude(w.task, err),
		Err:      err,
		TaskID:   w.taskID,
		Task:     w.task,
		Progress: w.progress,
		Waited:   now.Sub(w.start),
		Polls:    w.polls,
		At:       now,
		Hider:    w.hider,
	}
}

func (w *wait) asked() report.Asked {
	return report.Asked{
		Endpoint:   w.cfg.Endpoint,
		Region:     w.cfg.Region,
		ProjectID:  w.project(),
		InstanceID: w.cfg.InstanceID,
		TaskName:   w.cfg.TaskName,
		Since:      w.since,
		As:         loginKinds[w.cfg.Login.Way],
	}
}

// project is the project asked in: its id as soon as that is known.
func (w *wait) project() string {
	if w.session != nil && w.session.projectID != "" {
		return w.session.projectID
	}
	return w.cfg.ProjectID
}

func userAgent() string { return "dmswait/" + version() }

// release is the version that a release's build sets.
var release string

// version is the release's, or what the Go toolchain knows of a build from source.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
