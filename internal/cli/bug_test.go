package cli_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/test/trial"
)

// panicInDone is a bug outside the wait: Done is called once the inputs are read.
type panicInDone struct{ context.Context }

func (panicInDone) Done() <-chan struct{} { panic(errors.New("a bug about " + trial.SecretKey)) }

func TestPanicOutsideTheWaitExits70AndShowsNoSecret(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a dry run": {"--dry-run"}, "JSON": {"--dry-run", "--log-format", "json"}, "quiet": {"--dry-run", "--quiet"},
	} {
		tr := trial.New(nil, args...).RunContext(panicInDone{t.Context()})
		assert.Equal(t, 70, tr.Code, name)
		log := tr.Log.String()
		assert.Contains(t, log, "internal error: a bug about ***; please report it with the lines below", name)
		assert.NotContains(t, log, trial.SecretKey, name)
		assert.Contains(t, log, "bug_test.go:", "the stack shows where")
		for line := range strings.Lines(log) {
			assert.True(t, strings.HasPrefix(line, "dmswait: ") != (name == "JSON"), line)
		}
	}
}

func TestPanicBeforeInputsAreReadShowsOnlyItsType(t *testing.T) {
	t.Parallel()
	tr := trial.New(nil)
	getenv := func(name string) string {
		if name == "DMSWAIT_TIMEOUT" {
			panic("a bug about " + trial.SecretKey)
		}
		return tr.Env[name]
	}
	assert.Equal(t, 70, cli.Run(t.Context(), tr.Args, getenv, tr.Stdout, tr.Stderr))
	assert.Contains(t, tr.Log.String(), "internal error: a panic of type string before the inputs were read; please report it")
	assert.NotContains(t, tr.Log.String(), trial.SecretKey)
	assert.Empty(t, tr.Out.String())
}

func TestPanicInTheWaitExits70AndOutputsAreWritten(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))).InActions(t)
	tr.RunContext(&panicInErr{Context: t.Context()})
	assert.Equal(t, 70, tr.Code)
	assert.Equal(t, "internal", tr.Outputs(t)["result"])
	assert.Equal(t, "70", tr.Outputs(t)["exit_code"])
	assert.Contains(t, tr.Log.String(), "internal error: a bug; please report it")
}

// panicInErr is a bug in the wait, which calls Err.
type panicInErr struct{ context.Context }

func (*panicInErr) Err() error { panic("a bug") }
