package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDebugDefaultsToTheRunners(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		runner, own string
		want        bool
	}{{"", "", false}, {"1", "", true}, {"0", "", false}, {"1", "false", false}, {"", "true", true}} {
		c, faults := parse(complete().with(vars{"RUNNER_DEBUG": test.runner, "DMSWAIT_DEBUG": test.own}))
		assert.Empty(t, faults)
		assert.Equal(t, test.want, c.Debug, "%+v", test)
	}
}

func TestSwitchNeedsNoValue(t *testing.T) {
	t.Parallel()
	c, faults := parse(complete(), "--quiet", "--dry-run", "--debug=no")
	assert.Empty(t, faults)
	assert.True(t, c.Quiet)
	assert.True(t, c.DryRun)
	assert.False(t, c.Debug)
	for _, value := range []string{"true", "True", "YES", "on"} {
		c, faults := parse(complete().with(vars{"DMSWAIT_QUIET": value}))
		assert.Empty(t, faults)
		assert.True(t, c.Quiet, value)
	}
	for _, value := range []string{"false", "no", "Off"} {
		c, faults := parse(complete().with(vars{"DMSWAIT_QUIET": value, "RUNNER_DEBUG": "1"}))
		assert.Empty(t, faults)
		assert.False(t, c.Quiet, value)
	}
}

func TestOutputPrefixIsNotThatOfInputs(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"DMS_", "d", "_", "MY_9_", "DMSWAIT", "DMSWAITED_", "INPUTS_"} {
		c, faults := parse(complete().with(vars{"DMSWAIT_OUTPUT_PREFIX": prefix}))
		assert.Empty(t, faults, prefix)
		assert.Equal(t, prefix, c.OutputPrefix)
	}
	for _, prefix := range []string{"DMSWAIT_", "dmswait_x", "INPUT_", "PLUGIN_", "Plugin_a", "9", "a-b", "a b",
		"a=b", "é", "$(x)"} {
		_, faults := parse(complete().with(vars{"DMSWAIT_OUTPUT_PREFIX": prefix}))
		assert.Len(t, faultsOf(faults, "output_prefix"), 1, prefix)
	}
}
