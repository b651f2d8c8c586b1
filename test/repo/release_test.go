//go:build unix

package repo_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// repository is a clone of this one as far as a release is concerned, and where it was cloned from.
type repository struct{ folder, origin string }

const changelog = "# Changes\n\n## Unreleased\n\n## 1.10.0 (2026-01-02)\n\n\n- Is faster.\n\n  By half.\n- `%s` is kept.\n\n## 1.1.0\n\n- Is there.\n"

func newRepository(t *testing.T) repository {
	t.Helper()
	r := repository{folder: t.TempDir(), origin: t.TempDir()}
	for _, name := range []string{".ci/release", ".ci/changelog", "action.yml", "setup/version"} {
		text := read(t, name)
		switch name { // so that this can be tested in a release's own commit, too
		case "action.yml":
			text = imageLine.ReplaceAllString(text, "  image: Dockerfile")
		case "setup/version":
			text = "unreleased\n"
		}
		r.write(t, name, text)
	}
	r.write(t, "CHANGELOG.md", changelog)
	r.git(t, "init", "--quiet", "--bare", "--initial-branch=main", r.origin)
	r.git(t, "init", "--quiet", "--initial-branch=main")
	r.git(t, "add", ".")
	r.git(t, "commit", "--quiet", "--message", "all of it")
	r.git(t, "remote", "add", "origin", r.origin)
	r.git(t, "push", "--quiet", "origin", "main")
	return r
}

func (r repository) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(r.folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
}

func (r repository) command(name string, args ...string) (stdout, stderr string, code int) {
	command := exec.Command(name, args...)
	command.Dir = r.folder
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=tester", "GIT_AUTHOR_EMAIL=tester@example.com", "GIT_COMMITTER_NAME=tester", "GIT_COMMITTER_EMAIL=tester@example.com",
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

// files are a release's checksums, with the lists of what is in its programs as goreleaser adds them.
func files(version string) string {
	var b strings.Builder
	for _, name := range []string{"darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "linux_amd64.tar.gz", "linux_arm64.tar.gz", "windows_amd64.zip", "windows_arm64.zip"} {
		fmt.Fprintf(&b, "%x  dmswait_%s_%s\n", sha256.Sum256([]byte(name)), version, name)
		fmt.Fprintf(&b, "%x  dmswait_%s_%s.cdx.json\n", sha256.Sum256([]byte(name)), version, strings.Split(name, ".")[0])
	}
	return b.String()
}

func TestTheReleasesCommitPinsImageAndFiles(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	source := r.git(t, "rev-parse", "HEAD")
	digest := "sha256:" + strings.Repeat("0a", 32)
	sums := filepath.Join(t.TempDir(), "checksums.txt")
	require.NoError(t, os.WriteFile(sums, []byte(files("1.10.0")), 0o644))

	made, log, code := r.command(".ci/release", "commit", "1.10.0", digest, sums)
	require.Equal(t, 0, code, log)
	assert.Equal(t, made, r.git(t, "rev-parse", "v1.10.0"))
	assert.Equal(t, source, r.git(t, "rev-parse", "v1.10.0^"), "one commit on top of what was built")
	assert.Equal(t, "action.yml\nsetup/checksums.txt\nsetup/version", r.git(t, "diff", "--name-only", source, made))
	assert.Equal(t, "-  image: Dockerfile\n+  image: docker://ghcr.io/dmswait/dmswait@"+digest, changed(r.git(t, "diff", source, made, "--", "action.yml")))
	assert.Equal(t, "1.10.0", r.git(t, "show", "v1.10.0:setup/version"))
	pinned := r.git(t, "show", "v1.10.0:setup/checksums.txt")
	assert.Len(t, strings.Split(pinned, "\n"), 6)
	assert.NotContains(t, pinned, "cdx.json")

	r.git(t, "checkout", "--quiet", source)
	again, log, code := r.command(".ci/release", "commit", "1.10.0", digest, sums)
	require.Equal(t, 0, code, log)
	assert.Equal(t, made, again, "a job that is run again makes the same commit")
}

// changed are the lines that a diff takes and adds.
func changed(diff string) string {
	var lines []string
	for line := range strings.SplitSeq(diff, "\n") {
		if len(line) > 1 && strings.ContainsRune("+-", rune(line[0])) && !strings.HasPrefix(line, "+++") && !strings.HasPrefix(line, "---") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestNoReleaseCommitIsMadeOfHalfARelease(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	digest := "sha256:" + strings.Repeat("0a", 32)
	sums := filepath.Join(t.TempDir(), "checksums.txt")
	for name, test := range map[string]struct{ version, digest, files, why string }{
		"no digest":             {"1.10.0", "", files("1.10.0"), "is no digest"},
		"a tag":                 {"1.10.0", "latest", files("1.10.0"), "is no digest"},
		"another version":       {"1.10.0", digest, files("1.1.0"), "has not the archives of version 1.10.0"},
		"a version like it":     {"1.10.0", digest, files("1x10.0"), "has not the archives of version 1.10.0"},
		"one system is missing": {"1.10.0", digest, strings.Replace(files("1.10.0"), "darwin", "", 1), "has not the archives"},
		"no version":            {"1.10", digest, files("1.10"), "'1.10' is no version"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(sums, []byte(test.files), 0o644))
			_, log, code := r.command(".ci/release", "commit", test.version, test.digest, sums)
			assert.Equal(t, 1, code)
			assert.Contains(t, log, test.why)
			assert.Empty(t, r.git(t, "tag", "--list"))
			r.git(t, "checkout", "--quiet", ".") // a workflow begins with a fresh clone
			require.NoError(t, os.RemoveAll(filepath.Join(r.folder, "setup", "checksums.txt")))
		})
	}
}

func TestAReleaseIsOfTheNewestCommitOfMainAndMadeOnce(t *testing.T) {
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
	for _, version := range []string{"v1.10.0", "1.10", "01.1.0", "1.1.0-", "1.1.0 ", "1.1.0;id", "$(id)", "", "1.1.0\n1.1.1"} {
		check(version, "is no version")
	}
	// Their image would be pushed where the shell image of another version is.
	for _, version := range []string{"1.10.0-shell", "1.10.0-rc.1-shell"} {
		check(version, "is no version but the tag of the shell image of "+strings.TrimSuffix(version, "-shell"))
	}
	check("1.10.0-bombshell", "CHANGELOG.md has no section")
	check("1.0.0", "CHANGELOG.md has no section '## 1.0.0'")
	check("1.1.0-rc.1", "CHANGELOG.md has no section '## 1.1.0-rc.1'")

	r.git(t, "tag", "v1.10.0")
	r.git(t, "push", "--quiet", "origin", "v1.10.0")
	check("1.10.0", "v1.10.0 is released already")
	r.git(t, "commit", "--quiet", "--allow-empty", "--message", "not on main")
	check("1.1.0", "this is not the newest commit of main")
	r.write(t, "setup/version", "1.10.0\n")
	r.git(t, "commit", "--quiet", "--all", "--message", "a release's commit on main")
	r.git(t, "push", "--quiet", "origin", "HEAD:main")
	check("1.1.0", "main is no release")
}

func TestMovingNamesNeverGoBack(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for _, version := range []string{"1.9.0", "1.10.0", "1.10.1", "2.0.0", "2.1.0-rc.1", "10.0.0-rc.1"} {
		r.git(t, "tag", "v"+version)
	}
	r.git(t, "tag", "v1")
	r.git(t, "tag", "v2")
	r.git(t, "push", "--quiet", "origin", "--tags")
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

// An origin that cannot be read is not one without releases: an old version would be named latest.
func TestWithoutItsOriginNothingIsReleasedAndNoNameMoves(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	require.NoError(t, os.RemoveAll(r.origin))
	for _, command := range []string{"names", "check"} {
		out, log, code := r.command(".ci/release", command, "1.1.0")
		assert.Equal(t, 1, code, command)
		assert.Empty(t, out, command)
		assert.Contains(t, log, "origin could not be read", command)
	}
}

func TestNoNameMovesToWhatIsNoVersion(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for _, version := range []string{"1.10", "latest", "1.10.0-shell"} {
		out, log, code := r.command(".ci/release", "names", version)
		assert.Equal(t, 1, code, version)
		assert.Empty(t, out, version)
		assert.Contains(t, log, "is no version", version)
	}
}

func TestTheTextOfAReleaseIsItsSectionOfTheChangelog(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for version, text := range map[string]string{"1.10.0": "- Is faster.\n\n  By half.\n- `%s` is kept.", "1.1.0": "- Is there."} {
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
