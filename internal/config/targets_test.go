package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/target"
)

func TestTargetsAreListedInTheOrderGivenEachOnce(t *testing.T) {
	t.Parallel()
	task := func(instance, id string) target.Target { return target.Target{InstanceID: instance, TaskID: id} }
	for name, c := range map[string]struct {
		vars vars
		args []string
		want []target.Target
	}{
		"one": {vars{"DMSWAIT_TASK_ID": "t1"}, nil, []target.Target{task("i1", "t1")}},
		"commas": {
			vars{"DMSWAIT_TASK_ID": "t1,t2"}, nil,
			[]target.Target{task("i1", "t1"), task("i1", "t2")},
		},
		"blanks and lines": {
			vars{"DMSWAIT_TASK_ID": " t2\n t1 ,\r\n"}, nil,
			[]target.Target{task("i1", "t2"), task("i1", "t1")},
		},
		"duplicates": {vars{"DMSWAIT_TASK_ID": "t1 T1 i1/t1"}, nil, []target.Target{task("i1", "t1")}},
		"a repeated flag": {
			nil, []string{"--task-id", "t1", "--task-id=t2,t3"},
			[]target.Target{task("i1", "t1"), task("i1", "t2"), task("i1", "t3")},
		},
		"flags, not variables": {
			vars{"DMSWAIT_TASK_ID": "t9"}, []string{"--task-id", "t1"},
			[]target.Target{task("i1", "t1")},
		},
		"of another instance": {
			vars{"DMSWAIT_TASK_ID": "t1 i2/t2"}, nil,
			[]target.Target{task("i1", "t1"), task("i2", "t2")},
		},
		"without instance_id": {
			vars{"DMSWAIT_INSTANCE_ID": "", "DMSWAIT_TASK_ID": "i2/t2"}, nil,
			[]target.Target{task("i2", "t2")},
		},
		"instances": {
			vars{"DMSWAIT_INSTANCE_ID": "i1,i2", "DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "idle"}, nil,
			[]target.Target{{InstanceID: "i1", Until: "idle"}, {InstanceID: "i2", Until: "idle"}},
		},
		"a name, on several": {
			vars{"DMSWAIT_INSTANCE_ID": "i1 i2", "DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": "x", "DMSWAIT_SINCE": "5m"}, nil,
			[]target.Target{{InstanceID: "i1", TaskName: "x"}, {InstanceID: "i2", TaskName: "x"}},
		},
		"a repeated instance": {
			vars{"DMSWAIT_INSTANCE_ID": "", "DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready"}, []string{"--instance-id=i1", "--instance-id=i2"},
			[]target.Target{{InstanceID: "i1", Until: "ready"}, {InstanceID: "i2", Until: "ready"}},
		},
		"instances named twice": {
			vars{"DMSWAIT_INSTANCE_ID": "i1 I1", "DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready"}, nil,
			[]target.Target{{InstanceID: "i1", Until: "ready"}},
		},
	} {
		config, faults := parse(complete().with(vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": ""}).with(c.vars), c.args...)
		assert.Empty(t, faults, name)
		assert.Equal(t, c.want, config.Targets, name)
	}
}

func TestInputsThatNameNoTargetAreFaults(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 1001 {
		many = append(many, fmt.Sprint("t", i))
	}
	const since = "DMSWAIT_SINCE"
	for want, vars := range map[string]vars{
		`task_id "t1" does not say which of the 2 instances it belongs to: write INSTANCE/TASK`: {"DMSWAIT_INSTANCE_ID": "i1 i2"},
		`instance_id "i1" has no task: no entry of task_id is for it`:                           {"DMSWAIT_TASK_ID": "i2/t2"},
		`task_id cannot be combined with until: give one of them`:                               {"DMSWAIT_UNTIL": "ready"},
		`since is only for task_name: remove it, or give task_name instead of task_id`:          {since: "5m"},
		`settle is only for until: remove it, or give until instead of task_id`:                 {"DMSWAIT_SETTLE": "5s"},
		`task_id names 1001 targets: one run waits for at most 1000`:                            {"DMSWAIT_TASK_ID": strings.Join(many, ",")},
		`settle "1h0m0s" is not shorter than timeout (1h0m0s): the wait could never succeed`: {
			"DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready", "DMSWAIT_SETTLE": "1h"},
	} {
		_, faults := parse(complete().with(vars0()).with(vars))
		assert.Equal(t, []string{want}, faults)
	}
	config, faults := parse(complete().with(vars0()).with(vars{"DMSWAIT_TASK_ID": strings.Join(many[1:], ",")}))
	assert.Empty(t, faults)
	assert.Len(t, config.Targets, 1000)
}

func vars0() vars { return vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "t1"} }

func TestOtherFlagsAreGivenOnce(t *testing.T) {
	t.Parallel()
	_, faults := parse(complete(), "--timeout", "5m", "--timeout=5m")
	assert.Equal(t, []string{"--timeout is given twice: give it once"}, faults)
	config, faults := parse(complete(), "--succeed-on", "failure", "--succeed-on", "timeout")
	assert.Empty(t, faults)
	assert.Equal(t, []string{"failure", "timeout"}, config.SucceedOn)
}

func TestSettleIsTenSecondsOrHalfOfAShortTimeout(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[string]time.Duration{"1h": 10 * time.Second, "20": 10 * time.Second, "8s": 4 * time.Second} {
		config, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready", "DMSWAIT_TIMEOUT": timeout}))
		assert.Empty(t, faults)
		assert.Equal(t, want, config.Settle, timeout)
	}
}
