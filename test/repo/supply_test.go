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
				allowed := []string{
					"", "actions/download-artifact", "actions/attest-build-provenance", "actions/upload-artifact",
				}
				assert.Contains(t, allowed, action, "%s: %s", path, name)
				command := `^(|cd dist && sha256sum --check checksums\.txt|docker login ghcr\.io [^;&|\n]*)$`
				assert.Regexp(t, command, step.Run, "%s: %s", path, name)
			}
		}
	}
	assert.Equal(t, 1, signing)
}

// A tag can be moved to other code, and a job that keeps its token in the clone hands it to every later step.
func TestActionsArePinnedAndCheckoutsKeepNoToken(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(inRepository(t, ".github/workflows/*.yml"))
	require.NoError(t, err)
	pinned := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		uses := regexp.MustCompile(`(?m)uses: ([^\s@]+)(.*)$`)
		for _, used := range uses.FindAllStringSubmatch(string(content), -1) {
			if strings.HasPrefix(used[1], "./") {
				continue
			}
			assert.Regexp(t, `^@[0-9a-f]{40} # v\d+\.\d+\.\d+$`, used[2], "%s: %s", path, used[1])
			owner, rest, _ := strings.Cut(used[1], "/")
			name, _, _ := strings.Cut(rest, "/") // github/codeql-action has several actions
			repository := owner + "/" + name
			if pinned[repository] == "" {
				pinned[repository] = used[2]
			}
			assert.Equal(t, pinned[repository], used[2], "%s: %s has another version elsewhere", path, used[1])
		}
		var w workflow
		unmarshal(t, string(content), &w)
		for name, job := range w.Jobs {
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") {
					assert.Equal(t, "false", step.With["persist-credentials"], "%s: %s", path, name)
				}
			}
		}
	}
	assert.GreaterOrEqual(t, len(pinned), 8)
}

func TestDependabotWaitsAWeekAndLeavesTheMajorOfBackoff(t *testing.T) {
	t.Parallel()
	var file struct {
		Updates []struct {
			Ecosystem string `yaml:"package-ecosystem"`
			Cooldown  struct {
				Days int `yaml:"default-days"`
			}
			Ignore []struct {
				Name  string   `yaml:"dependency-name"`
				Types []string `yaml:"update-types"`
			}
		}
	}
	unmarshal(t, read(t, ".github/dependabot.yml"), &file)
	var ecosystems []string
	for _, update := range file.Updates {
		ecosystems = append(ecosystems, update.Ecosystem)
		assert.GreaterOrEqual(t, update.Cooldown.Days, 7, update.Ecosystem)
	}
	require.Equal(t, []string{"gomod", "github-actions", "npm", "docker"}, ecosystems)
	require.Len(t, file.Updates[0].Ignore, 1)
	assert.Equal(t, "github.com/cenkalti/backoff*", file.Updates[0].Ignore[0].Name)
	assert.Equal(t, []string{"version-update:semver-major"}, file.Updates[0].Ignore[0].Types)
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
