package poll

import (
	"context"
	"errors"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

const (
	progressEvery       = 3 // polls
	maxProgressFailures = 3
)

// errDue is why a request for the percentage was called off.
var errDue = errors.New("no answer before the next poll")

// progress asks for the percentage of a running task. Most tasks tell none, so it soon gives up, and it delays nothing and fails nothing.
type progress struct {
	ask      func(context.Context, client.Task) error
	failures int
}

// after asks after every third poll that said running, at the start of the pause that ends at wake.
func (p *progress) after(ctx context.Context, poll Poll, wake time.Time) {
	if p.ask == nil || poll.Err != nil || poll.N%progressEvery != 0 || p.failures >= maxProgressFailures {
		return
	}
	ctx, cancel := context.WithDeadlineCause(ctx, wake, errDue)
	defer cancel()
	err := p.ask(ctx, poll.Task)
	var e *client.Error
	switch {
	case errors.As(err, &e) && e.Answer.StatusCode/100 == 4: // it is not told for this kind of task
		p.failures = maxProgressFailures
	case err != nil:
		p.failures++
	}
}
