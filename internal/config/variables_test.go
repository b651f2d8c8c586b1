package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnknownVariableIsWarnedAboutWithTheNearestInput(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"DMSWAIT_TASKID":          "DMSWAIT_TASKID is not an input: did you mean DMSWAIT_TASK_ID?",
		"DMSWAIT_TASK-ID":         "DMSWAIT_TASK-ID is not an input: did you mean DMSWAIT_TASK_ID?",
		"DMSWAIT_TIMOUT":          "DMSWAIT_TIMOUT is not an input: did you mean DMSWAIT_TIMEOUT?",
		"DMSWAIT_INSTANCE":        "DMSWAIT_INSTANCE is not an input: did you mean DMSWAIT_INSTANCE_ID?",
		"DMSWAIT_SECRET":          "DMSWAIT_SECRET is not an input: did you mean DMSWAIT_SECRET_KEY?",
		"DMSWAIT_SECRETKEY_FILE":  "DMSWAIT_SECRETKEY_FILE is not an input: did you mean DMSWAIT_SECRET_KEY?",
		"DMSWAIT_ACCESS_KEY_FILE": "DMSWAIT_ACCESS_KEY_FILE is not an input: see dmswait --help",
		"DMSWAIT_COLOUR":          "DMSWAIT_COLOUR is not an input: see dmswait --help",
		"DMSWAIT_X":               "DMSWAIT_X is not an input: see dmswait --help",
		"DMSWAIT_":                "",
		"DMSWAIT":                 "",
		"Dmswait_Task_Name":       "", // Windows does not distinguish them
		"DMSWAIT_SECRET_KEY_FILE": "",
		"DMSWAIT_SETUP_BASE_URL":  "",
		// Of Kubernetes, for services named dmswait and dmswait-web.
		"DMSWAIT_PORT":                  "",
		"DMSWAIT_PORT_80_TCP_ADDR":      "",
		"DMSWAIT_SERVICE_HOST":          "",
		"DMSWAIT_SERVICE_PORT_HTTP":     "",
		"DMSWAIT_WEB_SERVICE_HOST":      "",
		"DMSWAIT_WEB_PORT":              "",
		"DMSWAIT_WEB_PORT_80_TCP_PROTO": "",
		"PLUGIN_TASKID":                 "",
		"INPUT_TASKID":                  "",
	} {
		var values vars = complete()
		if _, given := values[name]; !given && name != "DMSWAIT_SECRET_KEY_FILE" {
			values = values.with(vars{name: "hunter2"})
		}
		c, faults := parse(values)
		assert.Empty(t, faults)
		if want == "" {
			assert.Empty(t, c.Warnings, name)
		} else {
			assert.Equal(t, []string{want}, c.Warnings)
		}
	}
	for _, plugin := range []vars{{"CI": "woodpecker"}, {"DRONE": "true"}} {
		c, faults := parse(complete().with(plugin).with(vars{"PLUGIN_TASKNAME": "x", "PLUGIN_SECRET_KEY_FILE": "x"}))
		assert.Empty(t, faults)
		assert.Equal(t, []string{"PLUGIN_SECRET_KEY_FILE is not an input: see dmswait --help",
			"PLUGIN_TASKNAME is not an input: did you mean DMSWAIT_TASK_NAME?"}, c.Warnings)
	}
	c, _ := parse(complete().with(inActions(t)).with(vars{"INPUT_TASK-ID": "x"}))
	assert.Empty(t, c.Warnings, "GitHub's runner warns about those")
}

func TestRequiredInputNamesItsNearMiss(t *testing.T) {
	t.Parallel()
	without := func(input string) vars { return complete().with(vars{input: ""}) }
	for name, test := range map[string]struct {
		vars vars
		want string
	}{
		"a variable": {without("DMSWAIT_TASK_ID").with(vars{"DMSWAIT_TASKID": "t1"}),
			"task_id is required (--task-id or DMSWAIT_TASK_ID, not DMSWAIT_TASKID), or task_name with since, or until"},
		"a secret": {without("DMSWAIT_SECRET_KEY").with(vars{"DMSWAIT_SECRET": "hunter2"}),
			"secret_key is required with access_key (DMSWAIT_SECRET_KEY or DMSWAIT_SECRET_KEY_FILE, not DMSWAIT_SECRET)"},
		"the region": {without("DMSWAIT_REGION").with(vars{"DMSWAIT_REGIN": "x"}), "region is required, e.g. cn-north-4, " +
			"unless endpoint is set (--region or DMSWAIT_REGION, not DMSWAIT_REGIN)"},
		"a setting": {without("DMSWAIT_TASK_ID").with(vars{"CI": "woodpecker", "PLUGIN_TASK": "t1"}),
			"task_id is required (under settings:, or in DMSWAIT_TASK_ID, not PLUGIN_TASK), or task_name with since, or until"},
		"an input of the action": {without("DMSWAIT_TASK_ID").with(inActions(t)).with(vars{"INPUT_TASK-ID": "t1"}),
			"task_id is required (under with:, or in DMSWAIT_TASK_ID, not INPUT_TASK-ID), or task_name with since, or until"},
	} {
		c, faults := parse(test.vars)
		assert.Equal(t, []string{test.want}, faults, name)
		assert.Empty(t, c.Warnings, "once is enough")
	}
}

func TestUnderWoodpeckerAMissingInputIsASetting(t *testing.T) {
	t.Parallel()
	_, faults := parse(complete().with(vars{"DRONE": "true", "DMSWAIT_INSTANCE_ID": "", "DMSWAIT_SECRET_KEY": ""}))
	assert.Equal(t, []string{
		"instance_id is required (under settings:, or in DMSWAIT_INSTANCE_ID)",
		"secret_key is required with access_key (under settings:, or in DMSWAIT_SECRET_KEY)",
	}, faults)
}

func TestDistanceCountsEdits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ab", 0}, {"ab", "ba", 2}, {"abc", "abd", 1},
		{"kitten", "sitting", 3}, {"TASKID", "TASK_ID", 1},
	} {
		assert.Equal(t, test.want, distance(test.a, test.b), "%q, %q", test.a, test.b)
		assert.Equal(t, test.want, distance(test.b, test.a), "%q, %q", test.b, test.a)
	}
}
