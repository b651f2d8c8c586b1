package poll

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// world is what the targets of a fuzzed wait respond. It knows no clock: whoever polls says how much time there is.
type world struct {
	scripts [][]response // for each target, what a request by its id gets
	lists   [][]response // for each source, what its list gets; nil: targets are requested one by one
	sources [][]int

	next, nextList []int
}

// said is what one target's part of a poll came to.
type said struct {
	target int
	response
}

var errCutOff = errors.New("cut off")

// reset lets every script begin again.
func (w *world) reset() {
	w.next, w.nextList = make([]int, len(w.scripts)), make([]int, len(w.lists))
}

// poll returns what targets of one source respond and how long that takes, which is at most limit: a request that would
// take longer gets nothing. Of a list, those targets are on the page whose next response is no error.
func (w *world) poll(source int, due []int, limit time.Duration) (all []said, took time.Duration) {
	request := func(scripts [][]response, next []int, i int) response {
		r := scripts[i][min(next[i], len(scripts[i])-1)]
		next[i]++
		if took+r.after > limit {
			r = response{after: limit - took, err: &client.Error{Op: "get task", Err: errCutOff}}
		}
		took += r.after
		return r
	}
	byID := due
	if w.lists != nil && len(due) > 1 {
		list := request(w.lists, w.nextList, source)
		byID = nil
		for _, i := range due {
			switch upcoming := w.scripts[i][min(w.next[i], len(w.scripts[i])-1)]; {
			case list.err != nil:
				all = append(all, said{i, list})
			case upcoming.err == nil:
				w.next[i]++
				all = append(all, said{i, upcoming})
			default:
				byID = append(byID, i)
			}
		}
	}
	for _, i := range byID {
		all = append(all, said{i, request(w.scripts, w.next, i)})
		if all[len(all)-1].stopsRound() {
			break
		}
	}
	return all, took
}

// finding returns what package target makes of a response.
func (s *said) finding() target.Finding {
	if s.err != nil {
		return target.Finding{Target: s.target, Err: s.err}
	}
	state := s.state
	if state.Status == "" {
		state = target.OfTask(&client.Task{ID: fmt.Sprint("t", s.target), Status: s.status})
	}
	state.Response.RetryAfter = s.retry
	return target.Finding{Target: s.target, State: state}
}

// stopsRound reports whether the response is about more than its target: nothing was received, the API throttles, or
// it is about the login.
func (s *said) stopsRound() bool {
	var e *client.Error
	return errors.As(s.err, &e) &&
		(e.Response.StatusCode == 0 || e.Throttled() || e.Class != 0 || e.Response.StatusCode == 401)
}

// history is how a wait went.
type history struct {
	polls    []string // when which targets were polled, in this order
	outcomes []Outcome
	endings  []Ending
	ended    time.Duration
}

// run has a Waiter wait. At the time stop, a signal interrupts it; 0: none does.
func (w *world) run(t *testing.T, waiter *Waiter, stop time.Duration) (h history) {
	w.reset()
	waiter.Sources = w.sources
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		waiter.Start = time.Now()
		waiter.Schedule = NewSchedule(time.Second, 20*time.Second, steady)
		waiter.Observe = func(o *Outcome) { h.outcomes = append(h.outcomes, *o) }
		waiter.Poll = func(ctx context.Context, due []int) (found []target.Finding) {
			now := time.Since(waiter.Start)
			h.polls = append(h.polls, fmt.Sprint(now, due))
			limit := time.Duration(math.MaxInt64)
			if deadline, ok := ctx.Deadline(); ok {
				limit = time.Until(deadline)
			}
			if stop > 0 {
				limit = min(limit, stop-now)
			}
			all, took := w.poll(w.sourceOf(due[0]), due, limit)
			time.Sleep(took)
			if stop > 0 && now+took == stop {
				<-ctx.Done()
			}
			for i := range all {
				found = append(found, all[i].finding())
			}
			return found
		}
		if stop > 0 {
			time.AfterFunc(stop, func() { cancel(errSignal) })
		}
		h.endings = waiter.Wait(ctx)
		h.ended = time.Since(waiter.Start)
	})
	return h
}

var errSignal = errors.New("signal")

func (w *world) sourceOf(i int) int {
	for source, targets := range w.sources {
		for _, t := range targets {
			if t == i {
				return source
			}
		}
	}
	panic("no such target")
}
