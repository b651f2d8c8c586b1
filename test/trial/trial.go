// Package trial runs dmswait against a simulated cloud, in the test's own process or as a process
// of the built program. It sets up runs and reads what they wrote; it never judges a result, and
// only tests import it.
package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/internal/simulator"
)

// Trial is one run of the program, and afterwards its result.
type Trial struct {
	Args            []string
	Env             map[string]string
	Stdout, Stderr  io.Writer     // Out and Log unless a test replaces them; not used by [Trial.Command]
	MetadataAddress string        // not used by [Trial.Command]: the program has no input for it
	Limit           time.Duration // after which a [Trial.Command] is killed
	OutputPath      string        // of GITHUB_OUTPUT; empty outside Actions

	// The result.
	Code     int
	Out, Log bytes.Buffer // of stdout and stderr
}

// New returns a run that waits for the task on that server, with an access key and very short
// pauses. If server is nil, nothing responds.
func New(server *simulator.Server, args ...string) *Trial {
	tr := &Trial{
		Args: args,
		Env: map[string]string{
			"DMSWAIT_ENDPOINT":     "http://127.0.0.1:9", // nothing listens there
			"DMSWAIT_PROJECT_ID":   simulator.DefaultProjectID,
			"DMSWAIT_INSTANCE_ID":  simulator.DefaultInstanceID,
			"DMSWAIT_TASK_ID":      TaskID,
			"DMSWAIT_ACCESS_KEY":   AccessKey,
			"DMSWAIT_SECRET_KEY":   SecretKey,
			"DMSWAIT_INTERVAL":     "10ms",
			"DMSWAIT_MAX_INTERVAL": "20ms",
			// So that what waits for a request that hangs differs from what is slow on a busy machine.
			"DMSWAIT_REQUEST_TIMEOUT": (2 * Patience).String(),
		},
		MetadataAddress: "http://127.0.0.1:9",
		Limit:           Patience,
	}
	if server != nil {
		tr.Env["DMSWAIT_ENDPOINT"], tr.MetadataAddress = server.URL, server.URL
	}
	tr.Stdout, tr.Stderr = &tr.Out, &tr.Log
	return tr
}

// NewLogin returns a run in cn-north-4 without credentials and project, for a server with an [Account].
func NewLogin(server *simulator.Server, args ...string) *Trial {
	tr := New(server, args...)
	for _, name := range []string{"DMSWAIT_ACCESS_KEY", "DMSWAIT_SECRET_KEY", "DMSWAIT_PROJECT_ID"} {
		delete(tr.Env, name)
	}
	return tr.Set("DMSWAIT_REGION", "cn-north-4").Set("DMSWAIT_IAM_ENDPOINT", server.URL).
		Set("DMSWAIT_STS_ENDPOINT", server.URL).Set("HOME", "/nonexistent")
}

// InActions makes the run a step of a GitHub Actions job.
func (tr *Trial) InActions(t *testing.T) *Trial {
	tr.OutputPath = filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(tr.OutputPath, []byte("before=1\n"), 0o600))
	return tr.Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", tr.OutputPath)
}

// ByAgency makes the run log in with an ID token of GitHub Actions.
func (tr *Trial) ByAgency(server *simulator.Server) *Trial {
	return tr.Set("DMSWAIT_PROVIDER_URN", ProviderURN).Set("DMSWAIT_AGENCY_URN", AgencyURN).
		Set("ACTIONS_ID_TOKEN_REQUEST_URL", server.ActionsURL()).Set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ActionsToken)
}

// ByPassword makes the run log in as the account's user.
func (tr *Trial) ByPassword() *Trial {
	return tr.Set("DMSWAIT_USERNAME", "waiter").Set("DMSWAIT_PASSWORD", UserPassword).
		Set("DMSWAIT_DOMAIN_NAME", "acme")
}

// Set sets an environment variable.
func (tr *Trial) Set(name, value string) *Trial {
	tr.Env[name] = value
	return tr
}

// Run runs the program in this process.
func (tr *Trial) Run(t *testing.T) *Trial {
	t.Helper()
	return tr.RunContext(t.Context())
}

// RunContext is [Trial.Run] until ctx ends.
func (tr *Trial) RunContext(ctx context.Context) *Trial {
	app := cli.App{
		Stdout: tr.Stdout, Stderr: tr.Stderr, MetadataAddress: tr.MetadataAddress,
		Getenv:  func(name string) string { return tr.Env[name] },
		Environ: func() []string { return slices.Sorted(maps.Keys(tr.Env)) },
	}
	tr.Code = app.Run(ctx, tr.Args)
	return tr
}

// JSON returns the JSON result on stdout.
func (tr *Trial) JSON(t *testing.T) map[string]any {
	t.Helper()
	var result map[string]any
	require.NoError(t, json.Unmarshal(tr.Out.Bytes(), &result), tr.Out.String())
	return result
}

// Outputs returns the step's outputs as GitHub's runner reads them.
func (tr *Trial) Outputs(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(tr.OutputPath)
	require.NoError(t, err)
	return ParseOutputs(t, string(content))
}
