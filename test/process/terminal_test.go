//go:build unix

package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// screen is a terminal with a process on it, stdout and stderr alike.
type screen struct {
	t       *testing.T
	command *exec.Cmd
	pty     *os.File
	done    chan struct{}

	mu      sync.Mutex
	term    vt10x.Terminal
	columns int
	raw     strings.Builder
}

const rows = 60

// onScreen starts the program on a terminal of so many columns.
func onScreen(t *testing.T, tr *trial, columns int) *screen {
	t.Helper()
	s := &screen{t: t, command: process(t, tr), done: make(chan struct{}), columns: columns, term: vt10x.New(vt10x.WithSize(columns, rows))}
	s.command.Stdin, s.command.Stdout, s.command.Stderr = nil, nil, nil
	if _, has := tr.env["TERM"]; !has {
		s.command.Env = append(s.command.Env, "TERM=xterm-256color")
	}
	var err error
	s.pty, err = pty.StartWithSize(s.command, &pty.Winsize{Rows: rows, Cols: uint16(columns)})
	require.NoError(t, err)
	t.Cleanup(func() { s.pty.Close() })
	go func() {
		defer close(s.done)
		chunk := make([]byte, 4096)
		for {
			n, err := s.pty.Read(chunk)
			s.mu.Lock()
			s.raw.Write(chunk[:n])
			s.term.Write(chunk[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// lines are what a person reads on the screen; rows that are full go on in the next one.
func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	open := false
	for row := range strings.SplitSeq(strings.TrimRight(s.term.String(), " \n"), "\n") {
		if open {
			lines[len(lines)-1] += row
		} else {
			lines = append(lines, row)
		}
		open = len([]rune(strings.TrimRight(row, " "))) == s.columns
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func (s *screen) last() string {
	lines := s.lines()
	return lines[len(lines)-1]
}

// shows waits until the last line is like that.
func (s *screen) shows(pattern string) {
	s.t.Helper()
	wanted := regexp.MustCompile(pattern)
	for end := time.Now().Add(5 * time.Second); !wanted.MatchString(s.last()); time.Sleep(2 * time.Millisecond) {
		require.True(s.t, time.Now().Before(end), "%s\n%s", pattern, strings.Join(s.lines(), "\n"))
	}
}

func (s *screen) resize(columns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.columns = columns
	s.term.Resize(columns, rows)
	require.NoError(s.t, pty.Setsize(s.pty, &pty.Winsize{Rows: rows, Cols: uint16(columns)}))
}

// end waits for the end of the process, and returns its exit code.
func (s *screen) end() int {
	code := exitCode(s.command.Wait())
	<-s.done
	return code
}

// reads holds the whole screen to lines, each by a pattern, and nothing else.
func (s *screen) reads(patterns ...string) {
	s.t.Helper()
	// Blanks do not count: of a line that ends with one at the window's edge, nobody can see that it goes on.
	text, pattern := strings.Join(s.lines(), ""), strings.Join(patterns, "")
	assert.Regexp(s.t, "^"+strings.ReplaceAll(pattern, " ", "")+"$", strings.ReplaceAll(text, " ", ""))
}

const (
	announced = `dmswait: waiting up to 1h for task ` + taskID + ` of instance \S+, project \S+, at 127.0.0.1:[0-9]+ \(not a domain of Huawei Cloud\), with access key …NLY0 from DMSWAIT_ACCESS_KEY`
	executes  = `dmswait: [0-9.]+m?s EXECUTING`
	succeeded = `dmswait: [0-9.]+m?s SUCCESS, it took [0-9.]+ s`
	ended     = `Task ` + taskID + ` ended with SUCCESS after [0-9.]+ s\.`
)

// halting is a task that takes its time, which begins when there is a program to wait for it.
func halting(t *testing.T, progress ...simulator.ProgressStep) simulator.Simulator {
	t.Helper()
	_, err := program()
	require.NoError(t, err)
	sim := cloud(at(0, "EXECUTING"), at(2500, "SUCCESS"))
	sim.Tasks[0].Progress = progress
	return sim
}

func TestATerminalHasOneLiveLineAndThenTheResult(t *testing.T) {
	t.Parallel()
	s := onScreen(t, newTrial(start(t, halting(t)), "--interval", "400ms", "--max-interval", "400ms"), 180)
	s.shows(`^[|/\\-] EXECUTING  bindInstancePublicIp  [0-9]s, (looking|next look in 1s), (1h|59m5[0-9]s) left$`)
	s.reads(announced, executes, `[|/\\-] EXECUTING  bindInstancePublicIp  [0-9]s, .*`)
	first := s.last()[:1]
	require.Eventually(t, func() bool { return s.last()[:1] != first }, 2*time.Second, time.Millisecond, "its spinner turns")
	assert.Equal(t, 0, s.end())
	s.reads(announced, executes, succeeded, ended)
	assert.NotContains(t, s.raw.String(), "\x1b", "every terminal can show it")
}

func TestATerminalShowsABarWhenThereIsAPercentage(t *testing.T) {
	t.Parallel()
	s := onScreen(t, newTrial(start(t, halting(t, simulator.ProgressStep{Percent: 42})), "--max-interval", "100ms"), 180)
	s.shows(`^EXECUTING \[########............\] 42%  bindInstancePublicIp  [0-9]s, (looking|next look in 1s), (1h|59m5[0-9]s) left$`)
	assert.Equal(t, 0, s.end())
	s.reads(announced, executes, `dmswait: [0-9.]+m?s EXECUTING, 42 %`, succeeded, ended)
}

func TestALiveLineFitsIntoANarrowWindow(t *testing.T) {
	t.Parallel()
	for columns, live := range map[int]string{10: `EXECUTI|[|/\\-] EXECU`, 20: `EXECUTING 42%  [0-9]s`, 40: `EXECUTING 42%  [0-9]s, (1h|59m5[0-9]s) left`, 80: `EXECUTING \[########............\] 42%  .*[0-9]s, .* left`} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			s := onScreen(t, newTrial(start(t, halting(t, simulator.ProgressStep{Percent: 42})), "--max-interval", "100ms"), columns)
			s.shows("^(" + live + ")$")
			assert.Equal(t, 0, s.end())
			s.reads(announced, executes, `dmswait: [0-9.]+m?s EXECUTING, 42 %`, succeeded, ended)
		})
	}
}

func TestALiveLineSurvivesResizing(t *testing.T) {
	t.Parallel()
	sim := halting(t, simulator.ProgressStep{Percent: 42})
	sim.Tasks[0].Steps[1] = at(3500, "SUCCESS")
	s := onScreen(t, newTrial(start(t, sim)), 180)
	s.shows(`42%  bindInstancePublicIp .* left$`)
	s.resize(40)
	s.shows(`EXECUTING 42%  [0-9]s, (1h|59m5[0-9]s) left$`)
	s.resize(20)
	s.shows(`EXECUTING 42%  [0-9]s$`)
	s.resize(120)
	s.shows(`42%  bindInstancePublicIp .* left$`)
	assert.Equal(t, 0, s.end())
	lines := s.lines()
	require.GreaterOrEqual(t, len(lines), 2)
	assert.Regexp(t, "^"+ended+"$", lines[len(lines)-1])
	assert.Regexp(t, "^"+succeeded+"$", lines[len(lines)-2])
	for _, line := range lines {
		assert.NotRegexp(t, `left|look|\[#|42%`, line, "nothing of it is left")
	}
}

func TestWhatIsOnStdoutStaysWholeOnTheSameTerminal(t *testing.T) {
	t.Parallel()
	s := onScreen(t, newTrial(start(t, halting(t)), "--format", "json"), 100)
	s.shows(`left$`)
	assert.Equal(t, 0, s.end())
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.last()), &result), s.last())
	assert.Equal(t, "success", result["result"])
	s.reads(announced, executes, succeeded, `dmswait: `+ended, `\{"status":.*\}`)
}

func TestCtrlCLeavesACleanScreen(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{10, 83, 84, 85, 86, 180} {
		s := onScreen(t, newTrial(start(t, cloud(at(0, "EXECUTING"))), "--interval", "1h", "--max-interval", "1h"), columns)
		s.shows(`EXEC[A-Z]*(  .*)?$`)
		time.Sleep(250 * time.Millisecond)
		_, err := s.pty.WriteString("\x03")
		require.NoError(t, err)
		assert.Equal(t, 130, s.end())
		// The system shows the key itself after it has sent the signal, and so behind our last words if we are quicker.
		s.reads(announced, executes, `dmswait was interrupted by SIGINT after [0-9.]+ s.*\.(\^?C)?`)
	}
}

func TestThereIsNoLiveLineWhereItWouldBeInTheWay(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*trial){
		"TERM=dumb": func(tr *trial) { tr.set("TERM", "dumb") },
		"quiet":     func(tr *trial) { tr.args = append(tr.args, "--quiet") },
		"Actions":   func(tr *trial) { tr.inActions(t) },
		"JSON log":  func(tr *trial) { tr.args = append(tr.args, "--log-format", "json") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(start(t, cloud(at(0, "EXECUTING"), at(500, "SUCCESS"))))
			set(tr)
			s := onScreen(t, tr, 180)
			assert.Equal(t, 0, s.end())
			assert.NotContains(t, strings.ReplaceAll(s.raw.String(), "\r\n", "\n"), "\r")
			assert.NotContains(t, s.raw.String(), "next look")
		})
	}
	piped := newTrial(start(t, cloud(at(0, "EXECUTING"), at(300, "SUCCESS"))))
	require.NoError(t, process(t, piped).Run())
	assert.NotContains(t, piped.log.String(), "\r")
}
