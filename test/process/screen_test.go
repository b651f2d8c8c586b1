//go:build unix

package process_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// screen is a terminal that shows the stdout and stderr of a process.
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

// onScreen starts the program on a terminal with so many columns.
func onScreen(t *testing.T, tr *trial.Trial, columns int) *screen {
	t.Helper()
	s := &screen{
		t: t, command: tr.Command(t), done: make(chan struct{}),
		columns: columns, term: vt10x.New(vt10x.WithSize(columns, rows)),
	}
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

// lines returns what a person reads on the screen. A row that is full continues in the next one.
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

// await waits until the last line matches.
func (s *screen) await(pattern string) {
	s.t.Helper()
	wanted := regexp.MustCompile(pattern)
	for end := time.Now().Add(trial.Patience); !wanted.MatchString(s.last()); time.Sleep(2 * time.Millisecond) {
		require.True(s.t, time.Now().Before(end), "%s\n%s", pattern, strings.Join(s.lines(), "\n"))
	}
}

// resize changes the width. The process is stopped meanwhile: a line for the old width, still on
// its way, would wrap.
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

// wait waits for the end of the process, and returns its exit code.
func (s *screen) wait() int {
	code := trial.ExitCode(s.command.Wait())
	<-s.done
	return code
}

// assertLines asserts that the whole screen consists of lines that match these patterns.
func (s *screen) assertLines(patterns ...string) {
	s.t.Helper()
	// Blanks are ignored: where a row ends with one, it cannot be seen whether the line continues.
	text, pattern := strings.Join(s.lines(), ""), strings.Join(patterns, "")
	assert.Regexp(s.t, "^"+strings.ReplaceAll(pattern, " ", "")+"$", strings.ReplaceAll(text, " ", ""))
}
