package main

import (
	"flag"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInvalidCommandLine(t *testing.T) {
	t.Parallel()
	assert.ErrorIs(t, run(nil, io.Discard), flag.ErrHelp)
	assert.ErrorContains(t, run([]string{"schedule"}, io.Discard), `unknown subcommand "schedule"`)
	assert.ErrorContains(t, run([]string{"schedules", "now"}, io.Discard), `"now"`)
	assert.ErrorContains(t, run([]string{"schedules", "-png", "x"}, io.Discard), "-png")
}
