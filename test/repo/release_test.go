//go:build unix

package repo_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// repository is a clone of what a release needs of this repository, and the origin beside it.
type repository struct{ folder, origin string }

const changelog = "# Changes\n\n## Unreleased\n\n" +
	"## 1.10.0 (2026-01-02)\n\n\n- Is faster.\n\n  By half.\n- `%s` is kept.\n\n" +
	"## 1.1.0\n\n- Exists.\n"

// template is the folder of a repository that tests copy, since git takes a while to make one.
var template = sync.OnceValues(func() (string, error) {
	shared, err := trial.SharedFolder()
	if err != nil {
		return "", err
	}
	root, err := trial.Root()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(shared, "release")
	r := repository{filepath.Join(folder, "clone"), filepath.Join(folder, "origin")}
	for _, name := range []string{
		".ci/release", ".ci/changelog", "action.yml", "setup/version", "CHANGELOG.md",
	} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		text := string(content)
		switch name { // as they are on main, even in the commit of a release
		case "action.yml":
			text = imageLine.ReplaceAllString(text, "  image: Dockerfile")
		case "setup/version":
			text = "unreleased\n"
		case "CHANGELOG.md":
			text = changelog
		}
		path := filepath.Join(r.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return "", err
		}
	}
	_, log, code := r.command("sh", "-euc", `
		git init --quiet --bare --initial-branch=main ../origin
		git init --quiet --initial-branch=main
		git add .
		git commit --quiet --message everything
		git remote add origin ../origin
		git push --quiet origin main`)
	if code != 0 {
		return "", fmt.Errorf("git: %s", log)
	}
	return folder, nil
})

func newRepository(t *testing.T) repository {
	t.Helper()
	original, err := template()
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(original)))
	return repository{filepath.Join(folder, "clone"), filepath.Join(folder, "origin")}
}

func (r repository) command(name string, args ...string) (stdout, stderr string, code int) {
	command := exec.Command(name, args...)
	command.Dir = r.folder
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=tester", "GIT_AUTHOR_EMAIL=tester@example.com",
		"GIT_COMMITTER_NAME=tester", "GIT_COMMITTER_EMAIL=tester@example.com",
	}
	var out, log strings.Builder
	command.Stdout, command.Stderr = &out, &log
	err := command.Run()
	return strings.TrimSuffix(out.String(), "\n"), log.String(), trial.ExitCode(err)
}

func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	out, log, code := r.command("git", args...)
	require.Equal(t, 0, code, log)
	return out
}

// checksums returns a release's checksums.txt, which lists packages and SBOMs as well.
func checksums(version string) string {
	var b strings.Builder
	for _, name := range []string{
		"darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "linux_amd64.tar.gz", "linux_arm64.tar.gz",
		"windows_amd64.zip", "windows_arm64.zip",
	} {
		system, _, _ := strings.Cut(name, ".")
		sum := sha256.Sum256([]byte(name))
		fmt.Fprintf(&b, "%x  dmswait_%s_%s\n", sum, version, name)
		fmt.Fprintf(&b, "%x  dmswait_%s_%s.cdx.json\n", sum, version, system)
		if strings.HasPrefix(name, "linux") {
			fmt.Fprintf(&b, "%x  dmswait_%s_%s.deb\n", sum, version, system)
			fmt.Fprintf(&b, "%x  dmswait_%s_%s.rpm\n", sum, version, system)
		}
	}
	return b.String()
}

func TestReleaseCommitPinsImageAndFiles(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	source := r.git(t, "rev-parse", "HEAD")
	digest := "sha256:" + strings.Repeat("0a", 32)
	sums := trial.WriteFile(t, checksums("1.10.0"))

	made, log, code := r.command(".ci/release", "commit", "1.10.0", digest, sums)
	require.Equal(t, 0, code, log)
	assert.Equal(t, made, r.git(t, "rev-parse", "v1.10.0"))
	assert.Equal(t, source, r.git(t, "rev-parse", "v1.10.0^"), "one commit on top of what was built")
	changed := r.git(t, "diff", "--name-only", source, made)
	assert.Equal(t, "action.yml\nsetup/checksums.txt\nsetup/version", changed)
	assert.Equal(t, "-  image: Dockerfile\n+  image: docker://ghcr.io/dmswait/dmswait@"+digest,
		changedLines(r.git(t, "diff", source, made, "--", "action.yml")))
	assert.Equal(t, "1.10.0", r.git(t, "show", "v1.10.0:setup/version"))
	pinned := r.git(t, "show", "v1.10.0:setup/checksums.txt")
	assert.Len(t, strings.Split(pinned, "\n"), 6)
	assert.NotRegexp(t, `cdx\.json|deb|rpm`, pinned)

	r.git(t, "checkout", "--quiet", source)
	again, log, code := r.command(".ci/release", "commit", "1.10.0", digest, sums)
	require.Equal(t, 0, code, log)
	assert.Equal(t, made, again, "a job that is run again makes the same commit")
}

// changedLines returns the lines that a diff removes and adds.
func changedLines(diff string) string {
	var lines []string
	for line := range strings.SplitSeq(diff, "\n") {
		isHeader := strings.HasPrefix(line, "+++") || strings.HasPrefix(line, "---")
		if !isHeader && len(line) > 1 && strings.ContainsRune("+-", rune(line[0])) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestReleaseCommitNeedsACompleteRelease(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for name, test := range map[string]struct{ version, digest, checksums, why string }{
		"no digest":         {"1.10.0", "", checksums("1.10.0"), "is not an image digest"},
		"a tag":             {"1.10.0", "latest", checksums("1.10.0"), "is not an image digest"},
		"another version":   {"1.10.0", digest, checksums("1.1.0"), "must list the archives of version 1.10.0"},
		"a similar version": {"1.10.0", digest, checksums("1x10.0"), "must list the archives of version 1.10.0"},
		"a missing system": {
			"1.10.0", digest, strings.Replace(checksums("1.10.0"), "darwin", "", 1), "must list the archives",
		},
		"an invalid version": {"1.10", digest, checksums("1.10"), "invalid version '1.10'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			sums := trial.WriteFile(t, test.checksums)
			_, log, code := r.command(".ci/release", "commit", test.version, test.digest, sums)
			assert.Equal(t, 1, code)
			assert.Contains(t, log, test.why)
			assert.Empty(t, r.git(t, "tag", "--list"))
		})
	}
}

func TestReleaseIsMadeOnceAndFromTheNewestCommitOfMain(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	check := func(version, why string) {
		t.Helper()
		_, log, code := r.command(".ci/release", "check", version)
		if why == "" {
			assert.Equal(t, 0, code, log)
			return
		}
		assert.Equal(t, 1, code)
		assert.Contains(t, log, why)
	}
	check("1.10.0", "")
	check("1.1.0", "")
	for _, version := range []string{
		"v1.10.0", "1.10", "01.1.0", "1.1.0-", "1.1.0 ", "1.1.0;id", "$(id)", "", "1.1.0\n1.1.1",
	} {
		check(version, "invalid version")
	}
	// Its image would be pushed to the tag of another version's shell image.
	for _, version := range []string{"1.10.0-shell", "1.10.0-rc.1-shell"} {
		check(version, "it is the tag of the shell image of "+strings.TrimSuffix(version, "-shell"))
	}
	check("1.10.0-bombshell", "CHANGELOG.md has no section")
	check("1.0.0", "CHANGELOG.md has no section '## 1.0.0'")
	check("1.1.0-rc.1", "CHANGELOG.md has no section '## 1.1.0-rc.1'")

	r.git(t, "push", "--quiet", "origin", "HEAD:refs/tags/v1.10.0")
	check("1.10.0", "v1.10.0 is already released")
	r.git(t, "commit", "--quiet", "--allow-empty", "--message", "not on main")
	check("1.1.0", "this is not the newest commit of main")
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, "setup", "version"), []byte("1.10.0\n"), 0o644))
	r.git(t, "commit", "--quiet", "--all", "--message", "a release's commit on main")
	r.git(t, "push", "--quiet", "origin", "HEAD:main")
	check("1.1.0", "setup/version on main must be 'unreleased'")
}

func TestMovingNamesNeverMoveBack(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	push := []string{"push", "--quiet", "origin"}
	for _, tag := range []string{
		"v1.9.0", "v1.10.0", "v1.10.1", "v2.0.0", "v2.1.0-rc.1", "v10.0.0-rc.1", "v1", "v2",
	} {
		push = append(push, "HEAD:refs/tags/"+tag)
	}
	r.git(t, push...)
	for version, names := range map[string]string{
		"2.0.0":       "2.0\n2\nlatest",
		"2.0.1":       "2.0\n2\nlatest",
		"1.10.1":      "1.10\n1",
		"1.10.2":      "1.10\n1",
		"1.9.1":       "1.9",
		"1.10.0":      "",
		"10.0.0":      "10.0\n10\nlatest",
		"3.0.0-rc.1":  "",
		"10.0.0-rc.1": "",
	} {
		out, log, code := r.command(".ci/release", "names", version)
		assert.Equal(t, 0, code, log)
		assert.Equal(t, names, out, version)
	}
}

// An origin that cannot be read is not an origin without releases: an old version would become latest.
func TestNothingIsReleasedOrMovedWhenOriginCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	require.NoError(t, os.RemoveAll(r.origin))
	for _, command := range []string{"names", "check"} {
		out, log, code := r.command(".ci/release", command, "1.1.0")
		assert.Equal(t, 1, code, command)
		assert.Empty(t, out, command)
		assert.Contains(t, log, "cannot read origin", command)
	}
}

func TestNoNameMovesToAnInvalidVersion(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for _, version := range []string{"1.10", "latest", "1.10.0-shell"} {
		out, log, code := r.command(".ci/release", "names", version)
		assert.Equal(t, 1, code, version)
		assert.Empty(t, out, version)
		assert.Contains(t, log, "invalid version", version)
	}
}

func TestReleaseNotesAreTheSectionOfTheChangelog(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for version, text := range map[string]string{
		"1.10.0": "- Is faster.\n\n  By half.\n- `%s` is kept.",
		"1.1.0":  "- Exists.",
	} {
		out, log, code := r.command(".ci/changelog", version)
		assert.Equal(t, 0, code, log)
		assert.Equal(t, text, out)
	}
	for _, version := range []string{"Unreleased", "1.1", "1.10.0 (2026-01-02)", "1x1.0"} {
		out, log, code := r.command(".ci/changelog", version)
		assert.Equal(t, 1, code)
		assert.Empty(t, out)
		assert.Contains(t, log, "has no section")
	}
}
