//go:build unix

package cli

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/report"
)

// longText has nothing in it that any place writes otherwise.
func longText(n int) string { return strings.Repeat("x", n) }

const manyAtOnce = 20

var outputStart = regexp.MustCompile(`(?m)^([a-z_]+)<<(dmswait_[A-Z2-7]+)$`)

func TestManyProcessesAtOnceWriteAllTheirOutputsWhole(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "EXECUTING"), at(300, "SUCCESS")))
	folder := t.TempDir()
	shared := newTrial(server).inActions(t)
	path := filepath.Join(folder, "result.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"old":1}`), 0o600))

	done := make(chan struct{})
	var reader, processes sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Microsecond):
			}
			content, err := os.ReadFile(path)
			if err != nil || !json.Valid(content) {
				t.Errorf("half a file was read: %q, %v", content, err)
				return
			}
		}
	})
	for range manyAtOnce {
		tr := newTrial(server, "--interval", "100ms", "--max-interval", "100ms", "--output-file", path).set("GITHUB_ACTIONS", "true").set("GITHUB_OUTPUT", shared.output)
		command := process(t, tr)
		processes.Go(func() { assert.Equal(t, 0, exitCode(command.Run()), tr.log.String()) })
	}
	processes.Wait()
	close(done)
	reader.Wait()

	content, err := os.ReadFile(shared.output)
	require.NoError(t, err)
	assert.Equal(t, "success", parseOutputs(t, string(content))["result"])
	starts := outputStart.FindAllStringSubmatch(string(content), -1)
	names := report.OutputMeanings()
	require.Len(t, starts, manyAtOnce*len(names))
	delimiters := map[string]bool{}
	for i, found := range starts {
		assert.Equal(t, names[i%len(names)][0], found[1])
		assert.Equal(t, starts[i-i%len(names)][2], found[2], "between two outputs of one process is none of another")
		delimiters[found[2]] = true
	}
	assert.Len(t, delimiters, manyAtOnce)
	assert.Equal(t, []string{"result.json"}, list(t, folder))
}

// list are the names in a folder.
func list(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestAFileThatMayNotGrowIsNoCrash(t *testing.T) {
	t.Parallel()
	sim := cloud(at(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"x":"` + longText(30_000) + `"}`
	folder := t.TempDir()
	path := filepath.Join(folder, "result.json")
	require.NoError(t, os.WriteFile(path, []byte("as it was"), 0o600))
	tr := newTrial(start(t, sim), "--format", "json", "--output-file", path).inActions(t)
	command := process(t, tr)
	command.Args = append([]string{"sh", "-c", `ulimit -f 16; exec "$@"`, "sh"}, command.Args...)
	command.Path, command.Err = "/bin/sh", nil
	assert.Equal(t, 74, exitCode(command.Run()), tr.log.String())
	assert.Contains(t, tr.log.String(), "the result could not be written to output_file: ")
	assert.Contains(t, tr.log.String(), "the result could not be written to GITHUB_OUTPUT: ")
	assert.NotContains(t, tr.log.String(), "goroutine")
	assert.Equal(t, "success", tr.json(t)["result"], "stdout has it")
	assert.Equal(t, map[string]string{"before": "1"}, tr.outputs(t), "and not a part of it, for which the runner would refuse the rest")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "as it was", string(content))
	assert.Equal(t, []string{"result.json"}, list(t, folder))
}

func TestAProcessThatIsKilledLeavesTheOldFileOrTheNewOne(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	for i := range 15 {
		path := filepath.Join(t.TempDir(), "result.json")
		require.NoError(t, os.WriteFile(path, []byte(`{"result":"old"}`), 0o600))
		before := server.Count("task")
		tr := newTrial(server, "--output-file", path).inActions(t)
		command := process(t, tr)
		require.NoError(t, command.Start())
		for deadline := time.Now().Add(soon); server.Count("task") == before && time.Now().Before(deadline); {
			time.Sleep(50 * time.Microsecond)
		}
		time.Sleep(time.Duration(i) * 150 * time.Microsecond)
		_ = command.Process.Kill()
		_ = command.Wait()
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var result struct{ Result string }
		require.NoError(t, json.Unmarshal(content, &result), string(content))
		assert.Contains(t, []string{"old", "success"}, result.Result)
		if outputs := tr.outputs(t); len(outputs) != 1 {
			assert.Len(t, outputs, 1+len(report.OutputMeanings()))
		}
	}
}

func TestPlacesOfEveryKind(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	folder := t.TempDir()
	for name, to := range map[string]string{"relative.json": "far/target.json", "dangling.json": "nowhere/yet.json", "loop.json": "loop.json", "null.json": os.DevNull, "folder.json": "far"} {
		require.NoError(t, os.Symlink(to, filepath.Join(folder, name)))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "far"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "far", "target.json"), []byte("old"), 0o640))
	for name, c := range map[string]struct {
		code   int
		target string // where it is written
		fault  string
	}{
		"relative.json": {target: "far/target.json"},
		"dangling.json": {target: "nowhere/yet.json"},
		"loop.json":     {code: 2, fault: "too many links"},
		"folder.json":   {code: 2, fault: "it is a folder"},
		"null.json":     {},
	} {
		tr := newTrial(server, "--format", "json", "--output-file", filepath.Join(folder, name)).run(t)
		assert.Equal(t, c.code, tr.code, name)
		assert.Contains(t, tr.log.String(), c.fault)
		if c.target != "" {
			content, err := os.ReadFile(filepath.Join(folder, c.target))
			require.NoError(t, err)
			assert.Equal(t, tr.out.String(), string(content))
		}
		info, err := os.Lstat(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&fs.ModeSymlink, "%s is a link still", name)
	}
	assert.Equal(t, []string{"dangling.json", "far", "folder.json", "loop.json", "nowhere", "null.json", "relative.json"}, list(t, folder))
	assert.Equal(t, []string{"target.json"}, list(t, filepath.Join(folder, "far")))
}

func TestAResultForStdoutAndTheResultOnItFollowEachOther(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	for _, name := range []string{"/dev/stdout", "/dev/fd/1"} {
		path := filepath.Join(t.TempDir(), "log")
		log, err := os.Create(path)
		require.NoError(t, err)
		_, err = log.WriteString("before\n")
		require.NoError(t, err)
		command := process(t, newTrial(server, "--output-file", name))
		command.Stdout = log
		assert.Equal(t, 0, exitCode(command.Run()))
		require.NoError(t, log.Close())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Regexp(t, `^before\nDMS_STATUS=SUCCESS\n(DMS_.*\n)+Task `+taskID+` ended with SUCCESS after .* s\.\n$`, string(content))
	}
}
