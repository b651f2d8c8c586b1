package file

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// patience is how long the reader of a named pipe may take, and all writes once the process is to exit.
	patience = time.Second
	// streamPatience is how long the reader of a stream or a device may take. Other programs may write to it
	// as well, and keep its reader busy.
	streamPatience = 10 * patience
	// lastChance is how long a write may take that begins when the time is up. Whatever does not block is
	// written by then.
	lastChance = 50 * time.Millisecond
)

// After returns a context that ends d after the end of ctx. Contexts that are derived from one ctx give
// successive writes one common deadline after a signal, of which none uses up the time of the next.
func After(ctx context.Context, d time.Duration) context.Context {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return late
}

// Bounded runs write and returns its error. It waits for write as long as that takes, until the end of ctx and
// a moment longer. Then it returns an error while write, which blocks, continues: write must not change
// anything that others use. A panic in write is returned as an error.
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
	timer := time.NewTimer(lastChance)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errBlocked
	}
}

// untilRead runs write, which needs a reader, and gives up after streamPatience.
func untilRead(write func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), streamPatience)
	defer cancel()
	return Bounded(ctx, write)
}

var errBlocked = errors.New("timed out: nobody reads it, or its file system hangs")
