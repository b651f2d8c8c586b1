package cli_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/test/trial"
)

func TestOneConnectionServesAllPolls(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	trial.EndAt(&sim, "task", 4)
	server := trial.Start(t, sim)
	// Long pauses: a request for progress that is cut off by the next poll takes its connection with it.
	tr := trial.New(server, "--interval", "500ms", "--max-interval", "500ms").Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.GreaterOrEqual(t, len(server.Requests()), 5, "4 polls and a request for progress")
	assert.Equal(t, 1, server.Connections())
}

func TestUserAgentIsTheVersion(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	trial.New(server).Run(t)
	request := server.Requests()[0]
	assert.Equal(t, "GET", request.Method)
	var version strings.Builder
	assert.Equal(t, 0, cli.Run(t.Context(), []string{"--version"}, os.Getenv, &version, &version))
	_, number, _ := strings.Cut(strings.TrimSpace(version.String()), " ")
	assert.Equal(t, "dmswait/"+number, request.Header.Get("User-Agent"))
}

func TestUnwritableStdoutIsNoSuccess(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	tr := trial.New(server).InActions(t)
	tr.Stdout = brokenWriter{}
	tr.Run(t)
	assert.Equal(t, 74, tr.Code)
	assert.Equal(t, "success", tr.Outputs(t)["result"], "the other outputs are written")
	assert.Equal(t, "0", tr.Outputs(t)["exit_code"])

	failed := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "FAILED"))))
	failed.Stdout = brokenWriter{}
	assert.Equal(t, 1, failed.Run(t).Code, "74 replaces 0 only")

	assert.Equal(t, 74, cli.Run(t.Context(), []string{"--help"}, os.Getenv, brokenWriter{}, brokenWriter{}))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestBrokenStderrChangesNothingElse(t *testing.T) {
	t.Parallel()
	tr := trial.New(trial.Start(t, trial.Cloud(trial.At(50, "SUCCESS")))).InActions(t)
	tr.Stderr = brokenWriter{}
	tr.Run(t)
	assert.Equal(t, 0, tr.Code)
	assert.Equal(t, "success", tr.Outputs(t)["result"])
	assert.NotEmpty(t, tr.Out.String())
}

func TestHelpFitsTwoScreens(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.Equal(t, 0, cli.Run(t.Context(), []string{"--help"}, os.Getenv, &out, brokenWriter{}))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	assert.LessOrEqual(t, len(lines), 2*44)
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
	}
}
