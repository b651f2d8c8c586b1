package poll

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// response is one scripted response of the API.
type response struct {
	status client.Status
	state  target.State // instead of a task with status
	err    error
	after  time.Duration // how long it takes
	retry  time.Duration // Retry-After
}

func status(s client.Status) response { return response{status: s} }

func failure(httpStatus int, code string) response {
	return response{err: &client.Error{Op: "get task", Code: code, Response: client.Response{StatusCode: httpStatus}}}
}

// ofSomethingElse returns the response of something in between.
func (r response) ofSomethingElse() response {
	foreign := *r.err.(*client.Error)
	foreign.Foreign, foreign.Code = true, ""
	r.err = &foreign
	return r
}

func (r response) taking(d time.Duration) response { r.after = d; return r }

func (r response) retryAfter(d time.Duration) response {
	r.retry = d
	if e, ok := r.err.(*client.Error); ok {
		again := *e
		again.Response.RetryAfter = d
		r.err = &again
	}
	return r
}

func (r response) times(n int) []response {
	all := make([]response, n)
	for i := range all {
		all[i] = r
	}
	return all
}

var (
	executing   = status(client.Executing)
	succeeded   = status(client.Success)
	broken      = failure(503, "DMS.00500001")
	throttled   = failure(429, "APIGW.0308")
	unauthentic = failure(401, "APIGW.0301")
	forbidden   = failure(403, "DMS.00403002")
	noSuchAPI   = failure(404, "APIGW.0101")
	rejected    = failure(400, "DMS.00400070")
	noInstance  = failure(404, "DMS.00404022")

	lockedOut = response{err: &client.Error{Op: "get task", Err: &client.ProxyError{StatusCode: 407, LoginSent: true}}}

	foreignRejection = rejected.ofSomethingElse()
	foreignRefusal   = unauthentic.ofSomethingElse()

	gone = response{err: &client.Error{
		Op:       "get task",
		Response: client.Response{StatusCode: 200},
		Err:      &client.NoTaskError{ID: "t1"},
	}}
	noSuchHost = response{err: &client.Error{
		Op:  "get task",
		Err: &net.DNSError{Err: "no such host", Name: "dms.nowhere-1.myhuaweicloud.com", IsNotFound: true},
	}}
)

func script(parts ...any) []response {
	var all []response
	for _, part := range parts {
		switch part := part.(type) {
		case response:
			all = append(all, part)
		case []response:
			all = append(all, part...)
		default:
			panic(fmt.Sprintf("%T", part))
		}
	}
	return all
}

// trial is one wait under a fake clock, which advances only when everybody sleeps.
type trial struct {
	Waiter
	responses []response // the last one is repeated

	polledAt []string // when the polls began, since the start
	outcomes []Outcome
	task     client.Task
	err      error
	ended    time.Duration
}

func newTrial(responses ...any) *trial {
	return &trial{
		Waiter: Waiter{
			Sources:        [][]int{{0}},
			Timeout:        time.Hour,
			NotFoundGrace:  30 * time.Second,
			MaxOutage:      15 * time.Minute,
			RequestTimeout: 10 * time.Second,
		},
		responses: script(responses...),
	}
}

// run waits with a schedule of 1s to 20s and no jitter.
func (tr *trial) run(t *testing.T) *trial {
	t.Helper()
	return tr.runWith(t, context.Background, time.Second, 20*time.Second)
}

func (tr *trial) runWith(t *testing.T, newContext func() context.Context, interval, maxInterval time.Duration) *trial {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := newContext()
		tr.Start = time.Now()
		tr.Schedule = NewSchedule(interval, maxInterval, steady)
		tr.Poll = one(tr.respond)
		tr.wait(ctx)
	})
	return tr
}

// wait waits for the one target of a trial.
func (tr *trial) wait(ctx context.Context) {
	tr.Observe = func(o *Outcome) { tr.outcomes = append(tr.outcomes, *o) }
	ending := tr.Wait(ctx)[0]
	tr.task, tr.err = ending.State.Task, ending.Err
	tr.ended = time.Since(tr.Start)
}

// one returns a poll of the only target there is.
func one(poll func(context.Context) (client.Task, error)) func(context.Context, []int) []target.Finding {
	return func(ctx context.Context, _ []int) []target.Finding { return []target.Finding{findingOf(0, poll, ctx)} }
}

func findingOf(i int, poll func(context.Context) (client.Task, error), ctx context.Context) target.Finding {
	task, err := poll(ctx)
	if err != nil {
		return target.Finding{Target: i, Err: err}
	}
	return target.Finding{Target: i, State: target.OfTask(&task)}
}

// respond is a poll: it takes the next response of the script.
func (tr *trial) respond(ctx context.Context) (client.Task, error) {
	tr.polledAt = append(tr.polledAt, time.Since(tr.Start).String())
	r := tr.responses[min(len(tr.polledAt), len(tr.responses))-1]
	select {
	case <-time.After(r.after):
	case <-ctx.Done():
		return client.Task{}, &client.Error{Op: "get task", Err: context.Cause(ctx)}
	}
	if r.err != nil {
		return client.Task{}, r.err
	}
	head := client.Response{StatusCode: 200, RetryAfter: r.retry}
	return client.Task{ID: "t1", Status: r.status, Response: head}, nil
}

// endsWith asserts that the wait ended with this error of the package, or its cause, and with no other; nil: without
// one.
func (tr *trial) endsWith(t *testing.T, want error) {
	t.Helper()
	if want == nil {
		assert.NoError(t, tr.err)
		return
	}
	assert.ErrorIs(t, tr.err, want)
	for _, other := range []error{ErrTimeout, ErrRunning, ErrNotFound, ErrUnavailable, ErrMisconfigured} {
		if !errors.Is(want, other) {
			assert.NotErrorIs(t, tr.err, other)
		}
	}
}
