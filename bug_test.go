package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// doneless stands for a bug outside of the wait: writing to stdout asks it.
type doneless struct{ context.Context }

func (doneless) Done() <-chan struct{} { panic(errors.New("a bug about " + secretKey)) }

func TestAPanicOutsideOfTheWaitIsInternalAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a dry run": {"--dry-run"}, "JSON": {"--dry-run", "--log-format", "json"}, "quiet": {"--dry-run", "--quiet"},
	} {
		tr := newTrial(nil, args...).runWith(doneless{t.Context()})
		assert.Equal(t, 70, tr.code, name)
		log := tr.log.String()
		assert.Contains(t, log, "internal: a bug about ***; please report it", name)
		assert.NotContains(t, log, secretKey, name)
		assert.Contains(t, log, "bug_test.go:", "with the place")
		for line := range strings.Lines(log) {
			assert.True(t, strings.HasPrefix(line, "dmswait: ") != (name == "JSON"), line)
		}
	}
}

func TestAPanicBeforeTheInputsAreReadShowsNoValue(t *testing.T) {
	t.Parallel()
	tr := newTrial(nil)
	getenv := func(name string) string {
		if name == "DMSWAIT_TIMEOUT" {
			panic("a bug about " + secretKey)
		}
		return tr.env[name]
	}
	assert.Equal(t, 70, run(t.Context(), tr.args, getenv, tr.stdout, tr.stderr))
	assert.Contains(t, tr.log.String(), "dmswait: error: internal: a panic of type string before the inputs were read; please report it")
	assert.NotContains(t, tr.log.String(), secretKey)
	assert.Empty(t, tr.out.String())
}
