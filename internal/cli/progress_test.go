package cli_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestRefusedProgressRequestCausesNoLoginAndNoFailure(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"the clocks agree": 0, "its clock is wrong": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Account(trial.At(0, "EXECUTING"))
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				if r.Kind != "progress" && (r.Kind != "assume" || r.Nth == 1) {
					return nil
				}
				refusal := simulator.Fault(401, "APIGW.0301", "no")
				refusal.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
				return refusal
			}
			trial.EndAt(&sim, "task", 5) // progress could be requested twice until then
			server := trial.Start(t, sim)
			tr := trial.NewLogin(server, "--format", "json", "--interval", "500ms", "--max-interval", "500ms").ByAgency(server).Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			assert.Equal(t, "success", tr.JSON(t)["result"])
			assert.Equal(t, 1, server.Count("progress"))
			assert.Equal(t, 1, server.Count("assume"))
			assert.NotContains(t, tr.Log.String(), "the local clock is off")
		})
	}
}

func TestProgressIsAnOutput(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Progress = []simulator.ProgressStep{{Percent: 40}}
	trial.EndAt(&sim, "progress", 1)
	// The request is cut off at the end of the pause, which is long enough here for a slow machine.
	tr := trial.New(trial.Start(t, sim), "--format", "json", "--interval", "2s", "--max-interval", "2s").Run(t)
	assert.EqualValues(t, 40, tr.JSON(t)["progress"])
}

// lockedBuffer is a buffer that is read while it is written to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestRequestForProgressIsLoggedBeforeThePauseIsOver(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	var log lockedBuffer
	shown := func() bool { return strings.Contains(log.String(), "/progress ") }
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "task" && r.Nth == 4 { // the poll after it waits until the line is there
			assert.Eventually(t, shown, trial.Patience/2, time.Millisecond)
		}
		return nil
	}
	trial.EndAt(&sim, "task", 4)
	tr := trial.New(trial.Start(t, sim), "--debug", "--request-timeout", "2m").
		Set("DMSWAIT_INTERVAL", "100ms").Set("DMSWAIT_MAX_INTERVAL", "100ms")
	tr.Stderr = &log
	tr.Run(t)
	assert.Equal(t, 0, tr.Code, log.String())
}

func TestLogShowsTheServicesWordsInFullWithDebug(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("w", 300)
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	for debug, want := range map[string]string{"false": words[:200] + "… (", "true": words + " ("} {
		sim.Intercept = simulator.Script(simulator.Fault(503, "DMS.00500001", words))
		tr := trial.New(trial.Start(t, sim)).Set("DMSWAIT_DEBUG", debug).Run(t)
		assert.Contains(t, tr.Log.String(), "DMS.00500001: "+want)
	}
}
