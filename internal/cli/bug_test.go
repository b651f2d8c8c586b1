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

// doneless stands for a bug outside of the wait: writing to stdout asks it.
type doneless struct{ context.Context }

func (doneless) Done() <-chan struct{} { panic(errors.New("a bug about " + trial.SecretKey)) }

func TestAPanicOutsideOfTheWaitIsInternalAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a dry run": {"--dry-run"}, "JSON": {"--dry-run", "--log-format", "json"}, "quiet": {"--dry-run", "--quiet"},
	} {
		tr := trial.New(nil, args...).RunContext(doneless{t.Context()})
		assert.Equal(t, 70, tr.Code, name)
		log := tr.Log.String()
		assert.Contains(t, log, "internal: a bug about ***; please report it", name)
		assert.NotContains(t, log, trial.SecretKey, name)
		assert.Contains(t, log, "bug_test.go:", "with the place")
		for line := range strings.Lines(log) {
			assert.True(t, strings.HasPrefix(line, "dmswait: ") != (name == "JSON"), line)
		}
	}
}

func TestAPanicBeforeTheInputsAreReadShowsNoValue(t *testing.T) {
	t.Parallel()
	tr := trial.New(nil)
	getenv := func(name string) string {
		if name == "DMSWAIT_TIMEOUT" {
			panic("a bug about " + trial.SecretKey)
		}
		return tr.Env[name]
	}
	assert.Equal(t, 70, cli.Run(t.Context(), tr.Args, getenv, tr.Stdout, tr.Stderr))
	assert.Contains(t, tr.Log.String(), "dmswait: error: internal: a panic of type string before the inputs were read; please report it")
	assert.NotContains(t, tr.Log.String(), trial.SecretKey)
	assert.Empty(t, tr.Out.String())
}
