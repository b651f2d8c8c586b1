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

// everywhere is a run that writes its result to every kind of destination.
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

// assertAgreement asserts that all destinations hold what the JSON on stdout does.
func (e everywhere) assertAgreement(t *testing.T) {
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
		assert.Equal(t, outputs[name], string(result), "without a line break at the end")
		switch text := ""; {
		case string(value) == "null":
			assert.Empty(t, outputs[name], name)
		case name == "params" || name == "task" || name == "results":
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
		case inDotenv != "" && (name == "params" || name == "task" || name == "results"):
			assert.JSONEq(t, outputs[name], inDotenv)
		case inDotenv != "" && name == "name":
			assert.JSONEq(t, string(value), inDotenv)
		default:
			assert.True(t, has)
			assert.Equal(t, outputs[name], inDotenv, name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(e.folder, "results"))
	require.NoError(t, err)
	assert.Len(t, entries, len(wanted), "no temporary file is left")
	entries, err = os.ReadDir(e.folder)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestAllDestinationsHoldTheSameResult(t *testing.T) {
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
			everywhere.assertAgreement(t)
		})
	}
}

func TestOutputsThatDoNotFitAreEmptyWithAWarning(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"x":"` + strings.Repeat("x", 3000) + `"}`
	folder := t.TempDir()
	tr := trial.New(trial.Start(t, sim), "--format", "json", "--results-dir", folder,
		"--output-file", filepath.Join(folder, "vars")).Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Contains(t, tr.Log.String(), "dmswait: warning: output_file is limited to 4000 bytes; left empty: results, task\n")
	assert.Contains(t, tr.Log.String(), "dmswait: warning: results_dir is limited to 4000 bytes; left empty: results, task\n")
	content, err := os.ReadFile(filepath.Join(folder, "task"))
	require.NoError(t, err)
	assert.Empty(t, content)
	content, err = os.ReadFile(filepath.Join(folder, "params"))
	require.NoError(t, err)
	assert.Equal(t, sim.Tasks[0].Params, string(content))
	assert.NotNil(t, tr.JSON(t)["task"], "stdout has no limit")
}

func TestNoValidPrefixTurnsAnOutputIntoAnInput(t *testing.T) {
	t.Parallel()
	inputs := map[string]bool{}
	for _, name := range inputVariables() {
		inputs[name] = true
	}
	// A prefix that could make one is the beginning of an input's name: each is tried.
	tried := map[string]bool{}
	for name := range inputs {
		for i := 1; i < len(name); i++ {
			prefix := name[:i]
			if tried[prefix] || trial.New(nil, "--output-prefix", prefix, "--dry-run", "--timeout", "0").Run(t).Code == 2 {
				continue // rejected
			}
			tried[prefix] = true
			for _, output := range trial.OutputNames() {
				assert.NotContains(t, inputs, prefix+strings.ToUpper(output))
			}
		}
	}
	assert.True(t, tried["DMS"] && !tried["DMSWAIT_"] && !tried["INPUT_"])
	for _, prefix := range []string{
		"DMSWAIT_", "dmswait_", "DMSWAIT_X", "INPUT_", "Plugin_", "PLUGIN_A_", "1", "a-b", "a b", "é", "A=B",
	} {
		assert.Equal(t, 2, trial.New(nil, "--output-prefix", prefix, "--dry-run").Run(t).Code, prefix)
	}
}

func TestNoOutputHasTheNameOfAnInput(t *testing.T) {
	inputs := map[string]bool{}
	for _, in := range config.Inputs() {
		inputs[in.Env()] = true
		assert.False(t, strings.HasPrefix(in.Env(), "DMS_"), in.Name)
	}
	for _, output := range trial.OutputNames() {
		assert.NotContains(t, inputs, "DMS_"+strings.ToUpper(output))
	}
}

// inputVariables returns the names of all environment variables that are inputs anywhere.
func inputVariables() (names []string) {
	for _, in := range config.Inputs() {
		upper := strings.ToUpper(in.Name)
		names = append(names, "DMSWAIT_"+upper, "INPUT_"+upper, "PLUGIN_"+upper)
		if in.Secret {
			names = append(names, "DMSWAIT_"+upper+"_FILE")
		}
	}
	return names
}
