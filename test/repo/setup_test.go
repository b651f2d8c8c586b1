//go:build unix

package repo_test

import (
	"archive/tar"
	"archive/zip"
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

const released = "9.8.7"

// setup is one run of setup/install.sh, as the step of a workflow that has the files of a release's commit.
type setup struct {
	version, checksums string // the files beside the script; empty: missing
	env                map[string]string
	folder             string

	code int
	log  string
}

// newSetup is a run on Linux whose release has that archive, with the right checksum, and is kept at base.
func newSetup(t *testing.T, base string, archive []byte) *setup {
	t.Helper()
	folder := t.TempDir()
	return &setup{
		version:   released + "\n",
		checksums: fmt.Sprintf("%x  dmswait_9.8.7_linux_amd64.tar.gz.sbom.json\n%s", sha256.Sum256(nil), checksum(archive, "dmswait_9.8.7_linux_amd64.tar.gz")),
		folder:    folder,
		env: map[string]string{
			"PATH": os.Getenv("PATH"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "DMSWAIT_SETUP_BASE_URL": base,
			"RUNNER_TEMP": filepath.Join(folder, "a temp"), "GITHUB_PATH": filepath.Join(folder, "path"), "GITHUB_OUTPUT": filepath.Join(folder, "output"),
		},
	}
}

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
	for name, content := range map[string]string{"install.sh": read(t, "setup/install.sh"), "version": s.version, "checksums.txt": s.checksums} {
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

// installed is what later steps find: the added path and the outputs.
func (s *setup) installed(t *testing.T) (path string, outputs map[string]string) {
	t.Helper()
	require.Equal(t, 0, s.code, s.log)
	content, err := os.ReadFile(s.env["GITHUB_PATH"])
	require.NoError(t, err)
	output, err := os.ReadFile(s.env["GITHUB_OUTPUT"])
	require.NoError(t, err)
	return strings.TrimSuffix(string(content), "\n"), trial.ParseOutputs(t, string(output))
}

// refused holds that it failed for that reason, and that later steps find nothing.
func (s *setup) refused(t *testing.T, why string) {
	t.Helper()
	assert.Equal(t, 1, s.code, s.log)
	assert.Contains(t, s.log, "::error title=dmswait setup::")
	assert.Contains(t, s.log, why)
	assert.NoFileExists(t, s.env["GITHUB_PATH"])
	assert.NoFileExists(t, s.env["GITHUB_OUTPUT"])
	left, err := filepath.Glob(filepath.Join(s.env["RUNNER_TEMP"], "dmswait-*", "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "nothing is left of a download")
}

// says is a program that answers --version like that.
func says(version string) string { return "#!/bin/sh\necho dmswait " + version + "\n" }

// packed is an archive of a release, with other files around the program as in a real one.
func packed(t *testing.T, program string) []byte {
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

// releases serves that archive under any name, and tells the paths that were asked for.
func releases(t *testing.T, archive []byte) (base string, asked func() string) {
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

func TestSetupInstallsTheReleaseThatItsChecksumsName(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	base, asked := releases(t, archive)
	for name, base := range map[string]string{"as it is": base + "/mirror", "with a slash": base + "/mirror/", "with a login": strings.Replace(base, "//", "//me:token1@", 1) + "/mirror"} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t, base, archive).run(t)
			path, outputs := s.installed(t)
			assert.Equal(t, "/mirror/v9.8.7/dmswait_9.8.7_linux_amd64.tar.gz", asked())
			assert.Equal(t, map[string]string{"version": released, "path": filepath.Join(path, "dmswait")}, outputs)
			files, err := os.ReadDir(path)
			require.NoError(t, err)
			assert.Len(t, files, 1, "nothing but the program is put into PATH")
			out, err := exec.Command(outputs["path"]).Output()
			require.NoError(t, err)
			assert.Equal(t, "dmswait 9.8.7\n", string(out))
			s.run(t) // a second time in one job
			assert.Equal(t, 0, s.code, s.log)
		})
	}
}

func TestSetupTakesTheFileForTheRunner(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	base, asked := releases(t, archive)
	for runner, file := range map[string]string{
		"Linux X64": "dmswait_9.8.7_linux_amd64.tar.gz", "Linux ARM64": "dmswait_9.8.7_linux_arm64.tar.gz",
		"macOS X64": "dmswait_9.8.7_darwin_amd64.tar.gz", "macOS ARM64": "dmswait_9.8.7_darwin_arm64.tar.gz",
	} {
		t.Run(runner, func(t *testing.T) {
			system, architecture, _ := strings.Cut(runner, " ")
			s := newSetup(t, base, archive).set("RUNNER_OS", system).set("RUNNER_ARCH", architecture)
			s.checksums = checksum(archive, file)
			_, outputs := s.run(t).installed(t)
			assert.Equal(t, released, outputs["version"])
			assert.Equal(t, "/v9.8.7/"+file, asked())
		})
	}
	for runner, why := range map[string]string{"Plan9 X64": "not available for the operating system 'Plan9'", "Linux ARM": "not available for the architecture 'ARM'"} {
		system, architecture, _ := strings.Cut(runner, " ")
		newSetup(t, base, archive).set("RUNNER_OS", system).set("RUNNER_ARCH", architecture).run(t).refused(t, why)
	}
}

func TestSetupUnpacksTheZipForWindows(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("unzip"); err != nil {
		t.Skip("this system has no unzip; bash on Windows brings it along")
	}
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	file, err := files.Create("dmswait.exe")
	require.NoError(t, err)
	_, err = file.Write([]byte(says(released)))
	require.NoError(t, err)
	require.NoError(t, files.Close())
	base, _ := releases(t, archive.Bytes())
	s := newSetup(t, base, archive.Bytes()).set("RUNNER_OS", "Windows").set("RUNNER_ARCH", "ARM64")
	s.checksums = checksum(archive.Bytes(), "dmswait_9.8.7_windows_arm64.zip")
	path, outputs := s.run(t).installed(t)
	assert.Equal(t, path+`\dmswait.exe`, outputs["path"])
}

func TestSetupInstallsNothingThatIsNotWhatWasReleased(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	for name, served := range map[string][]byte{
		"another program": packed(t, says(released)+"echo evil\n"),
		"a cut file":      archive[:len(archive)-1],
		"nothing":         {},
		"a login page":    []byte("<html>please log in</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := releases(t, served)
			newSetup(t, base, archive).run(t).refused(t, fmt.Sprintf("its SHA-256 is %x, expected %x", sha256.Sum256(served), sha256.Sum256(archive)))
		})
	}
}

func TestSetupDoesNotShowTheLoginAtAMirror(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	base, _ := releases(t, nil)
	s := newSetup(t, strings.Replace(base, "//", "//me:token1@", 1), archive).run(t)
	s.refused(t, strings.Replace(base, "//", "//***@", 1)+" is not the released file")
	assert.NotContains(t, s.log, "token1")
}

func TestSetupInstallsNothingThatDoesNotRunAsThatVersion(t *testing.T) {
	t.Parallel()
	for program, why := range map[string]string{
		says("9.8.6"): "reports the wrong version: 'dmswait 9.8.6' instead of 'dmswait 9.8.7'",
		"#!/bin/sh\necho 100% wrong\necho again\nexit 1\n": "does not run on this machine: 100%25 wrong%0Aagain",
	} {
		archive := packed(t, program)
		base, _ := releases(t, archive)
		newSetup(t, base, archive).run(t).refused(t, why)
	}
}

func TestSetupSaysThatACommitIsNoRelease(t *testing.T) {
	t.Parallel()
	asHere := newSetup(t, "http://127.0.0.1:9", nil)
	asHere.version, asHere.checksums = read(t, "setup/version"), ""
	if strings.TrimSpace(asHere.version) == "unreleased" { // in a release's own commit it is a version
		asHere.run(t).refused(t, "this commit of the action is not a release")
	}
	for version, why := range map[string]string{"": "setup/version contains no version", "latest": "setup/version contains no version"} {
		s := newSetup(t, "http://127.0.0.1:9", nil)
		s.version = version
		s.run(t).refused(t, why)
	}
	for _, checksums := range []string{"", "\n", "abc  dmswait_9.8.7_linux_amd64.tar.gz\n", checksum(nil, "dmswait_9.8.7_linux_amd64xtar.gz")} {
		s := newSetup(t, "http://127.0.0.1:9", nil)
		s.checksums = checksums
		s.run(t).refused(t, "setup/checksums.txt contains no checksum of dmswait_9.8.7_linux_amd64.tar.gz")
	}
	newSetup(t, "file:///etc", nil).run(t).refused(t, "base_url is invalid: it must begin with https:// or http://")
	newSetup(t, "http://127.0.0.1:9", nil).set("GITHUB_PATH", "").run(t).refused(t, "GITHUB_PATH is not set")
}

func TestSetupTriesAgainWhatMayBeBetterThen(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	half := func(w http.ResponseWriter, _ *http.Request) { // a server that dies in the middle
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		_, _ = w.Write(archive[:len(archive)/2])
		panic(http.ErrAbortHandler)
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, test := range map[string]struct {
		first http.HandlerFunc
		times int32 // that it is like that
		asked int32
		why   string // empty: installed
	}{
		"once cut":           {half, 1, 2, ""},
		"once unavailable":   {status(503), 1, 2, ""},
		"always cut":         {half, 9, 3, "could not download dmswait_9.8.7_linux_amd64.tar.gz from http://127.0.0.1"},
		"always unavailable": {status(500), 9, 3, "The requested URL returned error: 500"},
		"not there":          {status(404), 9, 1, "dmswait_9.8.7_linux_amd64.tar.gz of version 9.8.7 was not found at http://127.0.0.1"},
		"not for us":         {status(403), 9, 1, "The requested URL returned error: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) <= test.times {
					test.first(w, r)
					return
				}
				_, _ = w.Write(archive)
			}))
			defer server.Close()
			s := newSetup(t, server.URL, archive).run(t)
			if test.why == "" {
				s.installed(t)
			} else {
				s.refused(t, test.why)
			}
			assert.Equal(t, test.asked, asked.Load())
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		newSetup(t, "http://127.0.0.1:9", archive).run(t).refused(t, "could not download dmswait_9.8.7_linux_amd64.tar.gz from http://127.0.0.1:9")
	})
}

func TestSetupTakesWhateverToolForSHA256IsThere(t *testing.T) {
	t.Parallel()
	archive := packed(t, says(released))
	base, _ := releases(t, archive)
	bin := t.TempDir()
	for _, tool := range []string{"awk", "bash", "cat", "chmod", "curl", "dirname", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sh", "sleep", "tail", "tar", "tr"} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(bin, tool)))
	}
	newSetup(t, base, archive).set("PATH", bin).run(t).refused(t, "sha256sum or shasum is required, but neither is installed")

	sum := fmt.Sprintf("#!/bin/sh\ncat >/dev/null\n[ \"$*\" = '-a 256' ] && echo '%x  -'\n", sha256.Sum256(archive))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "shasum"), []byte(sum), 0o755))
	newSetup(t, base, archive).set("PATH", bin).run(t).installed(t)

	require.NoError(t, os.Remove(filepath.Join(bin, "curl")))
	newSetup(t, base, archive).set("PATH", bin).run(t).refused(t, "curl is required, but not installed")
}
