//go:build unix

package repo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// blocks are README's code blocks of a language, in their order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(read(t, "README.md"), -1) {
		blocks = append(blocks, match[1])
	}
	require.NotEmpty(t, blocks)
	return blocks
}

func TestReadmeWorkflowsUseInputsAndOutputsThatExist(t *testing.T) {
	t.Parallel()
	type step struct {
		ID, Uses, Run string
		With, Env     map[string]string
	}
	inputs, outputs := map[string]bool{}, map[string]bool{}
	for _, in := range config.Inputs() {
		inputs[in.Name] = in.Action
	}
	for _, output := range trial.OutputNames() {
		outputs[output] = true
	}
	waits := 0
	for _, block := range blocks(t, "yaml") {
		var workflow struct {
			Jobs map[string]struct{ Steps []step }
		}
		var steps []step
		if yaml.Unmarshal([]byte(block), &workflow) == nil {
			for _, job := range workflow.Jobs {
				steps = append(steps, job.Steps...)
			}
		} else {
			require.NoError(t, yaml.Unmarshal([]byte(block), &steps))
		}
		for _, step := range steps {
			assert.NotContains(t, step.Run, "${{", "values reach a script through env")
			if !strings.HasSuffix(step.Uses, "/dmswait") {
				continue
			}
			waits++
			for name := range step.With {
				assert.True(t, inputs[name], "%s is no input of action.yml", name)
			}
		}
		for _, used := range regexp.MustCompile(`steps\.wait\.outputs\.(\w+)`).FindAllStringSubmatch(block, -1) {
			assert.True(t, outputs[used[1]], "%s is no output", used[1])
		}
	}
	assert.Equal(t, 3, waits)
}

func TestReadmeNamesOnlyVariablesAndFlagsThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"--help": true, "--version": true}
	for _, in := range config.Inputs() {
		known[in.Env()] = true
		if in.Secret {
			known[in.Env()+"_FILE"] = true
		} else {
			known["--"+in.Flag()] = true
		}
	}
	for _, name := range regexp.MustCompile(`\bDMSWAIT_[A-Z_]*[A-Z]|\s--[a-z][a-z-]+`).FindAllString(read(t, "README.md"), -1) {
		assert.True(t, known[strings.TrimSpace(name)], "%s does not exist", strings.TrimSpace(name))
	}
}

func TestReadmeShellExampleRuns(t *testing.T) {
	t.Parallel()
	example := blocks(t, "sh")[1]
	export, script, _ := strings.Cut(example, "\n")
	require.True(t, strings.HasPrefix(export, "export DMSWAIT_ACCESS_KEY="))
	for status, said := range map[string]string{"SUCCESS": "done", "FAILED": "failed"} {
		out := shell(t, trial.Start(t, trial.Cloud(trial.At(0, status))), script)
		require.Zero(t, out.code, out.text)
		assert.Equal(t, said, lastLine(out.text))
	}
	out := shell(t, trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"))), strings.Replace(script, "--timeout 30m", "--timeout 1s", 1))
	require.Zero(t, out.code, out.text)
	assert.Equal(t, "still running", lastLine(out.text))
}

func TestReadmeCrontabIsSilentAsLongAsAllIsWell(t *testing.T) {
	t.Parallel()
	line := lastLine(blocks(t, "crontab")[0])
	schedule, command, ok := strings.Cut(line, " * * * * ")
	require.True(t, ok)
	assert.Equal(t, "*/10", schedule)
	folder := t.TempDir()
	command = strings.ReplaceAll(command, "/etc/dmswait.env", filepath.Join(folder, "env"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "env"), []byte("DMSWAIT_TASK_ID="+trial.TaskID+"\n"), 0o600))
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 0, "FAILED": 1} {
		out := shell(t, trial.Start(t, trial.Cloud(trial.At(0, status))), command)
		assert.Equal(t, code, out.code, out.text)
		if code == 0 {
			assert.Empty(t, out.text)
		} else {
			assert.Contains(t, out.text, "ended with FAILED")
		}
	}
}

// shell runs one of README's scripts, with everything that it does not give itself in its environment.
func shell(t *testing.T, server *simulator.Server, script string) scriptEnd {
	t.Helper()
	tr := trial.New(server).Set("PROJECT", simulator.DefaultProjectID).Set("INSTANCE", simulator.DefaultInstanceID)
	return inShell(t, t.TempDir(), script, tr.Set("TASK", trial.TaskID).Env)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
