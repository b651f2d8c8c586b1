package cli

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/simulator"
)

// The wait started an hour ago and receives its first list now: counted back from now, the task would be too old.
func TestSinceCountsBackFromTheStartOfTheWait(t *testing.T) {
	t.Parallel()
	const id = "8abfa7a77e2b4c0e017e2b4f0a2b0001"
	for age, found := range map[time.Duration]bool{
		time.Minute: true, 64 * time.Minute: true, 66 * time.Minute: false,
	} {
		sim := simulator.Simulator{
			Keys:  map[string]string{"AK": "SK"},
			Tasks: []simulator.Task{{ID: id, Name: "restart", Age: age, Steps: []simulator.Step{{Status: "EXECUTING"}}}},
		}
		server, err := sim.Start()
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		env := map[string]string{
			"DMSWAIT_ENDPOINT": server.URL, "DMSWAIT_PROJECT_ID": simulator.DefaultProjectID,
			"DMSWAIT_INSTANCE_ID": simulator.DefaultInstanceID, "DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m",
			"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "SK",
		}
		getenv := func(name string) string { return env[name] }
		cfg, faults := config.Parse(t.Context(), nil, getenv, nil)
		require.Empty(t, faults)
		stderr := console.NewAsyncWriter(io.Discard)
		t.Cleanup(stderr.Close)
		w := newWait(cfg, time.Now().Add(-time.Hour), stderr, getenv)
		w.session = w.newSession("")
		t.Cleanup(w.session.close)
		w.poller.Client = w.session.loggedIn

		polled := w.poller.Poll(t.Context(), []int{0})[0]
		if found {
			require.NoError(t, polled.Err, age)
			assert.Equal(t, id, polled.State.Task.ID, age)
		} else {
			assert.ErrorAs(t, polled.Err, new(*client.NoTaskError), age)
		}
	}
}
