package repo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What builds a release runs other people's code. In a job that may sign, that code could sign
// anything as ours.
func TestJobThatMaySignRunsOnlyWhatSigns(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(inRepository(t, ".github/workflows/*.yml"))
	require.NoError(t, err)
	signing := 0
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var w workflow
		unmarshal(t, string(content), &w)
		require.NotNil(t, w.Permissions, "%s: without permissions, a job has all that the repository allows", path)
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
				allowed := []string{"", "actions/download-artifact", "actions/attest-build-provenance"}
				assert.Contains(t, allowed, action, "%s: %s", path, name)
				command := `^(|cd dist && sha256sum --check checksums\.txt|docker login ghcr\.io [^;&|\n]*)$`
				assert.Regexp(t, command, step.Run, "%s: %s", path, name)
			}
		}
	}
	assert.Equal(t, 1, signing)
}

func TestNPMPackagesArePinnedByHash(t *testing.T) {
	t.Parallel()
	var lock struct {
		Packages map[string]struct {
			Integrity, Resolved string
			Link                bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, ".ci/npm/package-lock.json")), &lock))
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

// The linker ignores -X for a variable that does not exist, and the release would not know its version.
func TestReleaseBuildsSetAVariableThatExists(t *testing.T) {
	t.Parallel()
	set := regexp.MustCompile(`-X github\.com/dmswait/dmswait/([\w/]+)\.(\w+)=`)
	for _, recipe := range []string{"Dockerfile", ".github/goreleaser.yaml"} {
		found := set.FindStringSubmatch(read(t, recipe))
		require.NotNil(t, found, recipe)
		files, err := filepath.Glob(filepath.Join(inRepository(t, found[1]), "*.go"))
		require.NoError(t, err)
		var source strings.Builder
		for _, path := range files {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			source.Write(content)
		}
		assert.Contains(t, source.String(), "\nvar "+found[2]+" string\n", recipe)
	}
}
