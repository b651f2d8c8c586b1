//go:build unix

package repo_test

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// prepared returns the folder that packaging/prepare has made for a version.
func prepared(t *testing.T, version string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "prepared")
	command := exec.Command(inRepository(t, "packaging/prepare"), version, folder)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return folder
}

func unzipped(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	reader, err := gzip.NewReader(file)
	require.NoError(t, err)
	assert.Empty(t, reader.Name, "neither a name nor a time, which would differ from build to build")
	assert.True(t, reader.ModTime.IsZero())
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(content)
}

func TestPreparedFilesAreThoseOfTheRepository(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	folder := prepared(t, "1.3.0-rc.1")
	assert.Equal(t, read(t, "packaging/dmswait.1"), unzipped(t, filepath.Join(folder, "dmswait.1.gz")))
	changes := unzipped(t, filepath.Join(folder, "changelog.gz"))
	assert.Regexp(t, `^dmswait \(1\.3\.0~rc\.1\) unstable; urgency=medium\n\n  \* .*\n\n -- .* <.*>  \w{3}, \d+ .*\n$`, changes)
}

// An archive holds one page. Its links have to lead somewhere without the repository around it.
func TestLinksOfThePackedReadmeLeadToItsRelease(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	content, err := os.ReadFile(filepath.Join(prepared(t, "1.2.3"), "README.md"))
	require.NoError(t, err)
	links := regexp.MustCompile(`\]\(([^)]*)\)|(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(content), -1)
	assert.Greater(t, len(links), 15)
	for _, link := range links {
		target := link[1] + link[2]
		if strings.HasPrefix(target, "#") {
			continue
		}
		assert.Regexp(t, `^https?://`, target)
		if path, ours := strings.CutPrefix(target, "https://github.com/dmswait/dmswait/blob/v1.2.3/"); ours {
			path, _, _ := strings.Cut(path, "#")
			assert.FileExists(t, inRepository(t, path))
		}
	}
	changes := withoutBlocks(read(t, "CHANGELOG.md"))
	assert.NotRegexp(t, `\]\([^)#:]*\)`, changes, "it is packed as it is")
}

func TestReleasePacksFilesThatExist(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	type packed struct{ Src, Dst, Packager string }
	var file struct {
		Before   struct{ Hooks []string }
		Archives []struct{ Files []packed }
		NFPMs    []struct{ Contents []packed } `yaml:"nfpms"`
	}
	unmarshal(t, read(t, ".github/goreleaser.yaml"), &file)
	assert.Equal(t, []string{"packaging/prepare {{ .Version }}"}, file.Before.Hooks)
	require.Len(t, file.Archives, 1)
	require.Len(t, file.NFPMs, 1)
	folder := prepared(t, "1.2.3")
	used := map[string]bool{}
	for _, f := range append(file.Archives[0].Files, file.NFPMs[0].Contents...) {
		if name, ok := strings.CutPrefix(f.Src, "packaging/prepared/"); ok {
			assert.FileExists(t, filepath.Join(folder, name))
		} else {
			assert.FileExists(t, inRepository(t, f.Src))
		}
		used[f.Src] = true
	}
	for _, name := range trial.List(t, folder) {
		assert.True(t, used["packaging/prepared/"+name], "nothing packs %s", name)
	}
	for _, name := range trial.List(t, inRepository(t, "packaging")) {
		if name != "prepare" && name != "prepared" && name != "dmswait.1" {
			assert.True(t, used["packaging/"+name], "nothing packs packaging/%s", name)
		}
	}
}

// Whoever passes the program on passes on what it contains, whose licenses require that they are stated.
func TestCopyrightNamesEveryModuleInTheProgram(t *testing.T) {
	t.Parallel()
	copyright := read(t, "packaging/copyright")
	forTests := regexp.MustCompile(`(?s)// For tests alone\.\nrequire \(.*?\n\)`)
	mod := forTests.ReplaceAllString(read(t, "go.mod"), "")
	modules := regexp.MustCompile(`(?m)^\t(\S+?)(?:/v\d+)? v`).FindAllStringSubmatch(mod, -1)
	require.NotEmpty(t, modules)
	for _, module := range modules {
		if module[1] != "golang.org/x/tools" { // only tests import it
			assert.Contains(t, copyright, module[1])
		}
	}
}
