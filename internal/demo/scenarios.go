package main

import (
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// Access keys that only exist in the simulator.
const (
	accessKey = "DEMO0ACCESS0KEY00001"
	secretKey = "demoSecretKeyThatOnlyTheSimulatorKnows01"
	wrongKey  = "notTheSecretKey"
)

// What else logs in to the simulator.
const (
	password    = "a password of the simulator"
	providerURN = "iam::0a1b2c3d:oidcProvider:demo"
	agencyURN   = "iam::0a1b2c3d:agency:demo"
	runnerToken = "theTokenOfTheRunner"
)

// scenario is a task of the simulated cloud, and how a wait for it ends.
type scenario struct {
	name        string // for -end
	description string // of the task: "a task that …"
	task        simulator.Task
	secretKey   string
	flags       []string
	exitCode    int
}

// scenarios returns all scenarios, in the order in which they are listed.
func scenarios() []scenario {
	return []scenario{
		{
			name: "success", description: "succeeds after 8 s", secretKey: secretKey,
			task: newTask("0", running, at(8*time.Second, "SUCCESS")),
		}, {
			name: "failed", description: "fails after 8 s", secretKey: secretKey, exitCode: 1,
			task: newTask("1", running, at(8*time.Second, "FAILED")),
		}, {
			name: "cancelled", description: "is cancelled after 8 s", secretKey: secretKey, exitCode: 3,
			task: newTask("2", running, at(8*time.Second, "CANCELLED")),
		}, {
			name: "timeout", description: "keeps running", secretKey: secretKey, exitCode: 124,
			task: newTask("3", running), flags: []string{"--timeout", "5s"},
		}, {
			name: "ended", description: "ended ten minutes ago", secretKey: secretKey,
			task: endedTask("4"),
		}, {
			name: "progress", description: "reports its progress for 12 s", secretKey: secretKey,
			task: progressTask("5"),
		}, {
			name: "denied", description: "exists, but the secret key is wrong", secretKey: wrongKey, exitCode: 77,
			task: newTask("6", running, at(8*time.Second, "SUCCESS")),
		},
	}
}

func findScenario(name string) (scenario, bool) {
	for _, s := range scenarios() {
		if s.name == name {
			return s, true
		}
	}
	return scenario{}, false
}

func scenarioNames() string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// running is the step that every scenario's task begins with.
var running = at(2*time.Second, "EXECUTING")

func at(after time.Duration, status string) simulator.Step {
	return simulator.Step{After: after, Status: status}
}

// newTask returns a task whose id ends with digit. It starts when it is first polled, so that there is
// something to see however long the cloud has been running.
func newTask(digit string, steps ...simulator.Step) simulator.Task {
	task := simulator.ExampleTask
	task.ID = task.ID[:len(task.ID)-1] + digit
	task.CreatedAt, task.UpdatedAt = "", ""
	task.Steps = steps
	task.OnFirstPoll = true
	return task
}

func endedTask(digit string) simulator.Task {
	task := newTask(digit, at(-10*time.Minute+2*time.Second, "EXECUTING"), at(-9*time.Minute, "SUCCESS"))
	task.Age, task.OnFirstPoll = 10*time.Minute, false
	return task
}

func progressTask(digit string) simulator.Task {
	task := newTask(digit, running, at(12*time.Second, "SUCCESS"))
	for percent := 0; percent <= 100; percent += 25 {
		after := 2*time.Second + time.Duration(percent)*100*time.Millisecond
		task.Progress = append(task.Progress, simulator.ProgressStep{After: after, Percent: percent})
	}
	return task
}

// newCloud returns a cloud with the tasks of all scenarios.
func newCloud() *simulator.Simulator {
	cloud := &simulator.Simulator{
		Keys:     map[string]string{accessKey: secretKey},
		Projects: []simulator.Project{{ID: simulator.DefaultProjectID, Name: "cn-north-4"}},
		Users:    []simulator.User{{Name: "demo", Password: password, Domain: "demo"}},
		Agencies: []simulator.Agency{{ProviderURN: providerURN, AgencyURN: agencyURN,
			Subject: "repo:dmswait/simulator:ref:refs/heads/main"}},
		IdentityProviders: []string{"demo"},
		ActionsToken:      runnerToken,
	}
	for _, s := range scenarios() {
		cloud.Tasks = append(cloud.Tasks, s.task)
	}
	return cloud
}
