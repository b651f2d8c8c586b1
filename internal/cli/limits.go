package cli

import (
	"context"
	"time"

	"github.com/dmswait/dmswait/internal/file"
)

// limits are until when the process checks and writes after a signal; before one, there is no limit. They end one
// after the other, and the last within a second: what blocks uses up its own part of that second, and what follows
// is still written.
type limits struct{ checks, files, log, stdout, end context.Context }

func newLimits(ctx context.Context) *limits {
	return &limits{
		checks: file.After(ctx, 300*time.Millisecond),
		files:  file.After(ctx, 600*time.Millisecond),
		log:    file.After(ctx, 700*time.Millisecond),
		stdout: file.After(ctx, 800*time.Millisecond),
		end:    file.After(ctx, 900*time.Millisecond),
	}
}

// bounded runs f, which returns nothing, until the limit.
func bounded(limit context.Context, f func()) {
	_ = file.Bounded(limit, func() error {
		f()
		return nil
	})
}
