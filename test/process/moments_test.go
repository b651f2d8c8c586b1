//go:build unix

package process_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// moment is a place in a run's life at which a signal may come.
type moment struct {
	sim     func() simulator.Simulator
	prepare func(*testing.T, *trial.Trial, *simulator.Server)
	reached func(*testing.T, *trial.Trial, *simulator.Server) // returns when the process is there
}

// hanging is a cloud that gives no answer to requests of a kind.
func hanging(kind string) func() simulator.Simulator {
	return func() simulator.Simulator {
		sim := trial.Account(trial.At(0, "EXECUTING"))
		sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
		sim.Intercept = trial.Only(kind, &simulator.Response{Hang: true})
		return sim
	}
}

// asked returns when there is a request of that kind.
func asked(kind string) func(*testing.T, *trial.Trial, *simulator.Server) {
	return func(t *testing.T, _ *trial.Trial, s *simulator.Server) { trial.Await(t, s, kind) }
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// withoutLogin takes the way to log in from a trial.
func withoutLogin(tr *trial.Trial, s *simulator.Server) *trial.Trial {
	tr.Env = trial.NewLogin(s).Env
	return tr
}

func moments() map[string]moment {
	none := func(*testing.T, *trial.Trial, *simulator.Server) {}
	waitsAtPipe := func(name string) moment {
		return moment{hanging("none"), func(t *testing.T, tr *trial.Trial, _ *simulator.Server) { tr.Set(name, fifo(t)) },
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				// It can be opened as soon as somebody reads it. Then nothing is written to it.
				var writer *os.File
				require.Eventually(t, func() bool {
					var err error
					writer, err = os.OpenFile(tr.Env[name], os.O_WRONLY|syscall.O_NONBLOCK, 0)
					return err == nil
				}, trial.Patience, 5*time.Millisecond)
				t.Cleanup(func() { writer.Close() })
			}}
	}
	all := map[string]moment{
		"a secret's pipe that gives nothing": waitsAtPipe("DMSWAIT_SECURITY_TOKEN_FILE"),
		"a profile's pipe that gives nothing": {waitsAtPipe("").sim, func(t *testing.T, tr *trial.Trial, s *simulator.Server) {
			withoutLogin(tr, s).Set("DMSWAIT_CREDENTIALS_FILE", fifo(t))
		}, waitsAtPipe("DMSWAIT_CREDENTIALS_FILE").reached},
		"a secret's pipe without a writer": {hanging("none"),
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				delete(tr.Env, "DMSWAIT_SECRET_KEY")
				tr.Set("DMSWAIT_SECRET_KEY_FILE", fifo(t)).Set("DMSWAIT_SECURITY_TOKEN_FILE", fifo(t))
			},
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				// When it has the one secret it goes for the other.
				require.NoError(t, os.WriteFile(tr.Env["DMSWAIT_SECRET_KEY_FILE"], []byte(trial.SecretKey), 0))
			}},
		"an ID token asked for": {hanging("id-token"), func(_ *testing.T, tr *trial.Trial, s *simulator.Server) { withoutLogin(tr, s).ByAgency(s) }, asked("id-token")},
		"a login at STS":        {hanging("assume"), func(_ *testing.T, tr *trial.Trial, s *simulator.Server) { withoutLogin(tr, s).ByAgency(s) }, asked("assume")},
		"a login at IAM": {hanging("iam-token"), func(_ *testing.T, tr *trial.Trial, s *simulator.Server) {
			withoutLogin(tr, s).ByPassword()
		}, asked("iam-token")},
		"a project looked up": {hanging("projects"), func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
			delete(tr.Env, "DMSWAIT_PROJECT_ID")
			tr.Set("DMSWAIT_REGION", "cn-north-4").Set("DMSWAIT_IAM_ENDPOINT", tr.Env["DMSWAIT_ENDPOINT"])
		}, asked("projects")},
		"a first request": {hanging("task"), none, asked("task")},
		"a list of tasks": {hanging("tasks"), func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
			delete(tr.Env, "DMSWAIT_TASK_ID")
			tr.Set("DMSWAIT_TASK_NAME", "x").Set("DMSWAIT_SINCE", "1h")
		}, asked("tasks")},
		"a progress request": {hanging("progress"), none, asked("progress")},
		"a long pause": {hanging("none"), func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
			tr.Args = append(tr.Args, "--interval", "1h", "--max-interval", "1h")
		}, asked("task")},
		"a pause that the service asked for": {func() simulator.Simulator {
			sim, slower := hanging("none")(), simulator.Fault(429, "APIGW.0308", "slower")
			slower.Header = map[string][]string{"Retry-After": {"3600"}}
			sim.Intercept = trial.Always(slower)
			return sim
		}, none, asked("task")},
		"an answer that drips": {func() simulator.Simulator {
			sim := hanging("none")()
			sim.Intercept = trial.Always(&simulator.Response{Body: strings.Repeat(" ", 1000), Slow: 100 * time.Millisecond})
			return sim
		}, none, asked("task")},
		"nobody who reads its log": {hanging("task"), none, asked("task")},
	}
	silent := make(chan struct{}, 100)
	all["a server that says nothing in TLS"] = moment{hanging("none"), func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				defer connection.Close()
				silent <- struct{}{}
			}
		}()
		tr.Set("DMSWAIT_ENDPOINT", "https://"+listener.Addr().String())
	}, func(t *testing.T, _ *trial.Trial, _ *simulator.Server) {
		select {
		case <-silent:
		case <-time.After(8 * time.Second):
			require.Fail(t, "nobody came")
		}
	}}
	return all
}
