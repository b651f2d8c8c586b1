//go:build unix

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/report"
	"github.com/dmswait/dmswait/internal/simulator"
)

// blocks are README's code blocks of a language, in their order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(content), -1) {
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
	for _, output := range report.OutputMeanings() {
		outputs[output[0]] = true
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
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	known := map[string]bool{"--help": true, "--version": true}
	for _, in := range config.Inputs() {
		known[in.Env()] = true
		if in.Secret {
			known[in.Env()+"_FILE"] = true
		} else {
			known["--"+in.Flag()] = true
		}
	}
	for _, name := range regexp.MustCompile(`\bDMSWAIT_[A-Z_]*[A-Z]|\s--[a-z][a-z-]+`).FindAllString(string(content), -1) {
		assert.True(t, known[strings.TrimSpace(name)], "%s does not exist", strings.TrimSpace(name))
	}
}

func TestReadmeShellExampleRuns(t *testing.T) {
	t.Parallel()
	example := blocks(t, "sh")[1]
	export, script, _ := strings.Cut(example, "\n")
	require.True(t, strings.HasPrefix(export, "export DMSWAIT_ACCESS_KEY="))
	for status, said := range map[string]string{"SUCCESS": "done", "FAILED": "failed"} {
		out, err := shell(t, start(t, cloud(at(0, status))), script)
		require.NoError(t, err, out)
		assert.Equal(t, said, lastLine(out))
	}
	out, err := shell(t, start(t, cloud(at(0, "EXECUTING"))), strings.Replace(script, "--timeout 30m", "--timeout 1s", 1))
	require.NoError(t, err, out)
	assert.Equal(t, "still running", lastLine(out))
}

func TestReadmeCrontabIsSilentAsLongAsAllIsWell(t *testing.T) {
	t.Parallel()
	line := lastLine(blocks(t, "crontab")[0])
	schedule, command, ok := strings.Cut(line, " * * * * ")
	require.True(t, ok)
	assert.Equal(t, "*/10", schedule)
	folder := t.TempDir()
	command = strings.ReplaceAll(command, "/etc/dmswait.env", filepath.Join(folder, "env"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "env"), []byte("DMSWAIT_TASK_ID="+taskID+"\n"), 0o600))
	for status, code := range map[string]int{"SUCCESS": 0, "EXECUTING": 0, "FAILED": 1} {
		out, err := shell(t, start(t, cloud(at(0, status))), command)
		assert.Equal(t, code, exitCode(err), out)
		if code == 0 {
			assert.Empty(t, out)
		} else {
			assert.Contains(t, out, "ended with FAILED")
		}
	}
}

// shell runs a script with dmswait in its path, and everything that the script does not give itself in its environment.
func shell(t *testing.T, server *simulator.Server, script string) (string, error) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	command := exec.Command("sh", "-c", script)
	command.Env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"),
		"PROJECT=" + simulator.DefaultProjectID, "INSTANCE=" + simulator.DefaultInstanceID, "TASK=" + taskID,
	}
	for name, value := range newTrial(server).env {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	return string(out), err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
