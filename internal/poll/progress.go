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

// errPauseOver is why a request for the percentage was canceled.
var errPauseOver = errors.New("no response before the next poll")

// progress requests the percentage of a running task. Most tasks have none, so it soon gives up. It delays
// nothing and fails nothing.
type progress struct {
	request  func(context.Context, client.Task) error
	failures int
}

// after requests the percentage after every third poll that found the task running, at the start of the pause
// that ends at wake.
func (p *progress) after(ctx context.Context, outcome Outcome, wake time.Time) {
	due := outcome.Kind == Running && outcome.N%progressEvery == 0
	if !due || p.request == nil || p.failures >= maxProgressFailures {
		return
	}
	ctx, cancel := context.WithDeadlineCause(ctx, wake, errPauseOver)
	defer cancel()
	err := p.request(ctx, outcome.Task)
	var e *client.Error
	switch {
	case errors.As(err, &e) && e.Unsupported():
		p.failures = maxProgressFailures
	case err != nil:
		p.failures++
	}
}
