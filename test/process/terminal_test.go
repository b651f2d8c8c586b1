//go:build unix

package process_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
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
func onScreen(t *testing.T, tr *trial.Trial, columns int) *screen {
	t.Helper()
	s := &screen{t: t, command: tr.Command(t), done: make(chan struct{}), columns: columns, term: vt10x.New(vt10x.WithSize(columns, rows))}
	s.command.Stdin, s.command.Stdout, s.command.Stderr = nil, nil, nil
	if _, has := tr.Env["TERM"]; !has {
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
	for end := time.Now().Add(trial.Patience); !wanted.MatchString(s.last()); time.Sleep(2 * time.Millisecond) {
		require.True(s.t, time.Now().Before(end), "%s\n%s", pattern, strings.Join(s.lines(), "\n"))
	}
}

// resize stops the process meanwhile: a line for the old window that is still on its way would wrap in the new one.
func (s *screen) resize(columns int) {
	require.NoError(s.t, s.command.Process.Signal(syscall.SIGSTOP))
	for before, now := -1, 0; before != now; {
		time.Sleep(50 * time.Millisecond)
		s.mu.Lock()
		before, now = now, s.raw.Len()
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { require.NoError(s.t, s.command.Process.Signal(syscall.SIGCONT)) }()
	s.columns = columns
	s.term.Resize(columns, rows)
	require.NoError(s.t, pty.Setsize(s.pty, &pty.Winsize{Rows: rows, Cols: uint16(columns)}))
}

// end waits for the end of the process, and returns its exit code.
func (s *screen) end() int {
	code := trial.ExitCode(s.command.Wait())
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
	announced = `dmswait: waiting up to 1h for task ` + trial.TaskID + ` of instance \S+, project \S+, at 127.0.0.1:[0-9]+ \(not a domain of Huawei Cloud\), with access key …NLY0 from DMSWAIT_ACCESS_KEY`
	executes  = `dmswait: [0-9.]+m?s EXECUTING`
	succeeded = `dmswait: [0-9.]+m?s SUCCESS, it took [0-9.]+ s`
	ended     = `Task ` + trial.TaskID + ` ended with SUCCESS after [0-9.]+ s\.`
)

// slowly leaves pauses in which a slow machine, too, can ask for a percentage.
var slowly = []string{"--interval", "300ms", "--max-interval", "300ms"}

// halting returns a cloud whose task takes its time: until end is called.
func halting(progress ...simulator.ProgressStep) (sim simulator.Simulator, end func()) {
	sim = trial.Cloud(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Progress = progress
	return sim, trial.Hold(&sim)
}

func TestATerminalHasOneLiveLineAndThenTheResult(t *testing.T) {
	t.Parallel()
	sim, end := halting()
	s := onScreen(t, trial.New(trial.Start(t, sim), "--interval", "400ms", "--max-interval", "400ms"), 180)
	s.shows(`^[|/\\-] EXECUTING  bindInstancePublicIp  [0-9]+s, (looking|next look in 1s), (1h|59m5[0-9]s) left$`)
	s.reads(announced, executes, `[|/\\-] EXECUTING  bindInstancePublicIp  [0-9]+s, .*`)
	first := s.last()[:1]
	require.Eventually(t, func() bool { return s.last()[:1] != first }, trial.Patience, time.Millisecond, "its spinner turns")
	end()
	assert.Equal(t, 0, s.end())
	s.reads(announced, executes, succeeded, ended)
	assert.NotContains(t, s.raw.String(), "\x1b", "every terminal can show it")
}

func TestATerminalShowsABarWhenThereIsAPercentage(t *testing.T) {
	t.Parallel()
	sim, end := halting(simulator.ProgressStep{Percent: 42})
	s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), 180)
	s.shows(`^EXECUTING \[########............\] 42%  bindInstancePublicIp  [0-9]+s, (looking|next look in 1s), (1h|59m5[0-9]s) left$`)
	end()
	assert.Equal(t, 0, s.end())
	s.reads(announced, executes, `dmswait: [0-9.]+m?s EXECUTING, 42 %`, succeeded, ended)
}

func TestALiveLineFitsIntoANarrowWindow(t *testing.T) {
	t.Parallel()
	for columns, live := range map[int]string{10: `EXECUTI|[|/\\-] EXECU`, 20: `EXECUTING 42%  [0-9]+s`, 40: `EXECUTING 42%  [0-9]+s, (1h|59m5[0-9]s) left`, 80: `EXECUTING \[########............\] 42%  .*[0-9]s, .* left`} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			sim, end := halting(simulator.ProgressStep{Percent: 42})
			s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), columns)
			s.shows("^(" + live + ")$")
			if columns < 20 { // no room for the percentage, so nothing shows when it has come
				require.Eventually(t, func() bool { return strings.Contains(strings.Join(s.lines(), ""), "42 %") }, trial.Patience, 5*time.Millisecond)
			}
			end()
			assert.Equal(t, 0, s.end())
			s.reads(announced, executes, `dmswait: [0-9.]+m?s EXECUTING, 42 %`, succeeded, ended)
		})
	}
}

func TestALiveLineSurvivesResizing(t *testing.T) {
	t.Parallel()
	sim, end := halting(simulator.ProgressStep{Percent: 42})
	s := onScreen(t, trial.New(trial.Start(t, sim), slowly...), 180)
	s.shows(`42%  bindInstancePublicIp .* left$`)
	s.resize(40)
	s.shows(`EXECUTING 42%  [0-9]+s, (1h|59m5[0-9]s) left$`)
	s.resize(20)
	s.shows(`EXECUTING 42%  [0-9]+s$`)
	s.resize(120)
	s.shows(`42%  bindInstancePublicIp .* left$`)
	end()
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
	sim, end := halting()
	s := onScreen(t, trial.New(trial.Start(t, sim), "--format", "json"), 100)
	s.shows(`EXECUTING .* left$`)
	end()
	assert.Equal(t, 0, s.end())
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.last()), &result), s.last())
	assert.Equal(t, "success", result["result"])
	s.reads(announced, executes, succeeded, `dmswait: `+ended, `\{"status":.*\}`)
}

func TestCtrlCLeavesACleanScreen(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{10, 83, 84, 85, 86, 180} {
		s := onScreen(t, trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"))), "--interval", "1h", "--max-interval", "1h"), columns)
		s.shows(`EXEC[A-Z]*(  .*)?$`)
		time.Sleep(250 * time.Millisecond)
		_, err := s.pty.WriteString("\x03")
		require.NoError(t, err)
		assert.Equal(t, 130, s.end())
		// The system shows the key itself once it has sent the signal: behind our last words if we are quicker, and else behind
		// the live line, which goes with it, but for a window so narrow that the key is already in the next row.
		left := ""
		if columns == 10 {
			left = `([|/\\-] EXECU\^)?`
		}
		s.reads(announced, executes, left, `dmswait was interrupted by SIGINT after [0-9.]+ s.*\.(\^?C)?`)
	}
}

func TestThereIsNoLiveLineWhereItWouldBeInTheWay(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*trial.Trial){
		"TERM=dumb": func(tr *trial.Trial) { tr.Set("TERM", "dumb") },
		"quiet":     func(tr *trial.Trial) { tr.Args = append(tr.Args, "--quiet") },
		"Actions":   func(tr *trial.Trial) { tr.InActions(t) },
		"JSON log":  func(tr *trial.Trial) { tr.Args = append(tr.Args, "--log-format", "json") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"), trial.At(500, "SUCCESS"))))
			set(tr)
			s := onScreen(t, tr, 180)
			assert.Equal(t, 0, s.end())
			assert.NotContains(t, strings.ReplaceAll(s.raw.String(), "\r\n", "\n"), "\r")
			assert.NotContains(t, s.raw.String(), "next look")
		})
	}
	piped := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "EXECUTING"), trial.At(300, "SUCCESS"))))
	require.NoError(t, piped.Command(t).Run())
	assert.NotContains(t, piped.Log.String(), "\r")
}

func TestHostileTextDoesNothingToATerminal(t *testing.T) {
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
			return trial.HostileAnswer(503, texts[r.Nth/3%len(texts)])
		}
		return nil
	}
	server := trial.Start(t, sim)
	s := onScreen(t, trial.New(server, "--format", "json", "--debug"), 180)
	s.shows(`left$`)
	require.Eventually(t, func() bool { return server.Count("task") >= 3*len(texts) }, trial.Patience, 5*time.Millisecond, "each text in an error")
	end()
	assert.Equal(t, 0, s.end())
	raw := s.raw.String()
	assert.Equal(t, -1, strings.IndexFunc(raw, func(r rune) bool { return r != '\r' && r != '\n' && !unicode.IsPrint(r) }), "%q", raw)
	assert.NotContains(t, raw, "##[")
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.last()), &result), s.last())
	assert.Equal(t, sim.Tasks[0].Name, result["task"].(map[string]any)["name"])
}
