package config

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAFileThatGivesNothingIsLeftAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		began := time.Now()
		_, err := readInTime(t.Context(), func() ([]byte, error) { <-never; return nil, nil })
		assert.EqualError(t, err, "it did not come to its end within a minute")
		assert.Equal(t, time.Minute, time.Since(began))

		content, err := readInTime(t.Context(), func() ([]byte, error) { time.Sleep(59 * time.Second); return []byte("slow"), nil })
		assert.NoError(t, err)
		assert.Equal(t, "slow", string(content))
		close(never) // so that the goroutine comes to its end
	})
}

func TestAFileThatGivesNothingIsLeftWhenTheRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why, never := errors.New("called off"), make(chan struct{})
		time.AfterFunc(time.Second, func() { cancel(why) })
		began := time.Now()
		_, err := readInTime(ctx, func() ([]byte, error) { <-never; return nil, nil })
		assert.Equal(t, why, err)
		assert.Equal(t, time.Second, time.Since(began))
		close(never)
	})
}
