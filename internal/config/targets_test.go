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
		"an instance named twice has a task": {
			vars{"DMSWAIT_INSTANCE_ID": "i1, I1,i1", "DMSWAIT_TASK_ID": "t1"}, nil,
			[]target.Target{task("i1", "t1")},
		},
		"tasks that differ by their instance": {
			vars{"DMSWAIT_INSTANCE_ID": "i1 i2", "DMSWAIT_TASK_ID": "i2/t1,i1/t1,I2/T1"}, nil,
			[]target.Target{task("i2", "t1"), task("i1", "t1")},
		},
		"an instance of another case": {
			vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "I1/t1"}, nil,
			[]target.Target{task("I1", "t1")},
		},
		"separators of all kinds, and none but them around": {
			vars{"DMSWAIT_TASK_ID": "\t,t1,,t2\u00a0t3\n\n- \n"}, nil,
			[]target.Target{task("i1", "t1"), task("i1", "t2"), task("i1", "t3"), task("i1", "-")},
		},
		"flags that add up, with lists": {
			nil, []string{"--task-id=t1 i2/t1", "--instance-id=i1", "--task-id=t2", "--task-id=t1"},
			[]target.Target{task("i1", "t1"), task("i2", "t1"), task("i1", "t2")},
		},
	} {
		config, faults := parse(complete().with(vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": ""}).with(c.vars), c.args...)
		assert.Empty(t, faults, name)
		assert.Equal(t, c.want, config.Targets, name)
	}
}

func TestInputsThatNameNoTargetAreFaults(t *testing.T) {
	t.Parallel()
	const instances, tasks, name = "DMSWAIT_INSTANCE_ID", "DMSWAIT_TASK_ID", "DMSWAIT_TASK_NAME"
	const until, since, settle, timeout = "DMSWAIT_UNTIL", "DMSWAIT_SINCE", "DMSWAIT_SETTLE", "DMSWAIT_TIMEOUT"
	many := manyIDs(1001)
	var b strings.Builder
	for _, c := range []struct {
		title string
		vars  vars
	}{
		{"a task of one of several instances", vars{instances: "i1 i2"}},
		{"a task of no instance", vars{instances: "", tasks: "i1/t1 t2"}},
		{"an instance without a task", vars{tasks: "i2/t2"}},
		{"two of three instances without a task", vars{instances: "i1 i2 i3", tasks: "i2/t2"}},
		{"an instance within an instance", vars{tasks: "i1/i2/t2"}},
		{"nothing but separators", vars{tasks: ",", instances: "\n,"}},
		{"an entry that is no id, among others", vars{tasks: "t1,t.2,t3", instances: "i1 i.2"}},
		{"an id and until", vars{until: "ready"}},
		{"a name and until", vars{tasks: "", name: "x", since: "5m", until: "ready"}},
		{"an id, a name and until", vars{name: "x", until: "ready"}},
		{"an id and since", vars{since: "5m"}},
		{"until and since", vars{tasks: "", until: "idle", since: "5m"}},
		{"an id and settle", vars{settle: "5s"}},
		{"an id, since and settle", vars{since: "5m", settle: "5s"}},
		{"a name without since, and settle", vars{tasks: "", name: "x", settle: "5s"}},
		{"since and settle alone", vars{tasks: "", since: "5m", settle: "5s"}},
		{"settle as long as timeout", vars{tasks: "", until: "ready", settle: "60", timeout: "1m"}},
		{"settle longer than timeout", vars{tasks: "", until: "deleted", settle: "2h"}},
		{"1,001 tasks", vars{tasks: strings.Join(many, ",")}},
		{"1,001 instances", vars{tasks: "", instances: strings.Join(many, " "), until: "ready"}},
		{"a name on 1,001 instances", vars{tasks: "", instances: strings.Join(many, " "), name: "x", since: "5m"}},
	} {
		_, faults := parse(complete().with(vars{instances: "i1", tasks: "t1"}).with(c.vars))
		fmt.Fprintf(&b, "%s\n  %s\n", c.title, strings.Join(faults, "\n  "))
	}
	golden(t, "faults_targets", b.String())
}

func TestThousandTargetsAreAccepted(t *testing.T) {
	t.Parallel()
	many := manyIDs(1000)
	config, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": strings.Join(many, ",") + ",t7,T8,i1/t9"}))
	assert.Empty(t, faults, "duplicates do not count")
	assert.Len(t, config.Targets, 1000)
	config, faults = parse(complete().with(vars{
		"DMSWAIT_INSTANCE_ID": strings.Join(many, "\n"), "DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready",
	}))
	assert.Empty(t, faults)
	assert.Len(t, config.Targets, 1000)
}

func manyIDs(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("t", i))
	}
	return ids
}

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
	const settle, timeout = "DMSWAIT_SETTLE", "DMSWAIT_TIMEOUT"
	for want, given := range map[time.Duration][]vars{
		10 * time.Second:        {{}, {timeout: "20"}, {timeout: "0"}, {settle: "10s"}},
		9500 * time.Millisecond: {{timeout: "19"}},
		4 * time.Second:         {{timeout: "8s"}},
		500 * time.Millisecond:  {{timeout: "1"}},
		0:                       {{settle: "0"}, {settle: "0", timeout: "0"}, {timeout: "1ns"}},
		7999 * time.Millisecond: {{settle: "7999ms", timeout: "8s"}},
		time.Hour:               {{settle: "1h", timeout: "0"}}, // where it does not apply
	} {
		for _, v := range given {
			config, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_UNTIL": "ready"}).with(v))
			assert.Empty(t, faults)
			assert.Equal(t, want, config.Settle, "%v", v)
		}
	}
}
