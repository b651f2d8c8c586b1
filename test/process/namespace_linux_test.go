package process_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// isolate gives a command its own namespaces, in which it is root. It skips the test where the
// system does not allow that.
func isolate(t *testing.T, command *exec.Cmd, namespaces uintptr) {
	t.Helper()
	attributes := func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | namespaces,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	probe := exec.Command("true")
	if probe.SysProcAttr = attributes(); probe.Run() != nil {
		t.Skip("this system does not let ordinary users create namespaces")
	}
	command.SysProcAttr = attributes()
}

func TestFirstProcessOfAContainerHandlesSignals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sim     simulator.Simulator
		signals []syscall.Signal
		code    int
	}{
		"in a request": {hanging("task"), []syscall.Signal{syscall.SIGTERM}, 143},
		"in a pause":   {responding(nil), []syscall.Signal{syscall.SIGINT}, 130},
		"twice, and nobody reads its stdout": {
			hanging("task"), []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, 143,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, c.sim)
			tr := trial.New(server).InActions(t)
			command := tr.Command(t)
			isolate(t, command, syscall.CLONE_NEWPID)
			if len(c.signals) > 1 {
				command.Stdout = trial.FullPipe(t)
			}
			require.NoError(t, command.Start())
			trial.Await(t, server, "task")
			began := time.Now()
			for i, signal := range c.signals {
				if i > 0 {
					awaitInterrupted(t, tr) // signals sent together arrive in any order
				}
				require.NoError(t, command.Process.Signal(signal))
			}
			assert.Equal(t, c.code, trial.ExitCode(command.Wait()))
			assert.Less(t, time.Since(began), soon)
			if len(c.signals) == 1 {
				assert.Equal(t, "interrupted", tr.Outputs(t)["result"])
			}
		})
	}
}

// runMounted runs a shell script that can mount, in its own namespace, and returns its exit code.
// The program is "$@" there.
func runMounted(t *testing.T, tr *trial.Trial, script string) (code int) {
	t.Helper()
	command := tr.Command(t)
	trial.ByShell(command, "set -eu\n"+script)
	isolate(t, command, syscall.CLONE_NEWNS)
	return trial.ExitCode(command.Run())
}

func TestFullDiskKeepsExistingContent(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"x":"` + longText(20_000) + `"}`
	server := trial.Start(t, sim)
	folder, kept := t.TempDir(), t.TempDir()
	tr := trial.New(server, "--format", "none", "--output-file", filepath.Join(folder, "result.json")).
		Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", filepath.Join(folder, "output")).
		Set("DISK", folder).Set("KEPT", kept)
	code := runMounted(t, tr, `
		mount -t tmpfs -o size=64k dmswait "$DISK"
		echo '{"old":1}' >"$DISK/result.json"
		echo before=1 >"$DISK/output"
		dd if=/dev/zero of="$DISK/full" bs=4096 count=13 2>/dev/null
		code=0; "$@" || code=$?
		ls -A "$DISK" >"$KEPT/list"
		cp "$DISK/result.json" "$DISK/output" "$KEPT"
		exit $code`)
	assert.Equal(t, 74, code, tr.Log.String())
	assert.Contains(t, tr.Log.String(), "error: could not write the result to GITHUB_OUTPUT: ")
	assert.Contains(t, tr.Log.String(), "error: could not write the result to output_file: ")
	for name, want := range map[string]string{
		"list": "full\noutput\nresult.json\n", "result.json": "{\"old\":1}\n", "output": "before=1\n",
	} {
		content, err := os.ReadFile(filepath.Join(kept, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(content), name)
	}
}

func TestDiskWithoutInodesKeepsExistingContent(t *testing.T) {
	t.Parallel()
	folder, kept := t.TempDir(), t.TempDir()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	tr := trial.New(server, "--format", "none", "--output-file", filepath.Join(folder, "result.json")).
		Set("DISK", folder).Set("KEPT", kept)
	code := runMounted(t, tr, `
		mount -t tmpfs -o nr_inodes=2 dmswait "$DISK" # one for the folder, one for the file
		echo '{"old":1}' >"$DISK/result.json"
		code=0; "$@" || code=$?
		cp "$DISK/result.json" "$KEPT"
		exit $code`)
	assert.Equal(t, 74, code, tr.Log.String())
	assert.Contains(t, tr.Log.String(), "no space left on device")
	content, err := os.ReadFile(filepath.Join(kept, "result.json"))
	require.NoError(t, err)
	assert.Equal(t, "{\"old\":1}\n", string(content))
}

func TestMountedFileIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"by its name": "mounted.json", "through a link": "link.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
			require.NoError(t, os.WriteFile(outside, []byte("longer than the result: "+longText(9000)), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "mounted.json"), []byte("below"), 0o600))
			require.NoError(t, os.Symlink("mounted.json", filepath.Join(folder, "link.json")))
			server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
			tr := trial.New(server, "--format", "json", "--output-file", filepath.Join(folder, path)).
				Set("OUTSIDE", outside).Set("FOLDER", folder)
			code := runMounted(t, tr, `mount --bind "$OUTSIDE" "$FOLDER/mounted.json"; exec "$@"`)
			assert.Equal(t, 0, code, tr.Log.String())
			content, err := os.ReadFile(outside)
			require.NoError(t, err)
			assert.Equal(t, tr.Out.String(), string(content))
			content, err = os.ReadFile(filepath.Join(folder, "mounted.json"))
			require.NoError(t, err)
			assert.Equal(t, "below", string(content))
			assert.Len(t, trial.List(t, folder), 2, "no temporary file")
		})
	}
}

func TestReadOnlyDiskIsAUsageErrorBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ flag, path string }{
		"existing file":   {"--output-file", "old.json"},
		"new folder":      {"--output-file", "new/result.json"},
		"existing folder": {"--results-dir", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "old.json"), []byte("as it was"), 0o600))
			tr := trial.New(server, c.flag, filepath.Join(folder, c.path)).Set("FOLDER", folder)
			code := runMounted(t, tr, `
				mount --bind "$FOLDER" "$FOLDER"
				mount -o remount,bind,ro "$FOLDER"
				exec "$@"`)
			assert.Equal(t, 2, code, tr.Log.String())
			assert.Contains(t, tr.Log.String(), "cannot be written: ")
			assert.Contains(t, tr.Log.String(), "read-only file system")
			assert.Empty(t, server.Requests())
		})
	}
}
