package file

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long a write may take once the run is to end.
const patience = time.Second

// Bounded runs write and returns its error. Write may block, because nobody reads or because a file system hangs: Bounded
// waits as long as that takes, but no more than a second after the end of ctx. Then it leaves write behind, which must not
// change anything that others use, and returns an error. A panic in write is an error as well.
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
