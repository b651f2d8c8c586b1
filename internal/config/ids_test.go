package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConfusedIDsAreNamed(t *testing.T) {
	t.Parallel()
	const (
		uuid = "11111111-2222-3333-4444-5555555555aF"
		hex  = "8abfa7a77e2b4c0e017e2b4f0a2b000F"
	)
	for name, test := range map[string]struct{ instance, task, fault, warning string }{
		"right":        {uuid, hex, "", ""},
		"neither":      {"i1", "t1", "", ""},
		"exchanged":    {hex, uuid, "task_id is an instance's id, and instance_id a task's: exchange them", ""},
		"two tasks":    {hex, hex, "", "instance_id looks like a task's id (32 hexadecimal digits); an instance's is a UUID"},
		"a task only":  {hex, "t1", "", "instance_id looks like a task's id (32 hexadecimal digits); an instance's is a UUID"},
		"two UUIDs":    {uuid, uuid, "", "task_id looks like an instance's id (a UUID); a task's has 32 hexadecimal digits"},
		"not UUIDs":    {uuid, "11111111222233334444-5555-5555-55aF-", "", ""},
		"not hex":      {"8abfa7a77e2b4c0e017e2b4f0a2b000g", hex, "", ""},
		"33 digits":    {hex + "0", hex, "", ""},
		"dashes apart": {uuid, "1111-11112222-3333-4444-5555555555aF", "", ""},
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_INSTANCE_ID": test.instance, "DMSWAIT_TASK_ID": test.task}))
		if test.fault == "" {
			assert.Empty(t, faults, name)
		} else {
			assert.Equal(t, []string{test.fault}, faults, name)
		}
		if test.warning == "" {
			assert.Empty(t, c.Warnings, name)
		} else {
			assert.Equal(t, []string{test.warning}, c.Warnings, name)
		}
	}
}

func TestProjectsNameGivenAsItsIDIsAFault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cn-north-4", "cn-north-4_prod"} {
		_, faults := parse(complete().with(vars{"DMSWAIT_PROJECT_ID": name}))
		assert.Equal(t, []string{`project_id "` + name + `" is the name of a project, not its id: ` +
			`set project_name instead (from DMSWAIT_PROJECT_ID)`}, faults)
	}
	_, faults := parse(complete().with(vars{"DMSWAIT_PROJECT_ID": "", "DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "",
		"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK", "HW_PROJECT_ID": "cn-north-4"}))
	assert.Equal(t, []string{`project_id "cn-north-4" is the name of a project, not its id: ` +
		`set project_name instead (from HW_PROJECT_ID)`}, faults)
	for _, id := range []string{"cn-north-1", "cn-north-40", "p1", "0123456789abcdef0123456789abcdef"} {
		_, faults := parse(complete().with(vars{"DMSWAIT_PROJECT_ID": id}))
		assert.Empty(t, faults, id)
	}
}
