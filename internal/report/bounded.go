package report

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Bounded runs write and returns its error. Write may block, for want of a reader or on a file
// system that hangs: Bounded waits as long as that takes, but after the end of ctx for a second at
// most. Then it leaves write behind, which must not touch what others use, and returns an error. A
// panic in write is an error, too.
func Bounded(ctx context.Context, write func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if bug := recover(); bug != nil {
				done <- fmt.Errorf("internal error: %v; please report it", bug)
			}
		}()
		done <- write()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errBlocked
	}
}

var errBlocked = errors.New("nobody reads it, or its file system hangs")
