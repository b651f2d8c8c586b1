package config

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFileReadIsGivenUpAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		began := time.Now()
		_, err := readInTime(t.Context(), func() ([]byte, error) { <-never; return nil, nil })
		assert.EqualError(t, err, "timed out after a minute")
		assert.Equal(t, time.Minute, time.Since(began))

		content, err := readInTime(t.Context(), func() ([]byte, error) {
			time.Sleep(59 * time.Second)
			return []byte("slow"), nil
		})
		assert.NoError(t, err)
		assert.Equal(t, "slow", string(content))
		close(never) // so that the goroutine ends
	})
}

func TestFileReadIsGivenUpWhenTheRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause, never := errors.New("interrupted"), make(chan struct{})
		time.AfterFunc(time.Second, func() { cancel(cause) })
		began := time.Now()
		_, err := readInTime(ctx, func() ([]byte, error) { <-never; return nil, nil })
		assert.Equal(t, cause, err)
		assert.Equal(t, time.Second, time.Since(began))
		close(never)
	})
}
