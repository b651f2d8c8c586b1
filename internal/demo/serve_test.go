package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience limits waits for what takes milliseconds on an idle machine.
const patience = time.Minute

// output is a buffer that is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startServe runs serve until stop is called, and returns what it has printed.
func startServe(t *testing.T, folder string, s scenario) (printed string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	served := make(chan error, 1)
	go func() { served <- serve(ctx, &out, "127.0.0.1:0", folder, s) }()
	stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-served)
	})
	t.Cleanup(stop)
	require.Eventually(t, func() bool { return out.String() != "" }, patience, time.Millisecond)
	return out.String(), stop
}

func TestServedSettingsAndCommandsWork(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "dmswait.exe")
	out, err := exec.Command("go", "build", "-o", binary, program).CombinedOutput()
	require.NoError(t, err, string(out))
	folder := filepath.Join(t.TempDir(), "new", "folder")
	printed, _ := startServe(t, folder, scenarios()[0])
	settings, err := os.ReadFile(filepath.Join(folder, "env"))
	require.NoError(t, err)

	row := regexp.MustCompile(`(?m)^  (.+?) +\d+ +(DMSWAIT_\S+)? ?dmswait (.+)$`)
	commands := row.FindAllStringSubmatch(printed, -1)
	require.Len(t, commands, len(scenarios()), printed)
	for _, command := range commands {
		t.Run(command[1], func(t *testing.T) {
			t.Parallel()
			// One poll each: what has not ended is running.
			want, status := 124, "CREATED"
			switch command[1] {
			case "ended ten minutes ago":
				want, status = 0, "SUCCESS"
			case "exists, but the secret key is wrong":
				want, status = 77, "401"
			}
			args := strings.Fields(command[3])
			if i := slices.Index(args, "--timeout"); i >= 0 {
				args = slices.Delete(args, i, i+2)
			}
			wait := exec.Command(binary, append(args, "--timeout", "0")...)
			wait.Env = append(strings.Fields(string(settings)), command[2])
			out, _ := wait.CombinedOutput()
			assert.Equal(t, want, wait.ProcessState.ExitCode(), "%s", out)
			assert.Contains(t, string(out), status)
		})
	}
}

func TestScenarioNeedsNoMoreThanItsSettings(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		folder := t.TempDir()
		printed, stop := startServe(t, folder, s)
		stop()
		settings, err := os.ReadFile(filepath.Join(folder, "env"))
		require.NoError(t, err)
		assert.Contains(t, string(settings), "DMSWAIT_TASK_ID="+s.task.ID+"\n")
		assert.Contains(t, string(settings), "DMSWAIT_SECRET_KEY="+s.secretKey+"\n")
		assert.Contains(t, string(settings), "SSL_CERT_FILE="+filepath.Join(folder, "ca.pem")+"\n")
		assert.Contains(t, printed, "  dmswait --task-id "+s.task.ID, "the secret key is that of the settings")
	}
}

func TestEveryLoginOfTheServedCloudWorks(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "dmswait.exe")
	out, err := exec.Command("go", "build", "-o", binary, program).CombinedOutput()
	require.NoError(t, err, string(out))
	folder := t.TempDir()
	printed, _ := startServe(t, folder, scenarios()[0])
	assert.Contains(t, printed, filepath.Join(folder, "keyless"))
	for _, login := range []string{"env", "keyless", "identity-provider", "password"} {
		script := `set -a; . "$1/env"; . "$1/$2"; exec "$3" --timeout 0`
		wait := exec.Command("sh", "-c", script, "sh", folder, login, binary)
		wait.Env = []string{"HOME=/nonexistent"}
		out, _ := wait.CombinedOutput()
		assert.Equal(t, 124, wait.ProcessState.ExitCode(), "%s: %s", login, out)
		assert.Contains(t, string(out), "CREATED", login)
	}
}

func TestTemporaryFolderIsRemoved(t *testing.T) {
	t.Parallel()
	printed, stop := startServe(t, "", scenarios()[0])
	env := regexp.MustCompile(`set -a; \. (\S+); set \+a`).FindStringSubmatch(printed)
	require.NotNil(t, env, printed)
	assert.FileExists(t, env[1])
	stop()
	assert.NoDirExists(t, filepath.Dir(env[1]))
}

func TestServeFailsIfItCannotListenOrWrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	var out output
	assert.Error(t, serve(t.Context(), &out, "127.0.0.1:0", filepath.Join(file, "below"), scenarios()[0]))
	assert.Error(t, serve(t.Context(), &out, "127.0.0.1:invalid", t.TempDir(), scenarios()[0]))
	assert.Empty(t, out.String())
}

func TestInvalidCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-end", "unknown"}, {"argument"}, {"-into", "folder"}, {"-unknown"}} {
		assert.ErrorIs(t, run(args), errUsage, "%q", args)
	}
}
