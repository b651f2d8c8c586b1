package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// everywhere has the result written to every place there is, two files of different forms among them.
type everywhere struct {
	*trial.Trial
	folder string
}

func writtenEverywhere(t *testing.T, server *simulator.Server, args ...string) everywhere {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "new")
	tr := trial.New(server, append(args, "--format", "json", "--results-dir", filepath.Join(folder, "results"))...).InActions(t)
	return everywhere{tr.Set("DMSWAIT_OUTPUT_FILE", filepath.Join(folder, "file.env")), folder}
}

// agree holds all places to the JSON on stdout.
func (e everywhere) agree(t *testing.T) {
	t.Helper()
	var wanted map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(e.Out.Bytes(), &wanted), e.Out.String())
	assert.Len(t, wanted, len(trial.OutputNames()))
	outputs := e.Outputs(t)
	content, err := os.ReadFile(e.Env["DMSWAIT_OUTPUT_FILE"])
	require.NoError(t, err)
	lines := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(content), "\n"), "\n") {
		name, value, _ := strings.Cut(line, "=")
		lines[name] = value
	}
	for name, value := range wanted {
		result, err := os.ReadFile(filepath.Join(e.folder, "results", name))
		require.NoError(t, err)
		assert.Equal(t, outputs[name], string(result), "and no newline behind it")
		switch text := ""; {
		case string(value) == "null":
			assert.Empty(t, outputs[name], name)
		case name == "params" || name == "task":
			assert.JSONEq(t, string(value), outputs[name], name)
		case json.Unmarshal(value, &text) == nil:
			assert.Equal(t, text, outputs[name], name)
		default:
			assert.Equal(t, string(value), outputs[name], name)
		}
		inDotenv, has := lines["DMS_"+strings.ToUpper(name)]
		switch {
		case name == "message":
			assert.False(t, has)
		case inDotenv != "" && (name == "params" || name == "task"):
			assert.JSONEq(t, outputs[name], inDotenv)
		default:
			assert.True(t, has)
			assert.Equal(t, outputs[name], inDotenv, name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(e.folder, "results"))
	require.NoError(t, err)
	assert.Len(t, entries, len(wanted), "and nothing temporary")
	entries, err = os.ReadDir(e.folder)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestAllPlacesHaveTheSameResultWhateverItIs(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		steps  []simulator.Step
		args   []string
		answer *simulator.Response
	}{
		"success":     {steps: []simulator.Step{trial.At(30, "SUCCESS")}},
		"failure":     {steps: []simulator.Step{trial.At(0, "FAILED")}},
		"cancelled":   {steps: []simulator.Step{trial.At(0, "CANCELLED")}},
		"not_found":   {args: []string{"--task-id", strings.Repeat("0", 32), "--not-found-grace", "0"}},
		"unavailable": {args: []string{"--max-outage", "0"}, answer: simulator.Fault(503, "DMS.00500001", "down")},
		"denied":      {answer: simulator.Fault(403, "DMS.00403002", "no")},
		"usage":       {args: []string{"--timeout", "soon"}},
		"timeout":     {args: []string{"--timeout", "30ms"}},
		"running":     {args: []string{"--timeout", "0"}},
		"interrupted": {},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			sim := trial.Cloud(c.steps...)
			if c.answer != nil {
				sim.Intercept = trial.Always(c.answer)
			}
			everywhere := writtenEverywhere(t, trial.Start(t, sim), c.args...)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if want == "interrupted" {
				time.AfterFunc(100*time.Millisecond, func() { cancel(result.Interrupt{Signal: 15}) })
			}
			everywhere.RunContext(ctx)
			assert.Equal(t, want, everywhere.JSON(t)["result"], everywhere.Log.String())
			everywhere.agree(t)
		})
	}
}

func TestOutputFilesFollowTheirNames(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	folder := t.TempDir()
	path := filepath.Join(folder, "result.json")
	tr := trial.New(server, "--format", "json", "--output-file", path).Run(t)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, tr.Out.String(), string(content))

	path = filepath.Join(folder, "dotenv")
	trial.New(server, "--output-file", path, "--output-prefix", "WAIT_").Run(t)
	content, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(content), "WAIT_STATUS=SUCCESS\nWAIT_RESULT=success\n"), string(content))
}

func TestWhatDoesNotFitIsWarnedOf(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"x":"` + strings.Repeat("x", 3000) + `"}`
	folder := t.TempDir()
	tr := trial.New(trial.Start(t, sim), "--output-file", filepath.Join(folder, "vars"), "--results-dir", folder, "--format", "json").Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Contains(t, tr.Log.String(), "dmswait: warning: output_file takes 4000 bytes: task did not fit: left empty there\n")
	assert.Contains(t, tr.Log.String(), "dmswait: warning: results_dir takes 4000 bytes: task did not fit: left empty there\n")
	content, err := os.ReadFile(filepath.Join(folder, "task"))
	require.NoError(t, err)
	assert.Empty(t, content)
	content, err = os.ReadFile(filepath.Join(folder, "params"))
	require.NoError(t, err)
	assert.Equal(t, sim.Tasks[0].Params, string(content))
	assert.NotNil(t, tr.JSON(t)["task"], "stdout holds it all")
}

func TestAPlaceThatCanNotBeWrittenIsAFaultBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, []byte("as it was"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "results", "status"), 0o755))
	for name, c := range map[string]struct{ flag, path, input string }{
		"a folder":                 {"--output-file", folder, "output_file"},
		"below a file":             {"--output-file", filepath.Join(file, "x"), "output_file"},
		"a file for a folder":      {"--results-dir", file, "results_dir"},
		"a folder below a file":    {"--results-dir", filepath.Join(file, "x"), "results_dir"},
		"a folder in a file's way": {"--results-dir", filepath.Join(folder, "results"), "results_dir"},
	} {
		t.Run(name, func(t *testing.T) {
			other := filepath.Join(folder, "other.json")
			require.NoError(t, os.RemoveAll(other))
			tr := trial.New(server, c.flag, c.path, "--format", "json")
			if c.flag == "--results-dir" {
				tr.Set("DMSWAIT_OUTPUT_FILE", other)
			}
			tr.InActions(t).Run(t)
			assert.Equal(t, 2, tr.Code)
			assert.Contains(t, tr.Log.String(), "error: "+c.input+": can't be written: ")
			assert.Equal(t, "usage", tr.Outputs(t)["result"], "where it can be written, it is")
			if c.flag == "--results-dir" {
				assert.FileExists(t, other)
			}
		})
	}
	assert.Empty(t, server.Requests())
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "as it was", string(content))
}

func TestAPlaceThatFailsInTheEndIsNoSuccess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	const line = "error: the result could not be written to output_file: "
	server, failed := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))), trial.Start(t, trial.Cloud(trial.At(0, "FAILED")))
	tr := trial.New(server, "--output-file", "/dev/full").Run(t)
	assert.Equal(t, 74, tr.Code)
	assert.Contains(t, tr.Log.String(), "dmswait: "+line)
	assert.Contains(t, tr.Out.String(), "SUCCESS", "the other places have it")

	tr = trial.New(server, "--output-file", "/dev/full", "--quiet").Run(t)
	assert.Equal(t, 74, tr.Code)
	assert.Contains(t, tr.Log.String(), line, "quiet or not")

	tr = trial.New(server, "--output-file", "/dev/full").InActions(t).Run(t)
	assert.Equal(t, 74, tr.Code)
	assert.Contains(t, tr.Log.String(), "\n::error title=dmswait%3A result not written::Task "+trial.TaskID+" ended with SUCCESS after 0 s.%0A"+line)
	assert.Equal(t, "0", tr.Outputs(t)["exit_code"], "which is the result's")

	assert.Equal(t, 1, trial.New(failed, "--output-file", "/dev/full").Run(t).Code, "74 comes instead of 0 only")
	assert.Equal(t, 74, trial.New(failed, "--output-file", "/dev/full", "--succeed-on", "failure").Run(t).Code)
}

func TestNoLegalPrefixMakesAnOutputAnInput(t *testing.T) {
	t.Parallel()
	inputs := map[string]bool{}
	for _, name := range inputVariables() {
		inputs[name] = true
	}
	// What could become an input's name is a beginning of it: each is tried.
	tried := map[string]bool{}
	for name := range inputs {
		for i := 1; i < len(name); i++ {
			prefix := name[:i]
			if tried[prefix] || trial.New(nil, "--output-prefix", prefix, "--dry-run", "--timeout", "0").Run(t).Code == 2 {
				continue // it is refused
			}
			tried[prefix] = true
			for _, output := range trial.OutputNames() {
				assert.NotContains(t, inputs, prefix+strings.ToUpper(output))
			}
		}
	}
	assert.True(t, tried["DMS"] && !tried["DMSWAIT_"] && !tried["INPUT_"])
	for _, prefix := range []string{"DMSWAIT_", "dmswait_", "DMSWAIT_X", "INPUT_", "Plugin_", "PLUGIN_A_", "1", "a-b", "a b", "é", "A=B"} {
		assert.Equal(t, 2, trial.New(nil, "--output-prefix", prefix, "--dry-run").Run(t).Code, prefix)
	}
}

func TestNoOutputHasTheEnvironmentNameOfAnInput(t *testing.T) {
	inputs := map[string]bool{}
	for _, in := range config.Inputs() {
		inputs[in.Env()] = true
		assert.False(t, strings.HasPrefix(in.Env(), "DMS_"), in.Name)
	}
	for _, output := range trial.OutputNames() {
		assert.NotContains(t, inputs, "DMS_"+strings.ToUpper(output))
	}
}
