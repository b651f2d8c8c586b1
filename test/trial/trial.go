package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

const (
	accessKey = "FAKEAK0EXAMPLE0ONLY0"
	secretKey = "fakeSecretKeyForTestsOnly012345678901234"
	taskID    = "8abfa7a77e2b4c0e017e2b4f0a2b0001"
)

// cloud is a simulated cloud with one task that goes through these steps.
func cloud(steps ...simulator.Step) simulator.Simulator {
	return simulator.Simulator{
		Keys: map[string]string{accessKey: secretKey},
		Tasks: []simulator.Task{{
			ID: taskID, Name: "bindInstancePublicIp", UserName: "tester", UserID: "0a1b2c",
			Params: `{"public_ip_id":"06a13350","enable_public_ip":true}`,
			Steps:  steps,
		}},
	}
}

// at is a step to a status some milliseconds after the start.
func at(ms int, status string) simulator.Step {
	return simulator.Step{After: time.Duration(ms) * time.Millisecond, Status: status}
}

func start(t *testing.T, s simulator.Simulator) *simulator.Server {
	t.Helper()
	server, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

// trial is one run of the program.
type trial struct {
	args   []string
	env    map[string]string
	stdout io.Writer
	stderr io.Writer

	code   int
	out    bytes.Buffer
	log    bytes.Buffer
	output string // the path of GITHUB_OUTPUT; empty outside of Actions
}

// newTrial waits for the task on that server, with pauses so short that a test need not wait for them.
func newTrial(server *simulator.Server, args ...string) *trial {
	tr := &trial{
		args: append([]string{"--interval", "10ms", "--max-interval", "20ms"}, args...),
		env: map[string]string{
			"DMSWAIT_ENDPOINT":    "http://127.0.0.1:9", // nobody there
			"DMSWAIT_PROJECT_ID":  simulator.DefaultProjectID,
			"DMSWAIT_INSTANCE_ID": simulator.DefaultInstanceID,
			"DMSWAIT_TASK_ID":     taskID,
			"DMSWAIT_ACCESS_KEY":  accessKey,
			"DMSWAIT_SECRET_KEY":  secretKey,
		},
	}
	if server != nil {
		tr.env["DMSWAIT_ENDPOINT"] = server.URL
	}
	tr.stdout, tr.stderr = &tr.out, &tr.log
	return tr
}

// inActions runs it as a step of a GitHub Actions job.
func (tr *trial) inActions(t *testing.T) *trial {
	tr.output = filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(tr.output, []byte("before=1\n"), 0o600))
	tr.env["GITHUB_ACTIONS"], tr.env["GITHUB_OUTPUT"] = "true", tr.output
	return tr
}

func (tr *trial) set(name, value string) *trial {
	tr.env[name] = value
	return tr
}

func (tr *trial) run(t *testing.T) *trial {
	t.Helper()
	return tr.runWith(t.Context())
}

func (tr *trial) runWith(ctx context.Context) *trial {
	// go-githubactions takes the name of the file from the same environment.
	tr.code = Run(ctx, tr.args, func(name string) string { return tr.env[name] }, tr.stdout, tr.stderr)
	return tr
}

// runOn runs it on a machine whose metadata service is at that address.
func (tr *trial) runOn(ctx context.Context, metadataAddress string) *trial {
	tr.code = runOn(ctx, metadataAddress, tr.args, func(name string) string { return tr.env[name] }, tr.stdout, tr.stderr)
	return tr
}

// json is the result on stdout.
func (tr *trial) json(t *testing.T) map[string]any {
	t.Helper()
	var result map[string]any
	require.NoError(t, json.Unmarshal(tr.out.Bytes(), &result), tr.out.String())
	return result
}

// outputs are read as the runner reads them.
func (tr *trial) outputs(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(tr.output)
	require.NoError(t, err)
	return parseOutputs(t, string(content))
}

// parseOutputs follows the runner's rules for a file of outputs: name=value, or name<<delimiter, lines, delimiter.
func parseOutputs(t *testing.T, content string) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		name, delimiter, multiline := strings.Cut(lines[i], "<<")
		if !multiline {
			name, value, ok := strings.Cut(lines[i], "=")
			require.True(t, ok, "line %q", lines[i])
			outputs[name] = value
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		require.Less(t, i, len(lines), "no end of %s", name)
		outputs[name] = strings.Join(value, "\n")
	}
	return outputs
}
