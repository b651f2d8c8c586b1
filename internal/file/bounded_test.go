package file

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

func TestBoundedGivesUpAMomentAfterTheContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end, done time.Duration // after the start
		givesUp   time.Duration // 0: never
	}{
		"no end":                   {end: time.Hour, done: 59 * time.Minute},
		"done within the moment":   {end: time.Minute, done: time.Minute + 49*time.Millisecond},
		"not done":                 {end: time.Minute, done: time.Hour, givesUp: time.Minute + 50*time.Millisecond},
		"end at the start, done":   {end: 0, done: 49 * time.Millisecond},
		"end at the start, blocks": {end: 0, done: time.Hour, givesUp: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.end)
				defer cancel()
				start, failure := time.Now(), errors.New("its own error")
				err := Bounded(ctx, func() error {
					time.Sleep(c.done)
					return failure
				})
				if c.givesUp == 0 {
					assert.Equal(t, c.done, time.Since(start))
					assert.Equal(t, failure, err)
				} else {
					assert.Equal(t, c.givesUp, time.Since(start))
					assert.EqualError(t, err, "timed out: nobody reads it, or its file system hangs")
				}
				time.Sleep(time.Hour) // the write that was left behind ends, too: a bubble requires that
			})
		})
	}
}

func TestAfterEndsThatLongAfterTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, signal := context.WithTimeout(t.Context(), time.Minute)
		defer signal()
		first, second := After(ctx, 300*time.Millisecond), After(ctx, time.Second)
		start := time.Now()
		<-ctx.Done()
		assert.NoError(t, first.Err())
		<-first.Done()
		assert.Equal(t, time.Minute+300*time.Millisecond, time.Since(start))
		<-second.Done()
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
	})
}

func TestBoundedReturnsAPanicAsAnError(t *testing.T) {
	t.Parallel()
	err := Bounded(t.Context(), func() error { panic("a bug") })
	assert.EqualError(t, err, "internal error: a bug; please report it")
}

func TestFileThatHangsBlocksNoOther(t *testing.T) {
	t.Parallel()
	temporary.RLock() // as a write to a file system that hangs does
	defer temporary.RUnlock()
	folder := t.TempDir()
	require.NoError(t, inTime(t, func() error {
		return errors.Join(CheckFolder(folder), Write(filepath.Join(folder, "out"), []byte("new")))
	}))
	assertFolder(t, folder, map[string]string{"out": "new"})
}
