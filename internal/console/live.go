package console

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// redraw is how often the live line is drawn again: often enough for a spinner to turn.
const redraw = 200 * time.Millisecond

// liveLine is the last line of a terminal, which shows how the wait stands. It is drawn with a carriage return
// and blanks only, so that every terminal can show it, and disappears when anything else is written. A nil
// liveLine draws nothing.
type liveLine struct {
	out   io.Writer
	width func() int // of the terminal now, in columns

	mu      sync.Mutex
	timer   *time.Timer
	status  func() *liveStatus
	survive func() // deferred, recovers from a panic
	drawn   int    // columns
	turn    int    // of the spinner
	closed  bool
}

// liveStatus is what a live line shows.
type liveStatus struct {
	state   string
	name    string // of the task
	percent int    // -1: unknown
	elapsed time.Duration
	next    time.Duration // until the next poll; 0: a request is under way
	left    string        // what is left, as it follows a comma; empty: that is not known
}

// newLiveLine returns a live line on stderr if that is a terminal that can show one, and no CI system's, otherwise nil.
// It has no colors, so NO_COLOR changes nothing.
func newLiveLine(stderr *AsyncWriter, getenv func(string) string) *liveLine {
	file, ok := stderr.out.(*os.File)
	if ci := getenv("CI"); ci != "" && ci != "0" && ci != "false" {
		return nil // a CI system's terminal is a log
	}
	if !ok || getenv("TERM") == "dumb" || !IsTerminal(file) {
		return nil
	}
	return &liveLine{out: stderr, width: func() int {
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}}
}

// IsTerminal reports whether what is written to w appears on a terminal.
func IsTerminal(w io.Writer) bool {
	if stderr, ok := w.(*AsyncWriter); ok {
		w = stderr.out
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// run draws the line from now on. If drawing panics, survive recovers, and the line is not drawn again.
func (v *liveLine) run(status func() *liveStatus, survive func()) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status, v.survive = status, survive
	v.timer = time.AfterFunc(0, v.tick)
}

func (v *liveLine) tick() {
	defer v.survive()
	status := v.status() // takes the log's lock, so it comes before ours
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.turn++
	v.draw(status)
	v.timer.Reset(redraw)
}

// echo is how many columns a terminal may add to the line by itself: it shows Ctrl-C as ^C.
const echo = 2

// draw writes the line over the last one, short enough to fit: a line that wraps could not be erased.
func (v *liveLine) draw(status *liveStatus) {
	line := status.line(v.turn, v.width()-1-echo)
	fmt.Fprint(v.out, "\r"+line+v.blanks(len(line)))
	v.drawn = len(line)
}

// blanks returns what covers the rest of the last line from a column on. If the window has become narrower since,
// they stop at its edge. That does not wrap: a terminal wraps only when another character follows, and ours is a
// carriage return.
func (v *liveLine) blanks(from int) string {
	return strings.Repeat(" ", max(0, min(v.drawn+echo, v.width())-from))
}

// above writes lines above the live line, which is drawn again at its next turn.
func (v *liveLine) above(out io.Writer, lines string) {
	if v == nil {
		io.WriteString(out, lines)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	io.WriteString(out, lines)
}

func (v *liveLine) erase() {
	if v.drawn > 0 {
		fmt.Fprint(v.out, "\r"+v.blanks(0)+"\r")
		v.drawn = 0
	}
}

// close removes the line for good.
func (v *liveLine) close() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timer != nil {
		v.timer.Stop()
	}
	v.erase()
	v.closed = true
}

// line returns as much as fits into so many columns, without the least important parts first. It is ASCII, where
// a byte takes up one column.
func (s *liveStatus) line(turn, columns int) string {
	state, percent, bar := sanitize.ASCII(s.state), "", ""
	if s.percent >= 0 {
		const cells = 20
		done := s.percent * cells / 100
		percent = fmt.Sprintf(" %d%%", s.percent)
		bar = " [" + strings.Repeat("#", done) + strings.Repeat(".", cells-done) + "]"
	} else {
		state = string(`|/-\`[turn%4]) + " " + state
	}
	name, next, left := sanitize.ASCII(s.name), ", polling", s.left
	if name != "" {
		name = "  " + name
	}
	if s.next > 0 {
		next = ", next poll in " + result.Human(wholeSeconds(s.next))
	}
	elapsed := "  " + result.Human(s.elapsed.Truncate(time.Second))
	for _, line := range []string{
		state + bar + percent + name + elapsed + next + left,
		state + bar + percent + name + elapsed + left,
		state + bar + percent + elapsed + left,
		state + percent + elapsed + left,
		state + percent + elapsed,
		state + percent,
	} {
		if len(line) <= columns {
			return line
		}
	}
	return state[:max(0, min(len(state), columns))]
}

// wholeSeconds rounds up, so that nothing is announced in 0s.
func wholeSeconds(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }
