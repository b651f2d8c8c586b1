//go:build unix

package process_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// longText returns text that no destination has to escape.
func longText(n int) string { return strings.Repeat("x", n) }

var outputStart = regexp.MustCompile(`(?m)^([a-z_]+)<<(dmswait_[A-Z2-7]+)$`)

func TestConcurrentProcessesWriteAllTheirOutputs(t *testing.T) {
	t.Parallel()
	const count = 20
	server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"), trial.At(300, "SUCCESS")))
	folder := t.TempDir()
	shared := trial.New(server).InActions(t)
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
				t.Errorf("the file was read while incomplete: %q, %v", content, err)
				return
			}
		}
	})
	for range count {
		tr := trial.New(server, "--interval", "100ms", "--max-interval", "100ms", "--output-file", path).
			Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", shared.OutputPath)
		command := tr.Command(t)
		processes.Go(func() { assert.Equal(t, 0, trial.ExitCode(command.Run()), tr.Log.String()) })
	}
	processes.Wait()
	close(done)
	reader.Wait()

	content, err := os.ReadFile(shared.OutputPath)
	require.NoError(t, err)
	assert.Equal(t, "success", trial.ParseOutputs(t, string(content))["result"])
	starts := outputStart.FindAllStringSubmatch(string(content), -1)
	names := trial.OutputNames()
	require.Len(t, starts, count*len(names))
	delimiters := map[string]bool{}
	for i, found := range starts {
		assert.Equal(t, names[i%len(names)], found[1])
		assert.Equal(t, starts[i-i%len(names)][2], found[2], "the outputs of one process follow each other")
		delimiters[found[2]] = true
	}
	assert.Len(t, delimiters, count)
	assert.Equal(t, []string{"result.json"}, trial.List(t, folder))
}

func TestFileSizeLimitIsAnErrorAndNotACrash(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"x":"` + longText(30_000) + `"}`
	folder := t.TempDir()
	path := filepath.Join(folder, "result.json")
	require.NoError(t, os.WriteFile(path, []byte("as it was"), 0o600))
	tr := trial.New(trial.Start(t, sim), "--format", "json", "--output-file", path).InActions(t)
	command := tr.Command(t)
	trial.ByShell(command, `ulimit -f 16; exec "$@"`)
	assert.Equal(t, 74, trial.ExitCode(command.Run()), tr.Log.String())
	assert.Contains(t, tr.Log.String(), "could not write the result to output_file: write "+path+": file too large")
	assert.Contains(t, tr.Log.String(), "could not write the result to GITHUB_OUTPUT: ")
	assert.NotContains(t, tr.Log.String(), "goroutine")
	assert.Equal(t, "success", tr.JSON(t)["result"], "stdout has the result")
	// An incomplete output would make the runner reject the whole file.
	outputs, err := os.ReadFile(tr.OutputPath)
	require.NoError(t, err)
	assert.Regexp(t, `^before=1\n(_= +\n)*$`, string(outputs))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "as it was", string(content))
	assert.Equal(t, []string{"result.json"}, trial.List(t, folder))
}

func TestKilledProcessLeavesTheOldFileOrTheNewOne(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for i := range 15 {
		path := filepath.Join(t.TempDir(), "result.json")
		require.NoError(t, os.WriteFile(path, []byte(`{"result":"old"}`), 0o600))
		before := server.Count("task")
		tr := trial.New(server, "--output-file", path).InActions(t)
		command := tr.Command(t)
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
		if outputs := tr.Outputs(t); len(outputs) != 1 {
			assert.Len(t, outputs, 1+len(trial.OutputNames()))
		}
	}
}

func TestOutputFileOnStdoutPrecedesTheMessage(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for _, name := range []string{"/dev/stdout", "/dev/fd/1"} {
		path := filepath.Join(t.TempDir(), "log")
		log, err := os.Create(path)
		require.NoError(t, err)
		_, err = log.WriteString("before\n")
		require.NoError(t, err)
		command := trial.New(server, "--output-file", name).Command(t)
		command.Stdout = log
		assert.Equal(t, 0, trial.ExitCode(command.Run()))
		require.NoError(t, log.Close())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Regexp(t, `^before\nDMS_STATUS=SUCCESS\n(DMS_.*\n)+`+ended+`\n$`, string(content))
	}
}
