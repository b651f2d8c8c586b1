//go:build unix

package repo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// pageYAML is what a block of YAML can be: a workflow, a job of GitLab, a pod; otherwise a list of
// steps, or permissions alone.
type pageYAML struct {
	Permissions map[string]string
	Jobs        map[string]struct{ Steps []pageStep }
	Wait        struct {
		IDTokens  map[string]struct{ Aud string } `yaml:"id_tokens"`
		Variables map[string]string
		Script    []string
	}
	Spec struct{ Containers []container }
}

type pageStep struct {
	ID, If, Uses, Run string
	With, Env         map[string]string
}

func TestYAMLOfPagesRuns(t *testing.T) {
	t.Parallel()
	for _, b := range blocks(t, "yaml") {
		t.Run(b.page, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(strings.TrimSpace(b.text), "- ") {
				var steps []pageStep
				unmarshal(t, b.text, &steps)
				runSteps(t, steps, true)
				return
			}
			var file pageYAML
			unmarshal(t, b.text, &file)
			idToken := file.Permissions["id-token"] == "write"
			switch {
			case len(file.Jobs) > 0:
				for _, job := range file.Jobs {
					assert.True(t, runSteps(t, job.Steps, idToken), "it waits for nothing")
				}
			case len(file.Wait.Script) > 0:
				runGitLabJob(t, file)
			case len(file.Spec.Containers) > 0:
				runPod(t, file)
			default:
				assert.True(t, idToken, "nobody tests this block:\n%s", b.text)
			}
		})
	}
}

// runSteps runs the waits among the steps of a job, and reports whether there were any.
func runSteps(t *testing.T, steps []pageStep, idToken bool) (waited bool) {
	for _, step := range steps {
		assert.NotContains(t, step.Run, "${{", "values reach a script through env")
		if !strings.HasSuffix(step.Uses, "/dmswait") {
			continue
		}
		waited = true
		server := exampleCloud(t, trial.At(0, "SUCCESS"))
		tr := exampleTrial(server).InActions(t)
		for name, value := range step.Env {
			tr.Set(name, value)
		}
		for name, value := range step.With {
			assert.True(t, isActionInput(name), "%s is no input of action.yml", name)
			tr.Set("INPUT_"+strings.ToUpper(name), substituted(name, value))
		}
		if idToken {
			tr.Set("ACTIONS_ID_TOKEN_REQUEST_URL", server.ActionsURL())
			tr.Set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", trial.ActionsToken)
		}
		assert.Zero(t, tr.Run(t).Code, tr.Log.String())
		if tr.Env["DMSWAIT_DRY_RUN"] == "" {
			assert.Equal(t, trial.TaskID, tr.Outputs(t)["task_id"])
		} else {
			assert.Zero(t, server.Count("task"), "a dry run sends nothing")
		}
	}
	return waited
}

func runGitLabJob(t *testing.T, file pageYAML) {
	server := exampleCloud(t, trial.At(0, "SUCCESS"))
	env := simulated(server)
	for name := range file.Wait.Variables {
		env[name] = given[strings.ToLower(strings.TrimPrefix(name, "DMSWAIT_"))]
		assert.NotEmpty(t, env[name], name)
	}
	for name, token := range file.Wait.IDTokens {
		env[name] = server.IDToken(token.Aud, time.Hour)
	}
	env["INSTANCE"], env["TASK"] = simulator.DefaultInstanceID, trial.TaskID
	out := inShell(t, t.TempDir(), strings.Join(file.Wait.Script, "\n"), env)
	assert.Zero(t, out.code, out.text)
}

func runPod(t *testing.T, file pageYAML) {
	server := exampleCloud(t, trial.At(0, "SUCCESS"))
	tr := exampleTrial(server)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(server.IDToken("sts.huaweicloud.com", time.Hour)), 0o600))
	for _, env := range file.Spec.Containers[0].Env {
		value := given[strings.ToLower(strings.TrimPrefix(env.Name, "DMSWAIT_"))]
		switch {
		case strings.HasSuffix(env.Name, "_FILE"):
			value = token
		case env.Name == "DMSWAIT_POD_IDENTITY":
			value = env.Value
			tr.Set("HC_CONTAINER_CREDENTIALS_FULL_URI", server.PodIdentityURI())
			tr.Set("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", trial.WriteFile(t, trial.PodToken))
		}
		assert.NotEmpty(t, value, env.Name)
		tr.Set(env.Name, value)
	}
	tr.Set("DMSWAIT_REGION", given["region"]).Set("DMSWAIT_INSTANCE_ID", given["instance_id"])
	assert.Zero(t, tr.Set("DMSWAIT_TASK_ID", trial.TaskID).Run(t).Code, tr.Log.String())
}
