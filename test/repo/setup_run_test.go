//go:build unix

package repo_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

const (
	released     = "9.8.7"
	linuxArchive = "dmswait_9.8.7_linux_amd64.tar.gz"
)

// setup is one run of setup/install.sh as a step of a workflow, with the files of a release's commit.
type setup struct {
	version, checksums string // files beside the script; empty: missing
	env                map[string]string
	folder             string

	code int
	log  string
}

// newSetup returns a run on Linux for a release at base that contains the archive.
func newSetup(t *testing.T, base string, archive []byte) *setup {
	t.Helper()
	folder := t.TempDir()
	return &setup{
		version:   released + "\n",
		checksums: checksum(nil, linuxArchive+".sbom.json") + checksum(archive, linuxArchive),
		folder:    folder,
		env: map[string]string{
			"PATH": os.Getenv("PATH"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
			"RUNNER_TEMP": filepath.Join(folder, "a temp"),
			"GITHUB_PATH": filepath.Join(folder, "path"), "GITHUB_OUTPUT": filepath.Join(folder, "output"),
			"DMSWAIT_SETUP_BASE_URL": base,
		},
	}
}

// checksum returns the line of a checksums.txt.
func checksum(archive []byte, name string) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), name)
}

func (s *setup) set(name, value string) *setup {
	s.env[name] = value
	return s
}

func (s *setup) run(t *testing.T) *setup {
	t.Helper()
	action := filepath.Join(s.folder, "action")
	require.NoError(t, os.MkdirAll(action, 0o755))
	for name, content := range map[string]string{
		"install.sh": read(t, "setup/install.sh"), "version": s.version, "checksums.txt": s.checksums,
	} {
		if content != "" {
			require.NoError(t, os.WriteFile(filepath.Join(action, name), []byte(content), 0o644))
		}
	}
	command := exec.CommandContext(t.Context(), "bash", filepath.Join(action, "install.sh"))
	for name, value := range s.env {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	s.code, s.log = trial.ExitCode(err), string(out)
	return s
}

// installed returns what later steps see: the folder added to PATH, and the outputs.
func (s *setup) installed(t *testing.T) (path string, outputs map[string]string) {
	t.Helper()
	require.Equal(t, 0, s.code, s.log)
	content, err := os.ReadFile(s.env["GITHUB_PATH"])
	require.NoError(t, err)
	output, err := os.ReadFile(s.env["GITHUB_OUTPUT"])
	require.NoError(t, err)
	return strings.TrimSuffix(string(content), "\n"), trial.ParseOutputs(t, string(output))
}

// assertFails asserts that the run failed for that reason, and that later steps see nothing.
func (s *setup) assertFails(t *testing.T, why string) {
	t.Helper()
	assert.Equal(t, 1, s.code, s.log)
	assert.Contains(t, s.log, "::error title=dmswait setup::")
	assert.Contains(t, s.log, why)
	assert.NoFileExists(t, s.env["GITHUB_PATH"])
	assert.NoFileExists(t, s.env["GITHUB_OUTPUT"])
	left, err := filepath.Glob(filepath.Join(s.env["RUNNER_TEMP"], "dmswait-*", "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "no download remains")
}

// programOf returns a program whose --version prints that version.
func programOf(version string) string { return "#!/bin/sh\necho dmswait " + version + "\n" }

// archiveOf returns a release's archive with that program, between other files as in a real one.
func archiveOf(t *testing.T, program string) []byte {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	files := tar.NewWriter(zipped)
	for _, file := range [][2]string{{"LICENSE", "license"}, {"dmswait", program}, {"README.md", "readme"}} {
		require.NoError(t, files.WriteHeader(&tar.Header{Name: file[0], Mode: 0o755, Size: int64(len(file[1]))}))
		_, err := files.Write([]byte(file[1]))
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return archive.Bytes()
}

// serve serves the archive at every path. It returns the URL and a function that returns the path
// requested last.
func serve(t *testing.T, archive []byte) (base string, requested func() string) {
	t.Helper()
	var last atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r.URL.Path)
		_, _ = w.Write(archive)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string {
		path, _ := last.Load().(string)
		return path
	}
}

// replaceSleep makes pauses take no time. It returns a function that returns their lengths in seconds.
func (s *setup) replaceSleep(t *testing.T) (pauses func() string) {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\nprintf '%s ' \"$1\" >>\"${0%/*}/pauses\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sleep"), []byte(script), 0o755))
	s.set("PATH", bin+":"+s.env["PATH"])
	return func() string {
		content, _ := os.ReadFile(filepath.Join(bin, "pauses"))
		return string(content)
	}
}
