//go:build gitlab && unix

package repo_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// TestGitLabRunsThePipeline is run by .ci/gitlab, which puts gitlab-ci-local into PATH: it checks
// the file against GitLab's schema, and runs its jobs. It neither retries nor makes ID tokens, so
// the token is a variable here.
func TestGitLabRunsThePipeline(t *testing.T) {
	wait := func(result string) map[string]string {
		return map[string]string{
			"start": "PASS", "wait for restart": result, "wait for resize": result, "report": "PASS",
		}
	}
	for name, c := range map[string]struct {
		status    string
		variables []string
		jobs      map[string]string // how each ends; a missing one does not run
		shown     string
	}{
		"both succeed": {
			status: "SUCCESS",
			jobs:   wait("PASS"),
			shown:  `restart success after [\d.]+ s, resize success`,
		},
		"a task that keeps running is a warning": {
			status: "EXECUTING",
			jobs:   wait("WARN"),
			shown:  `restart timeout after [\d.]+ s, resize timeout`,
		},
		"a task that fails is not, and is shown all the same": {
			status: "FAILED",
			jobs:   wait("FAIL"),
			shown:  `restart failure after [\d.]+ s, resize failure`,
		},
		"an outage": {
			status: "SUCCESS", variables: []string{"DMSWAIT_ENDPOINT=http://127.0.0.1:9", "DMSWAIT_MAX_OUTAGE=0"},
			jobs:  wait("FAIL"),
			shown: `restart unavailable after \? s, resize unavailable`,
		},
		"only one wait": {
			status: "SUCCESS", variables: []string{"SKIP_RESIZE=true"},
			jobs:  map[string]string{"start": "PASS", "wait for restart": "PASS", "report": "PASS"},
			shown: `restart success after [\d.]+ s, resize skipped`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := exampleCloud(t, trial.At(0, c.status))
			out := gitlabPipeline(t, append(c.variables, "CI_PIPELINE_SOURCE=web",
				"DMS_INSTANCE="+given["instance_id"],
				"DMSWAIT_PROVIDER_URN="+trial.ProviderURN,
				"DMSWAIT_AGENCY_URN="+trial.AgencyURN,
				"DMSWAIT_ID_TOKEN="+server.IDToken("sts.huaweicloud.com", time.Hour)), simulated(server))
			jobs := map[string]string{}
			line := regexp.MustCompile(`(?m)^ (PASS|WARN|FAIL)  ([a-z]+(?: [a-z]+)*)`)
			for _, job := range line.FindAllStringSubmatch(out, -1) {
				jobs[job[2]] = job[1]
			}
			assert.Equal(t, c.jobs, jobs, out)
			assert.Regexp(t, `(?m)^report +> `+c.shown+`$`, out)
		})
	}
}

// gitlabPipeline runs the example in a new repository with these variables of the project, and
// returns what gitlab-ci-local prints.
func gitlabPipeline(t *testing.T, variables []string, simulated map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	example := read(t, "examples/gitlab/.gitlab-ci.yml")
	example = regexp.MustCompile(`DMSWAIT_TIMEOUT: 45m`).ReplaceAllString(example, "DMSWAIT_TIMEOUT: 500ms")
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".gitlab-ci.yml"), []byte(example), 0o600))
	start := "#!/bin/sh\necho RESTART_ID=" + trial.TaskID + "\necho RESIZE_ID=" + otherTask + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "start-changes.sh"), []byte(start), 0o700))
	path := filepath.Dir(trial.Program(t)) + ":" + os.Getenv("PATH")
	if _, err := exec.LookPath("rsync"); err != nil {
		standIn, err := filepath.Abs("testdata/gitlab")
		require.NoError(t, err)
		path += ":" + standIn
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "."},
		{"remote", "add", "origin", "https://gitlab.example.com/group/project.git"},
		{
			"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
			"commit", "--quiet", "--message", "example",
		},
	} {
		git := exec.Command("git", args...)
		git.Dir = folder
		out, err := git.CombinedOutput()
		require.NoError(t, err, string(out))
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := []string{"--force-shell-executor", "--shell-isolation", "--no-color"}
	for _, variable := range variables {
		args = append(args, "--variable", variable)
	}
	command := exec.CommandContext(ctx, "gitlab-ci-local", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+path, "HOME="+folder, "GITHUB_ACTIONS=", "CI=")
	for name, value := range simulated {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	require.NotErrorIs(t, err, exec.ErrNotFound)
	return string(out)
}
