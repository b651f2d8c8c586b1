//go:build unix

package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// moment is a point in a run's life at which a signal may arrive. Its fields are for one run only.
type moment struct {
	sim     simulator.Simulator
	prepare func(*testing.T, *trial.Trial, *simulator.Server) // nil: nothing
	reached func(*testing.T, *trial.Trial, *simulator.Server) // returns once the process is there
}

// hanging returns a cloud that never responds to requests of a kind.
func hanging(kind string) simulator.Simulator {
	return responding(trial.Only(kind, &simulator.Response{Hang: true}))
}

// responding returns a cloud whose task keeps running and whose responses are intercepted.
func responding(intercept func(simulator.Request) *simulator.Response) simulator.Simulator {
	sim := trial.Account(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
	sim.Intercept = intercept
	return sim
}

// requested returns a function that waits for a request of that kind.
func requested(kind string) func(*testing.T, *trial.Trial, *simulator.Server) {
	return func(t *testing.T, _ *trial.Trial, s *simulator.Server) { trial.Await(t, s, kind) }
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// withoutLogin removes the credentials from a trial.
func withoutLogin(tr *trial.Trial, s *simulator.Server) *trial.Trial {
	tr.Env = trial.NewLogin(s).Env
	return tr
}

// openedPipe returns a function that waits until the process has opened the pipe that a variable
// names. Nothing is ever written to it.
func openedPipe(variable string) func(*testing.T, *trial.Trial, *simulator.Server) {
	return func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
		var writer *os.File
		require.Eventually(t, func() bool { // a pipe can be opened for writing as soon as somebody reads it
			var err error
			writer, err = os.OpenFile(tr.Env[variable], os.O_WRONLY|syscall.O_NONBLOCK, 0)
			return err == nil
		}, trial.Patience, 5*time.Millisecond)
		t.Cleanup(func() { writer.Close() })
	}
}

// moments returns all moments by their names.
func moments() map[string]moment {
	byAgency := func(_ *testing.T, tr *trial.Trial, s *simulator.Server) { withoutLogin(tr, s).ByAgency(s) }
	slower := simulator.Fault(429, "APIGW.0308", "slower")
	slower.Header = map[string][]string{"Retry-After": {"3600"}}
	slow := &simulator.Response{Body: strings.Repeat(" ", 1000), Slow: 100 * time.Millisecond}
	return map[string]moment{
		"reading a secret": {
			responding(nil),
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("DMSWAIT_SECURITY_TOKEN_FILE", fifo(t))
			},
			openedPipe("DMSWAIT_SECURITY_TOKEN_FILE"),
		},
		"reading a profile": {
			responding(nil),
			func(t *testing.T, tr *trial.Trial, s *simulator.Server) {
				withoutLogin(tr, s).Set("DMSWAIT_CREDENTIALS_FILE", fifo(t))
			},
			openedPipe("DMSWAIT_CREDENTIALS_FILE"),
		},
		"opening a secret's pipe that has no writer": {
			responding(nil),
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				delete(tr.Env, "DMSWAIT_SECRET_KEY")
				tr.Set("DMSWAIT_SECRET_KEY_FILE", fifo(t)).Set("DMSWAIT_SECURITY_TOKEN_FILE", fifo(t))
			},
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				// Having read this secret, it opens the next one.
				require.NoError(t, os.WriteFile(tr.Env["DMSWAIT_SECRET_KEY_FILE"], []byte(trial.SecretKey), 0))
			},
		},
		"requesting an ID token": {hanging("id-token"), byAgency, requested("id-token")},
		"logging in at STS":      {hanging("assume"), byAgency, requested("assume")},
		"logging in at IAM": {
			hanging("iam-token"),
			func(_ *testing.T, tr *trial.Trial, s *simulator.Server) { withoutLogin(tr, s).ByPassword() },
			requested("iam-token"),
		},
		"looking up the project": {
			hanging("projects"),
			func(_ *testing.T, tr *trial.Trial, s *simulator.Server) {
				delete(tr.Env, "DMSWAIT_PROJECT_ID")
				tr.Set("DMSWAIT_REGION", "cn-north-4").Set("DMSWAIT_IAM_ENDPOINT", s.URL)
			},
			requested("projects"),
		},
		"requesting the task": {hanging("task"), nil, requested("task")},
		"requesting the list of tasks": {
			hanging("tasks"),
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				delete(tr.Env, "DMSWAIT_TASK_ID")
				tr.Set("DMSWAIT_TASK_NAME", "x").Set("DMSWAIT_SINCE", "1h")
			},
			requested("tasks"),
		},
		"requesting the progress": {hanging("progress"), nil, requested("progress")},
		"in a long pause": {
			responding(nil),
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Args = append(tr.Args, "--interval", "1h", "--max-interval", "1h")
			},
			requested("task"),
		},
		"in a pause of Retry-After":  {responding(trial.Always(slower)), nil, requested("task")},
		"reading a slow response":    {responding(trial.Always(slow)), nil, requested("task")},
		"while nobody reads the log": {hanging("task"), nil, requested("task")},
		"in a TLS handshake":         handshaking(),
	}
}

// handshaking returns the moment of a TLS handshake with a server that sends nothing.
func handshaking() moment {
	var s *silent
	return moment{
		responding(nil),
		func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
			s = listenSilently(t)
			tr.Set("DMSWAIT_ENDPOINT", "https://"+s.address)
		},
		func(t *testing.T, _ *trial.Trial, _ *simulator.Server) {
			isConnected := func() bool { return s.connections.Load() > 0 }
			require.Eventually(t, isConnected, trial.Patience, 5*time.Millisecond)
		},
	}
}

func TestSignalsAreReceivedBeforeThePackagesThatTakeTimeAreInitialized(t *testing.T) {
	t.Parallel()
	command := trial.New(nil, "--version").Set("GODEBUG", "inittrace=1").Command(t)
	var trace strings.Builder
	command.Stderr = &trace
	require.NoError(t, command.Run())
	ours, theirs := strings.Index(trace.String(), "/internal/signals @"), strings.Index(trace.String(), "init net/http @")
	require.GreaterOrEqual(t, ours, 0, trace.String())
	assert.Less(t, ours, theirs, "until then, SIGQUIT ends the process with exit code 2")
}
