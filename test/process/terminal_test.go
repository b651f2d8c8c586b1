//go:build unix

package process_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const (
	waiting = `dmswait: waiting up to 1h for task ` + trial.TaskID + ` of instance \S+ in project \S+ ` +
		`at 127.0.0.1:[0-9]+ \(not a domain of Huawei Cloud\) with access key …NLY0 \(from DMSWAIT_ACCESS_KEY\)`
	running     = `dmswait: \[[0-9.]+m?s\] EXECUTING`
	percentage  = `dmswait: \[[0-9.]+m?s\] EXECUTING, 42%`
	succeeded   = `dmswait: \[[0-9.]+m?s\] SUCCESS \(took [0-9.]+m?s\)`
	ended       = `Task ` + trial.TaskID + ` \(bindInstancePublicIp\) ended with SUCCESS after [0-9.]+m?s\.`
	interrupted = `Interrupted by SIG[A-Z]+ after [0-9.]+m?s(; the task keeps running)?\.`

	// The end of the live line: when the next poll is, and how much time is left.
	nextAndLeft = `[0-9]+s, (polling|next poll in 1s), (1h|59m5[0-9]s) left`
)

// slowly leaves pauses that are long enough to request a percentage even on a slow machine.
var slowly = []string{"--interval", "300ms", "--max-interval", "300ms"}

// runningCloud returns a cloud whose task is running until end is called.
func runningCloud(progress ...simulator.ProgressStep) (sim simulator.Simulator, end func()) {
	sim = trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Progress = progress
	return sim, trial.Hold(&sim)
}

func TestTerminalShowsALiveLineAndThenTheResult(t *testing.T) {
	t.Parallel()
	sim, end := runningCloud()
	s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), 180)
	s.await(`^[|/\\-] EXECUTING  bindInstancePublicIp  ` + nextAndLeft + `$`)
	s.assertLines(waiting, running, `[|/\\-] EXECUTING  bindInstancePublicIp  [0-9]+s, .*`)
	first := s.last()[:1]
	hasTurned := func() bool { return s.last()[:1] != first }
	require.Eventually(t, hasTurned, trial.Patience, time.Millisecond, "the spinner turns")
	end()
	assert.Equal(t, 0, s.wait())
	s.assertLines(waiting, running, succeeded, ended)
	assert.NotContains(t, s.raw.String(), "\x1b", "no escape sequences, so that every terminal can show it")
}

func TestTerminalOutsideCIShowsALiveLine(t *testing.T) {
	t.Parallel()
	for _, ci := range []string{"0", "false"} {
		sim, end := runningCloud()
		s := onScreen(t, trial.New(trial.Start(t, sim), slowly...).Set("CI", ci), 180)
		s.await(nextAndLeft + `$`)
		end()
		assert.Equal(t, 0, s.wait())
	}
}

func TestLiveLineShowsTheLimitThatEndsFirst(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Intercept = trial.Always(&simulator.Response{Status: 503})
	s := onScreen(t, trial.New(trial.Start(t, sim), "--max-outage", "2s"), 180)
	s.await(`no valid response  [0-9]s, .*, [12]s left \(max_outage\)$`)
	assert.Equal(t, 75, s.wait())
	assert.Equal(t, "The API returned no valid response for 2s (max_outage): 503; the task's state is unknown.", s.last())
}

func TestTerminalShowsAProgressBar(t *testing.T) {
	t.Parallel()
	sim, end := runningCloud(simulator.ProgressStep{Percent: 42})
	s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), 180)
	s.await(`^EXECUTING \[########............\] 42%  bindInstancePublicIp  ` + nextAndLeft + `$`)
	end()
	assert.Equal(t, 0, s.wait())
	s.assertLines(waiting, running, percentage, succeeded, ended)
}

func TestLiveLineFitsIntoANarrowWindow(t *testing.T) {
	t.Parallel()
	for columns, live := range map[int]string{
		10: `EXECUTI|[|/\\-] EXECU`,
		20: `EXECUTING 42%  [0-9]+s`,
		40: `EXECUTING 42%  [0-9]+s, (1h|59m5[0-9]s) left`,
		80: `EXECUTING \[########............\] 42%  .*[0-9]s, .* left`,
	} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			sim, end := runningCloud(simulator.ProgressStep{Percent: 42})
			s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), columns)
			s.await("^(" + live + ")$")
			// A narrow live line does not show the percentage; the log does.
			hasPercentage := func() bool { return strings.Contains(strings.Join(s.lines(), ""), "42%") }
			require.Eventually(t, hasPercentage, trial.Patience, 5*time.Millisecond)
			end()
			assert.Equal(t, 0, s.wait())
			s.assertLines(waiting, running, percentage, succeeded, ended)
		})
	}
}

func TestLiveLineSurvivesResizing(t *testing.T) {
	t.Parallel()
	sim, end := runningCloud(simulator.ProgressStep{Percent: 42})
	s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), 180)
	s.await(`42%  bindInstancePublicIp .* left$`)
	s.resize(40)
	s.await(`EXECUTING 42%  [0-9]+s, (1h|59m5[0-9]s) left$`)
	s.resize(20)
	s.await(`EXECUTING 42%  [0-9]+s$`)
	s.resize(120)
	s.await(`42%  bindInstancePublicIp .* left$`)
	end()
	assert.Equal(t, 0, s.wait())
	lines := s.lines()
	require.GreaterOrEqual(t, len(lines), 2)
	assert.Regexp(t, "^"+ended+"$", lines[len(lines)-1])
	assert.Regexp(t, "^"+succeeded+"$", lines[len(lines)-2])
	for _, line := range lines {
		assert.NotRegexp(t, `left|next poll|\[#|42%  `, line, "nothing of the live line remains")
	}
}

func TestStdoutStaysWholeOnTheSameTerminal(t *testing.T) {
	t.Parallel()
	sim, end := runningCloud()
	s := onScreen(t, trial.New(trial.Start(t, sim), "--format", "json"), 100)
	s.await(`EXECUTING .* left$`)
	end()
	assert.Equal(t, 0, s.wait())
	var result map[string]any
	raw := s.raw.String() // on the screen, a blank at the end of a row could not be seen
	require.NoError(t, json.Unmarshal([]byte(raw[strings.LastIndex(raw, "\n{")+1:]), &result), raw)
	assert.Equal(t, "success", result["result"])
	s.assertLines(waiting, running, succeeded, `dmswait: `+ended, `\{"status":.*\}`)
}

func TestLogEndsWithTheResultUnlessTheSameTerminalShowsIt(t *testing.T) {
	t.Parallel()
	for name, redirect := range map[string]func(*exec.Cmd){
		"stdout elsewhere": func(c *exec.Cmd) { c.Stderr = nil }, // the terminal
		"stderr elsewhere": func(c *exec.Cmd) { c.Stdout = nil },
		"both elsewhere":   func(*exec.Cmd) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))))
			command := tr.Command(t)
			redirect(command)
			terminal, err := pty.Start(command)
			require.NoError(t, err)
			t.Cleanup(func() { terminal.Close() })
			shown, _ := io.ReadAll(terminal) // ends with an error, at the end of the process
			require.NoError(t, command.Wait())
			log := tr.Log.String()
			if name == "stdout elsewhere" {
				log = strings.ReplaceAll(string(shown), "\r\n", "\n")
			}
			assert.Regexp(t, `\ndmswait: `+ended+`\n$`, log)
		})
	}
}

func TestCtrlCLeavesACleanScreen(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{10, 83, 84, 85, 86, 180} {
		server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING")))
		s := onScreen(t, trial.New(server, "--interval", "1h", "--max-interval", "1h"), columns)
		s.await(`EXEC[A-Z]*(  .*)?$`)
		time.Sleep(250 * time.Millisecond)
		_, err := s.pty.WriteString("\x03")
		require.NoError(t, err)
		assert.Equal(t, 130, s.wait())
		// The terminal echoes ^C after it has sent the signal: after our last line, or after the
		// live line, which is then erased together with it. Only in a very narrow window, the C is
		// already in the next row.
		echoed := ""
		if columns == 10 {
			echoed = `([|/\\-] EXECU\^)?`
		}
		s.assertLines(waiting, running, echoed, interrupted+`(\^?C)?`)
	}
}

func TestNoLiveLineForDumbTerminalsCIQuietRunsActionsAndJSON(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*testing.T, *trial.Trial){
		"TERM=dumb": func(_ *testing.T, tr *trial.Trial) { tr.Set("TERM", "dumb") },
		"CI=true":   func(_ *testing.T, tr *trial.Trial) { tr.Set("CI", "true") },
		"CI=1":      func(_ *testing.T, tr *trial.Trial) { tr.Set("CI", "1") },
		"quiet":     func(_ *testing.T, tr *trial.Trial) { tr.Args = append(tr.Args, "--quiet") },
		"Actions":   func(t *testing.T, tr *trial.Trial) { tr.InActions(t) },
		"JSON log":  func(_ *testing.T, tr *trial.Trial) { tr.Args = append(tr.Args, "--log-format", "json") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"), trial.At(500, "SUCCESS")))
			tr := trial.New(server)
			set(t, tr)
			s := onScreen(t, tr, 180)
			assert.Equal(t, 0, s.wait())
			assert.NotContains(t, strings.ReplaceAll(s.raw.String(), "\r\n", "\n"), "\r")
			assert.NotContains(t, s.raw.String(), "next poll")
		})
	}
	piped := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"), trial.At(300, "SUCCESS"))))
	require.NoError(t, piped.Command(t).Run())
	assert.NotContains(t, piped.Log.String(), "\r")
}

func TestHostileTextCannotControlATerminal(t *testing.T) {
	t.Parallel()
	texts := trial.HostileTexts(t)[1:]
	sim := trial.Cloud()
	sim.Tasks[0].Name = "##[error]x\x1b[2J\u009b2J\u202e"
	for i, text := range texts {
		sim.Tasks[0].Steps = append(sim.Tasks[0].Steps, trial.At(50*i, text))
	}
	end := trial.Hold(&sim)
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "task" && r.Nth%3 == 0 {
			return trial.HostileResponse(503, texts[r.Nth/3%len(texts)])
		}
		return nil
	}
	server := trial.Start(t, sim)
	s := onScreen(t, trial.New(server, "--format", "json", "--debug"), 180)
	s.await(`left$`)
	isDone := func() bool { return server.Count("task") >= 3*len(texts) }
	require.Eventually(t, isDone, trial.Patience, 5*time.Millisecond, "each text was in an error")
	end()
	assert.Equal(t, 0, s.wait())
	raw := s.raw.String()
	isControl := func(r rune) bool { return r != '\r' && r != '\n' && !unicode.IsPrint(r) }
	assert.Equal(t, -1, strings.IndexFunc(raw, isControl), "%q", raw)
	assert.NotContains(t, raw, "##[")
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw[strings.LastIndex(raw, "\n{")+1:]), &result), raw)
	assert.Equal(t, sim.Tasks[0].Name, result["task"].(map[string]any)["name"])
}
