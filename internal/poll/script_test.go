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
)

// answer is one scripted answer of the API.
type answer struct {
	status client.Status
	err    error
	after  time.Duration // how long it takes
	retry  time.Duration // Retry-After
}

func status(s client.Status) answer { return answer{status: s} }

func failure(httpStatus int, code string) answer {
	return answer{err: &client.Error{Op: "get task", Code: code, Answer: client.Answer{StatusCode: httpStatus}}}
}

func (a answer) taking(d time.Duration) answer { a.after = d; return a }

func (a answer) retryAfter(d time.Duration) answer {
	a.retry = d
	if e, ok := a.err.(*client.Error); ok {
		again := *e
		again.Answer.RetryAfter = d
		a.err = &again
	}
	return a
}

func (a answer) times(n int) []answer {
	all := make([]answer, n)
	for i := range all {
		all[i] = a
	}
	return all
}

var (
	executing   = status(client.Executing)
	succeeded   = status(client.Success)
	gone        = answer{err: &client.Error{Op: "get task", Err: client.ErrNoTask, Answer: client.Answer{StatusCode: 200}}}
	broken      = failure(503, "DMS.00500001")
	throttled   = failure(429, "APIGW.0308")
	unauthentic = failure(401, "APIGW.0301")
	forbidden   = failure(403, "DMS.00403002")
	noSuchAPI   = failure(404, "APIGW.0101")
	rejected    = failure(400, "DMS.00400070")
	noSuchHost  = answer{err: &client.Error{Op: "get task", Err: &net.DNSError{Err: "no such host", Name: "dms.nowhere-1.myhuaweicloud.com", IsNotFound: true}}}
)

func script(parts ...any) []answer {
	var all []answer
	for _, part := range parts {
		switch part := part.(type) {
		case answer:
			all = append(all, part)
		case []answer:
			all = append(all, part...)
		default:
			panic(fmt.Sprintf("%T", part))
		}
	}
	return all
}

// trial is one wait under a clock that goes on only when everybody sleeps.
type trial struct {
	Waiter
	answers []answer // the last one is repeated

	asked    []string // when the looks began, since the start
	observed []Poll
	task     client.Task
	err      error
	ended    time.Duration
}

func newTrial(answers ...any) *trial {
	return &trial{
		Waiter: Waiter{
			Timeout:        time.Hour,
			NotFoundGrace:  30 * time.Second,
			MaxOutage:      15 * time.Minute,
			RequestTimeout: 10 * time.Second,
		},
		answers: script(answers...),
	}
}

// run waits with a schedule of 1s to 20s and no jitter.
func (tr *trial) run(t *testing.T) *trial {
	t.Helper()
	return tr.runWith(t, context.Background, time.Second, 20*time.Second)
}

func (tr *trial) runWith(t *testing.T, newContext func() context.Context, interval, longest time.Duration) *trial {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := newContext()
		tr.Start = time.Now()
		tr.Schedule = NewSchedule(interval, longest, func() float64 { return 0.5 })
		tr.Look = tr.look
		tr.Observe = func(p Poll) { tr.observed = append(tr.observed, p) }
		tr.task, tr.err = tr.Wait(ctx)
		tr.ended = time.Since(tr.Start)
	})
	return tr
}

func (tr *trial) look(ctx context.Context) (client.Task, error) {
	tr.asked = append(tr.asked, time.Since(tr.Start).String())
	a := tr.answers[min(len(tr.asked), len(tr.answers))-1]
	select {
	case <-time.After(a.after):
	case <-ctx.Done():
		return client.Task{}, &client.Error{Op: "get task", Err: context.Cause(ctx)}
	}
	if a.err != nil {
		return client.Task{}, a.err
	}
	return client.Task{ID: "t1", Status: a.status, Answer: client.Answer{StatusCode: 200, RetryAfter: a.retry}}, nil
}

func (tr *trial) endsWith(t *testing.T, want error) {
	t.Helper()
	if want == nil {
		assert.NoError(t, tr.err)
		return
	}
	assert.ErrorIs(t, tr.err, want)
	for _, other := range []error{ErrTimeout, ErrRunning, ErrNotFound, ErrUnavailable} {
		if !errors.Is(want, other) {
			assert.NotErrorIs(t, tr.err, other)
		}
	}
}
