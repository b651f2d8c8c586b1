package config

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheFileOfOutputsIsTriedAfterASignalToo(t *testing.T) {
	t.Parallel()
	for range 20 { // since either of two things that are ready may be taken
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		path := filepath.Join(t.TempDir(), "output")
		environment := complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": path})
		c, _ := Parse(ctx, nil, func(name string) string { return environment[name] })
		assert.Equal(t, path, c.GitHubOutput)
	}
}

func TestAFileOfOutputsThatHangsIsLeftASecondAfterTheSignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signal := errors.New("SIGTERM")
		ctx, interrupt := context.WithCancelCause(t.Context())
		late, cancel := lingering(ctx, time.Second)
		defer cancel()
		began := time.Now()
		time.AfterFunc(10*time.Second, func() { interrupt(signal) })
		<-late.Done()
		assert.Equal(t, 11*time.Second, time.Since(began))
		assert.Equal(t, signal, context.Cause(late))
	})
}
