//go:build unix

package repo_test

import (
	"archive/zip"
	"bytes"
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

func TestSetupInstallsTheReleaseOfItsChecksums(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	base, requested := serve(t, archive)
	for name, base := range map[string]string{
		"plain":            base + "/mirror",
		"with a slash":     base + "/mirror/",
		"with credentials": strings.Replace(base, "//", "//me:token1@", 1) + "/mirror",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t, base, archive).run(t)
			path, outputs := s.installed(t)
			assert.Equal(t, "/mirror/v9.8.7/"+linuxArchive, requested())
			assert.Equal(t, map[string]string{"version": released, "path": filepath.Join(path, "dmswait")}, outputs)
			assert.Equal(t, []string{"dmswait"}, trial.List(t, path), "nothing else is added to PATH")
			out, err := exec.Command(outputs["path"]).Output()
			require.NoError(t, err)
			assert.Equal(t, "dmswait 9.8.7\n", string(out))
			if name == "plain" {
				s.run(t) // a second time in the same job
				assert.Equal(t, 0, s.code, s.log)
			}
		})
	}
}

func TestSetupChoosesTheFileForTheRunner(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	base, requested := serve(t, archive)
	for runner, file := range map[string]string{
		"Linux ARM64": "dmswait_9.8.7_linux_arm64.tar.gz", "macOS X64": "dmswait_9.8.7_darwin_amd64.tar.gz",
	} {
		t.Run(runner, func(t *testing.T) {
			system, architecture, _ := strings.Cut(runner, " ")
			s := newSetup(t, base, archive).set("RUNNER_OS", system).set("RUNNER_ARCH", architecture)
			s.checksums = checksum(archive, file)
			_, outputs := s.run(t).installed(t)
			assert.Equal(t, released, outputs["version"])
			assert.Equal(t, "/v9.8.7/"+file, requested())
		})
	}
	for runner, why := range map[string]string{
		"Plan9 X64": "not available for the operating system 'Plan9'",
		"Linux ARM": "not available for the architecture 'ARM'",
	} {
		system, architecture, _ := strings.Cut(runner, " ")
		s := newSetup(t, base, archive).set("RUNNER_OS", system).set("RUNNER_ARCH", architecture)
		s.run(t).assertFails(t, why)
	}
}

func TestSetupUnpacksTheZipForWindows(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("unzip"); err != nil {
		t.Skip("this system has no unzip; bash on Windows includes it")
	}
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	file, err := files.Create("dmswait.exe")
	require.NoError(t, err)
	_, err = file.Write([]byte(programOf(released)))
	require.NoError(t, err)
	require.NoError(t, files.Close())
	base, _ := serve(t, archive.Bytes())
	s := newSetup(t, base, archive.Bytes()).set("RUNNER_OS", "Windows").set("RUNNER_ARCH", "ARM64")
	s.checksums = checksum(archive.Bytes(), "dmswait_9.8.7_windows_arm64.zip")
	path, outputs := s.run(t).installed(t)
	assert.Equal(t, path+`\dmswait.exe`, outputs["path"])
}

func TestSetupInstallsOnlyTheReleasedFile(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	for name, served := range map[string][]byte{
		"another program": archiveOf(t, programOf(released)+"echo evil\n"),
		"a cut file":      archive[:len(archive)-1],
		"nothing":         {},
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := serve(t, served)
			why := fmt.Sprintf("its SHA-256 is %x, expected %x", sha256.Sum256(served), sha256.Sum256(archive))
			newSetup(t, base, archive).run(t).assertFails(t, why)
		})
	}
}

func TestSetupDoesNotShowTheCredentialsOfAMirror(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	base, _ := serve(t, nil)
	s := newSetup(t, strings.Replace(base, "//", "//me:token1@", 1), archive).run(t)
	shown := strings.Replace(base, "//", "//***@", 1)
	s.assertFails(t, shown+" is not the released file")
	assert.NotContains(t, s.log, "token1")
}

func TestSetupInstallsOnlyAProgramThatRunsAsThatVersion(t *testing.T) {
	t.Parallel()
	for program, why := range map[string]string{
		programOf("9.8.6"): "reports the wrong version: 'dmswait 9.8.6' instead of 'dmswait 9.8.7'",
		"#!/bin/sh\necho 100% wrong\necho again\nexit 1\n": "does not run on this machine: 100%25 wrong%0Aagain",
	} {
		archive := archiveOf(t, program)
		base, _ := serve(t, archive)
		newSetup(t, base, archive).run(t).assertFails(t, why)
	}
}

func TestSetupSaysThatACommitIsNotARelease(t *testing.T) {
	t.Parallel()
	asHere := newSetup(t, "http://127.0.0.1:9", nil)
	asHere.version, asHere.checksums = read(t, "setup/version"), ""
	if strings.TrimSpace(asHere.version) == "unreleased" { // in a release's commit it is a version
		asHere.run(t).assertFails(t, "this commit of the action is not a release")
	}
	for _, version := range []string{"", "latest"} {
		s := newSetup(t, "http://127.0.0.1:9", nil)
		s.version = version
		s.run(t).assertFails(t, "setup/version contains no version")
	}
	for _, checksums := range []string{
		"", "\n", "abc  " + linuxArchive + "\n", checksum(nil, "dmswait_9.8.7_linux_amd64xtar.gz"),
	} {
		s := newSetup(t, "http://127.0.0.1:9", nil)
		s.checksums = checksums
		s.run(t).assertFails(t, "setup/checksums.txt contains no checksum of "+linuxArchive)
	}
	newSetup(t, "file:///etc", nil).run(t).assertFails(t, "base_url is invalid")
	newSetup(t, "http://127.0.0.1:9", nil).set("GITHUB_PATH", "").run(t).assertFails(t, "GITHUB_PATH is not set")
}

func TestSetupRetriesFailuresThatMayPass(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	half := func(w http.ResponseWriter, _ *http.Request) { // a server that dies in the middle
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		_, _ = w.Write(archive[:len(archive)/2])
		panic(http.ErrAbortHandler)
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	const notFound = linuxArchive + " of version 9.8.7 was not found at http://127.0.0.1"
	for name, test := range map[string]struct {
		first    http.HandlerFunc
		times    int32 // how often it responds like that
		requests int32
		why      string // empty: installed
	}{
		"once cut":           {half, 1, 2, ""},
		"once unavailable":   {status(503), 1, 2, ""},
		"always cut":         {half, 9, 3, "could not download " + linuxArchive + " from http://127.0.0.1"},
		"always unavailable": {status(500), 9, 3, "The requested URL returned error: 500"},
		"not found":          {status(404), 9, 1, notFound},
		"forbidden":          {status(403), 9, 1, "The requested URL returned error: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) <= test.times {
					test.first(w, r)
					return
				}
				_, _ = w.Write(archive)
			}))
			defer server.Close()
			s := newSetup(t, server.URL, archive)
			pauses := s.replaceSleep(t)
			s.run(t)
			if test.why == "" {
				s.installed(t)
			} else {
				s.assertFails(t, test.why)
			}
			assert.Equal(t, test.requests, requests.Load())
			assert.Equal(t, "2 4 "[:2*(test.requests-1)], pauses())
		})
	}
	t.Run("unreachable", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, "http://127.0.0.1:9", archive)
		s.replaceSleep(t)
		s.run(t).assertFails(t, "could not download "+linuxArchive+" from http://127.0.0.1:9")
	})
}

func TestSetupUsesTheSHA256ToolThatTheRunnerHas(t *testing.T) {
	t.Parallel()
	archive := archiveOf(t, programOf(released))
	base, _ := serve(t, archive)
	bin := t.TempDir()
	for _, tool := range []string{
		"awk", "bash", "cat", "chmod", "curl", "dirname", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sh",
		"sleep", "tail", "tar", "tr",
	} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(bin, tool)))
	}
	newSetup(t, base, archive).set("PATH", bin).run(t).assertFails(t, "sha256sum or shasum is required")

	sum := "#!/bin/sh\ncat >/dev/null\n[ \"$*\" = '-a 256' ] && echo '" + checksum(archive, "-'")
	require.NoError(t, os.WriteFile(filepath.Join(bin, "shasum"), []byte(sum), 0o755))
	newSetup(t, base, archive).set("PATH", bin).run(t).installed(t)

	require.NoError(t, os.Remove(filepath.Join(bin, "curl")))
	newSetup(t, base, archive).set("PATH", bin).run(t).assertFails(t, "curl is required, but not installed")
}
