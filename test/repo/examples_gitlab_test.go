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

// TestGitLabRunsThePipeline is for .ci/gitlab, which puts gitlab-ci-local into the path: it checks the file by GitLab's schema, and runs its jobs.
// It does neither retry nor make ID tokens: those two are GitLab's own, and here the token is a variable.
func TestGitLabRunsThePipeline(t *testing.T) {
	for name, c := range map[string]struct {
		status    string
		variables []string
		jobs      map[string]string // how each ends; one that is missing does not run
		told      string
	}{
		"both end well": {
			status: "SUCCESS",
			jobs:   map[string]string{"start": "PASS", "wait for restart": "PASS", "wait for resize": "PASS", "report": "PASS"},
			told:   `restart success after [\d.]+ s, resize success`,
		},
		"a task that runs on is a warning": {
			status: "EXECUTING",
			jobs:   map[string]string{"start": "PASS", "wait for restart": "WARN", "wait for resize": "WARN", "report": "PASS"},
			told:   `restart timeout after [\d.]+ s, resize timeout`,
		},
		"a task that fails is none, and is told all the same": {
			status: "FAILED",
			jobs:   map[string]string{"start": "PASS", "wait for restart": "FAIL", "wait for resize": "FAIL", "report": "PASS"},
			told:   `restart failure after [\d.]+ s, resize failure`,
		},
		"an outage": {
			status: "SUCCESS", variables: []string{"DMSWAIT_ENDPOINT=http://127.0.0.1:9", "DMSWAIT_MAX_OUTAGE=0"},
			jobs: map[string]string{"start": "PASS", "wait for restart": "FAIL", "wait for resize": "FAIL", "report": "PASS"},
			told: `restart unavailable after \? s, resize unavailable`,
		},
		"one wait only": {
			status: "SUCCESS", variables: []string{"SKIP_RESIZE=true"},
			jobs: map[string]string{"start": "PASS", "wait for restart": "PASS", "report": "PASS"},
			told: `restart success after [\d.]+ s, resize skipped`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := exampleCloud(t, trial.At(0, c.status))
			out := gitlabPipeline(t, append(c.variables,
				"DMS_INSTANCE="+given["instance_id"], "DMSWAIT_PROVIDER_URN="+trial.ProviderURN, "DMSWAIT_AGENCY_URN="+trial.AgencyURN,
				"DMSWAIT_ID_TOKEN="+server.IDToken("sts.huaweicloud.com", time.Hour), "CI_PIPELINE_SOURCE=web"), simulated(server))
			jobs := map[string]string{}
			for _, job := range regexp.MustCompile(`(?m)^ (PASS|WARN|FAIL)  ([a-z]+(?: [a-z]+)*)`).FindAllStringSubmatch(out, -1) {
				jobs[job[2]] = job[1]
			}
			assert.Equal(t, c.jobs, jobs, out)
			assert.Regexp(t, `(?m)^report +> `+c.told+`$`, out)
		})
	}
}

// gitlabPipeline runs the example in a repository of its own, and returns what gitlab-ci-local says. The variables are the project's.
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
		{"init", "--quiet"}, {"add", "."}, {"remote", "add", "origin", "https://gitlab.example.com/group/project.git"},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "example"},
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
