package report

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWriteThatBlocksIsLeftASecondAfterTheSignal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal, done time.Duration // after the start
		left         time.Duration // 0: it is not left
	}{
		"no signal":                    {signal: time.Hour, done: 59 * time.Minute},
		"done within the second":       {signal: time.Minute, done: time.Minute + 999*time.Millisecond},
		"not done":                     {signal: time.Minute, done: time.Hour, left: time.Minute + time.Second},
		"a signal before it, done":     {signal: 0, done: 999 * time.Millisecond},
		"a signal before it, not done": {signal: 0, done: time.Hour, left: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.signal)
				defer cancel()
				began, failed := time.Now(), errors.New("its own error")
				err := Bounded(ctx, func() error {
					time.Sleep(c.done)
					return failed
				})
				if c.left == 0 {
					assert.Equal(t, c.done, time.Since(began))
					assert.Equal(t, failed, err)
				} else {
					assert.Equal(t, c.left, time.Since(began))
					assert.EqualError(t, err, "nobody reads it, or its file system hangs")
				}
				time.Sleep(time.Hour) // what was left behind ends without a reader, too
			})
		})
	}
}

func TestAPanicInAWriteIsItsError(t *testing.T) {
	t.Parallel()
	err := Bounded(t.Context(), func() error { panic("a bug") })
	assert.EqualError(t, err, "internal error: a bug; please report it")
}

func TestAFileThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	making.RLock() // as one does that is being written on a file system that hangs
	defer making.RUnlock()
	folder := t.TempDir()
	written := make(chan error, 1)
	go func() {
		written <- errors.Join(TryFolder(folder), WriteFile(filepath.Join(folder, "out"), []byte("new")))
	}()
	select {
	case err := <-written:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it waits for the other")
	}
	contains(t, folder, map[string]string{"out": "new"})
}
