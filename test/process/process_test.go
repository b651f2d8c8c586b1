//go:build unix

package process_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

// soon is how long something may take that takes less than a second on an idle machine. It is less than the time that
// trial.New gives a request.
const soon = trial.Patience

func TestUnreadLogDelaysNothing(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(200, "SUCCESS")))).InActions(t)
	command := tr.Command(t)
	command.Stderr = trial.FullPipe(t)
	began := time.Now()
	assert.Equal(t, 0, trial.ExitCode(command.Run()))
	assert.Less(t, time.Since(began), soon)
	assert.Equal(t, "success", tr.Outputs(t)["result"])
	assert.Contains(t, tr.Out.String(), "SUCCESS")
}

func TestClosedPipeLosesNoOutput(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(200, "SUCCESS")))
	for name, code := range map[string]int{"stdout": 74, "stderr": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer, err := os.Pipe()
			require.NoError(t, err)
			breakPipe(t, reader, writer)
			tr := trial.New(server).InActions(t)
			command := tr.Command(t)
			if name == "stdout" {
				command.Stdout = writer
			} else {
				command.Stderr = writer
			}
			assert.Equal(t, code, trial.ExitCode(command.Run()))
			assert.Equal(t, "success", tr.Outputs(t)["result"])
		})
	}
}

func TestResultThatCannotBeWrittenIsExitCode74(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))

	toStdout := trial.New(server)
	command := toStdout.Command(t)
	command.Stdout = full
	assert.Equal(t, 74, trial.ExitCode(command.Run()))
	assert.Contains(t, toStdout.Log.String(), "could not write the result to stdout")

	toOutput := trial.New(server).Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", "/dev/full")
	assert.Equal(t, 74, trial.ExitCode(toOutput.Command(t).Run()))
	assert.Contains(t, toOutput.Out.String(), "SUCCESS", "stdout has the result")
	assert.Contains(t, toOutput.Log.String(), "could not write the result to GITHUB_OUTPUT")
}

func TestServerThatDiesIsAnOutage(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	server, err := sim.Start()
	require.NoError(t, err)
	tr := trial.New(server, "--max-outage", "300ms")
	command := tr.Command(t)
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return server.Count("task") >= 2 }, trial.Patience, 5*time.Millisecond)
	require.NoError(t, server.Close())
	assert.Equal(t, 75, trial.ExitCode(command.Wait()))
	assert.Contains(t, tr.Log.String(), "no valid response; still polling")
	assert.Contains(t, tr.Log.String(), "connection refused")
}

func TestHelpAndVersionNeedNoInputs(t *testing.T) {
	t.Parallel()
	path := trial.Program(t)
	for _, flag := range []string{"--help", "-h", "--version"} {
		command := exec.Command(path, flag)
		command.Env = []string{"GITHUB_ACTIONS=true", "DMSWAIT_TIMEOUT=soon"}
		var stderr bytes.Buffer
		command.Stderr = &stderr
		out, err := command.Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), "dmswait")
		assert.Empty(t, stderr.String())
	}
}
