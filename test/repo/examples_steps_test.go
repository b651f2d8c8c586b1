//go:build unix

package repo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const otherTask = "8abfa7a77e2b4c0e017e2b4f0a2b0002"

// exampleCloud starts a cloud with the tasks and logins of all examples.
func exampleCloud(t *testing.T, steps ...simulator.Step) *simulator.Server {
	t.Helper()
	sim := trial.Account(steps...)
	other := sim.Tasks[0]
	other.ID = otherTask
	sim.Tasks = append(sim.Tasks, other)
	kubernetes := strings.Replace(trial.ProviderURN, "github", "kubernetes", 1)
	sim.Agencies = append(sim.Agencies, simulator.Agency{ProviderURN: kubernetes, AgencyURN: trial.AgencyURN})
	return trial.Start(t, sim)
}

// given are the values of what an example leaves open, by input.
var given = map[string]string{
	"region":       "cn-north-4",
	"project_id":   simulator.DefaultProjectID,
	"instance_id":  simulator.DefaultInstanceID,
	"task_id":      trial.TaskID,
	"timeout":      "1h",
	"provider_urn": trial.ProviderURN,
	"agency_urn":   trial.AgencyURN,
	"access_key":   trial.AccessKey,
	"secret_key":   trial.SecretKey,
}

// exampleTrial returns a run with the arguments of an example, against the simulator instead of the
// cloud.
func exampleTrial(server *simulator.Server, args ...string) *trial.Trial {
	tr := trial.New(server, args...)
	tr.Args = args
	tr.Env = map[string]string{"HOME": "/nonexistent"}
	for name, value := range simulated(server) {
		tr.Env[name] = value
	}
	return tr
}

// simulated returns the environment that makes dmswait poll the simulator, with short pauses.
func simulated(server *simulator.Server) map[string]string {
	return map[string]string{
		"DMSWAIT_ENDPOINT": server.URL, "DMSWAIT_IAM_ENDPOINT": server.URL, "DMSWAIT_STS_ENDPOINT": server.URL,
		"DMSWAIT_INTERVAL": "10ms", "DMSWAIT_MAX_INTERVAL": "20ms",
	}
}

// testWorkflow runs the waiting step of a workflow of GitHub Actions with its inputs.
func testWorkflow(t *testing.T, text string) {
	var file workflow
	unmarshal(t, text, &file)
	assert.Empty(t, file.Permissions, "each job states its own")
	waits := 0
	for _, job := range file.Jobs {
		for _, step := range job.Steps {
			assert.NotContains(t, step.Run, "${{", "scripts get values through env")
			if step.Uses != "dmswait/dmswait@v1" {
				continue
			}
			until := step.With["until"]
			if until == "" {
				waits++
			}
			server := exampleCloud(t, trial.At(0, "SUCCESS"))
			tr := exampleTrial(server).InActions(t)
			for name, value := range step.With {
				assert.True(t, isActionInput(name), "%s is not an input of action.yml", name)
				tr.Set("INPUT_"+strings.ToUpper(name), substituted(name, value))
			}
			if job.Permissions["id-token"] == "write" {
				tr.Set("ACTIONS_ID_TOKEN_REQUEST_URL", server.ActionsURL())
				tr.Set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", trial.ActionsToken)
			}
			if until != "" {
				tr.Set("DMSWAIT_SETTLE", "10ms")
			}
			assert.Equal(t, 0, tr.Run(t).Code, tr.Log.String())
			if until != "" {
				assert.Equal(t, simulator.DefaultInstanceID, tr.Outputs(t)["instance_id"])
				continue
			}
			assert.Equal(t, trial.TaskID, tr.Outputs(t)["task_id"])
		}
	}
	assert.Equal(t, 1, waits)
	ours := read(t, ".github/workflows/ci.yml")
	for _, used := range regexp.MustCompile(`uses: (.*)`).FindAllStringSubmatch(text, -1) {
		if used[1] != "dmswait/dmswait@v1" {
			assert.Regexp(t, `^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`, used[1])
			assert.Contains(t, ours, used[0], "the same version as in our own workflows, which are kept up to date")
		}
	}
}

func isActionInput(name string) bool {
	for _, in := range config.Inputs() {
		if in.Name == name {
			return in.Action
		}
	}
	return false
}

func isInput(name string) bool {
	for _, in := range config.Inputs() {
		if in.Name == name {
			return true
		}
	}
	return false
}

// substituted returns an input's value, where the example has an expression with what the CI system
// would insert.
func substituted(name, value string) string {
	if name == "since" {
		return time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	}
	if strings.Contains(value, "${") {
		return given[name]
	}
	return value
}

func testWoodpecker(t *testing.T, text string) {
	var file struct {
		Steps []struct {
			Name, Image string
			Settings    map[string]any
			Commands    []string
		}
	}
	unmarshal(t, text, &file)
	require.Len(t, file.Steps, 2)
	wait, report := file.Steps[0], file.Steps[1]
	folder := t.TempDir()
	for _, status := range []string{"SUCCESS", "EXECUTING"} {
		tr := exampleTrial(exampleCloud(t, trial.At(0, status))).Set("CI", "woodpecker")
		for name, value := range wait.Settings {
			assert.True(t, isInput(name), "%s is not an input", name)
			if secret, ok := value.(map[string]any); ok {
				assert.Equal(t, "huaweicloud_"+name, secret["from_secret"])
				value = given[name]
			}
			tr.Set("PLUGIN_"+strings.ToUpper(name), substituted(name, value.(string)))
		}
		tr.Set("PLUGIN_OUTPUT_FILE", filepath.Join(folder, tr.Env["PLUGIN_OUTPUT_FILE"]))
		if status == "EXECUTING" {
			tr.Set("PLUGIN_TIMEOUT", "100ms")
		}
		assert.Equal(t, 0, tr.Run(t).Code, tr.Log.String())
		out := inShell(t, folder, strings.Join(report.Commands, "\n"), nil)
		result := map[string]string{"SUCCESS": "success", "EXECUTING": "timeout"}[status]
		assert.Regexp(t, `^`+result+` after [\d.]+ s\n$`, out.text)
	}
}

// container is a container in the words that Kubernetes, Tekton and Argo share.
type container struct {
	Image         string
	Command, Args []string
	Env           []struct{ Name, Value string }
}

// trial returns a run as in the container. Mounted files are in a folder of the test, which is
// returned as well.
func (c container) trial(t *testing.T, server *simulator.Server, replace ...string) (*trial.Trial, string) {
	t.Helper()
	folder := t.TempDir()
	token := server.IDToken("sts.huaweicloud.com", time.Hour)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "token"), []byte(token), 0o600))
	place := strings.NewReplacer(append(replace,
		"/var/run/secrets/dmswait/", folder+"/",
		"/tekton/results", folder+"/results",
		"=/results", "="+folder+"/results",
		"/dev/termination-log", folder+"/termination-log")...).Replace
	tr := exampleTrial(server)
	for _, arg := range c.Args {
		tr.Args = append(tr.Args, place(arg))
	}
	for _, env := range c.Env {
		tr.Set(env.Name, place(env.Value))
	}
	return tr, folder
}

func testTekton(t *testing.T, text string) {
	var task struct {
		Spec struct {
			Params, Results []struct{ Name string }
			Steps           []container
		}
	}
	unmarshal(t, text, &task)
	require.Len(t, task.Spec.Steps, 1)
	assert.Equal(t, []string{"/dmswait"}, task.Spec.Steps[0].Command, "the program in the image")
	var params []string
	for _, param := range task.Spec.Params {
		params = append(params, "$(params."+param.Name+")", given[param.Name])
	}
	server := exampleCloud(t, trial.At(0, "SUCCESS"))
	tr, folder := task.Spec.Steps[0].trial(t, server, params...)
	assert.NotContains(t, strings.Join(tr.Args, " "), "$(", "every param is declared")
	assert.Equal(t, 0, tr.Run(t).Code, tr.Log.String())
	assert.NotEmpty(t, task.Spec.Results)
	for _, result := range task.Spec.Results {
		assert.True(t, isOutput(result.Name), result.Name)
		assert.FileExists(t, filepath.Join(folder, "results", result.Name))
	}
}

func testArgo(t *testing.T, text string) {
	type parameter struct {
		Name, Value string
		ValueFrom   struct{ Path string } `yaml:"valueFrom"`
	}
	var file struct {
		Spec struct {
			Arguments struct{ Parameters []parameter }
			Templates []struct {
				Name            string
				Container       container
				Inputs, Outputs struct{ Parameters []parameter }
			}
		}
	}
	unmarshal(t, text, &file)
	var values []string
	for _, p := range file.Spec.Arguments.Parameters {
		values = append(values, "{{workflow.parameters."+p.Name+"}}", p.Value)
	}
	var tasks []string
	unmarshal(t, file.Spec.Arguments.Parameters[1].Value, &tasks)
	assert.Equal(t, []string{trial.TaskID, otherTask}, tasks)
	wait := file.Spec.Templates[1]
	require.Equal(t, "wait", wait.Name)
	assert.Equal(t, []string{"/dmswait"}, wait.Container.Command, "the program in the image")
	for _, task := range tasks {
		server := exampleCloud(t, trial.At(0, "SUCCESS"))
		input := "{{inputs.parameters." + wait.Inputs.Parameters[0].Name + "}}"
		tr, folder := wait.Container.trial(t, server, append(values, input, task)...)
		assert.Equal(t, 0, tr.Run(t).Code, tr.Log.String())
		assert.Contains(t, tr.Out.String(), task)
		for _, output := range wait.Outputs.Parameters {
			assert.True(t, isOutput(output.Name), output.Name)
			assert.Equal(t, "/results/"+output.Name, output.ValueFrom.Path)
			assert.FileExists(t, folder+output.ValueFrom.Path)
		}
	}
}

func testCronJob(t *testing.T, text string) {
	var file struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					Template struct {
						Spec struct{ Containers []container }
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	unmarshal(t, text, &file)
	poll := file.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	assert.Empty(t, poll.Command, "the entrypoint of the image")
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 0, "FAILED": 1} {
		server := exampleCloud(t, trial.At(0, status))
		tr, _ := poll.trial(t, server)
		assert.Equal(t, code, tr.Run(t).Code, tr.Log.String())
		isSilent := tr.Out.Len()+tr.Log.Len() == 0
		assert.Equal(t, code == 0, isSilent, "prints only failures: %s", tr.Log.String())
		assert.Equal(t, 1, server.Count("task"))
		assert.Zero(t, server.Count("projects"), "no request to IAM")
	}
}
