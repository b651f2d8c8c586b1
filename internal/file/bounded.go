package file

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long a write may take once the process is to exit.
const patience = time.Second

// Bounded runs write and returns its error. It waits for write as long as that takes, and for at most a
// second after the end of ctx. Then it returns an error while write, which blocks, continues: write must not
// change anything that others use. A panic in write is returned as an error.
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

var errBlocked = errors.New("timed out: nobody reads it, or its file system hangs")
