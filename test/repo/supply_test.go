package repo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// What builds a release is others' code as well. In a job that may sign, it could sign whatever it likes as ours.
func TestAJobThatMaySignRunsNothingButWhatSigns(t *testing.T) {
	t.Parallel()
	type workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions map[string]string
			Steps       []struct{ Uses, Run string }
		}
	}
	paths, err := filepath.Glob(".github/workflows/*.yml")
	require.NoError(t, err)
	signing := 0
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var w workflow
		require.NoError(t, yaml.Unmarshal(content, &w), path)
		require.NotNil(t, w.Permissions, "%s: without it, a job has all that the repository gives", path)
		for permission, level := range w.Permissions {
			assert.Equal(t, "contents: read", permission+": "+level, path)
		}
		for name, job := range w.Jobs {
			if job.Permissions["id-token"] != "write" && job.Permissions["attestations"] != "write" {
				continue
			}
			signing++
			for _, step := range job.Steps {
				action, _, _ := strings.Cut(step.Uses, "@")
				assert.Contains(t, []string{"", "actions/download-artifact", "actions/attest-build-provenance"}, action, "%s: %s", path, name)
				assert.Regexp(t, `^(|cd dist && sha256sum --check checksums\.txt|docker login ghcr\.io [^;&|\n]*)$`, step.Run, "%s: %s", path, name)
			}
		}
	}
	assert.Equal(t, 1, signing)
}

func TestWhatNpmInstallsIsPinnedByItsHash(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(".ci/npm/package-lock.json")
	require.NoError(t, err)
	var lock struct {
		Packages map[string]struct {
			Integrity, Resolved string
			Link                bool
		}
	}
	require.NoError(t, json.Unmarshal(content, &lock))
	require.Contains(t, lock.Packages, "node_modules/gitlab-ci-local")
	for name, locked := range lock.Packages {
		if name == "" { // our own package.json
			continue
		}
		assert.Regexp(t, `^sha512-[0-9A-Za-z+/]{86}==$`, locked.Integrity, name)
		assert.False(t, locked.Link, name)
		assert.Empty(t, locked.Resolved, "%s: .ci/npm/.npmrc leaves it out", name)
	}
}
