package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// redraw is how often the live line is drawn anew: often enough for a spinner to turn.
const redraw = 200 * time.Millisecond

// Live is the last line of a terminal, which tells where the wait stands. It is drawn by a carriage return and blanks alone, so that every terminal
// can show it, and it is gone when anything else is written. A nil Live draws nothing.
type Live struct {
	out   io.Writer
	width func() int // of the terminal now, in columns

	mu      sync.Mutex
	timer   *time.Timer
	status  func() LiveStatus
	survive func() // deferred, recovers from a panic
	drawn   int    // columns
	turn    int
	closed  bool
}

// LiveStatus is what a live line shows.
type LiveStatus struct {
	State    string
	Name     string // of the task
	Progress int    // percent; negative when the task tells none
	Elapsed  time.Duration
	Next     time.Duration // until the next look; 0: one is under way
	Left     time.Duration // until the timeout; 0: there is nothing left of it
}

// NewLive returns a live line on stderr if that is a terminal which can show one, or nil. It has no colours, so NO_COLOR changes nothing.
func NewLive(stderr *Detached, getenv func(string) string) *Live {
	file, ok := stderr.out.(*os.File)
	if !ok || getenv("TERM") == "dumb" || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &Live{out: stderr, width: func() int {
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}}
}

// run draws the line from now on. A panic while drawing is for survive to recover from; the line
// is not drawn again then.
func (v *Live) run(status func() LiveStatus, survive func()) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status, v.survive = status, survive
	v.timer = time.AfterFunc(0, v.tick)
}

func (v *Live) tick() {
	defer v.survive()
	status := v.status() // takes the log's lock, thus before ours
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

// draw writes the line over the last one, short enough to fit: a line that wraps could not be taken back.
func (v *Live) draw(status LiveStatus) {
	line := status.line(v.turn, v.width()-1-echo)
	fmt.Fprint(v.out, "\r"+line+v.blanks(len(line)))
	v.drawn = len(line)
}

// blanks cover what is left of the last line behind so many columns. The window may have become narrower since: then they go to its edge,
// from where a terminal goes on in the next row with the next character only, and that is a carriage return.
func (v *Live) blanks(from int) string {
	return strings.Repeat(" ", max(0, min(v.drawn+echo, v.width())-from))
}

// above writes lines over the live line, which is drawn again with its next turn.
func (v *Live) above(out io.Writer, lines string) {
	if v == nil {
		io.WriteString(out, lines)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	io.WriteString(out, lines)
}

func (v *Live) erase() {
	if v.drawn > 0 {
		fmt.Fprint(v.out, "\r"+v.blanks(0)+"\r")
		v.drawn = 0
	}
}

// close takes the line away for good.
func (v *Live) close() {
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

// line tells as much as fits into so many columns, the least important left out first. It is in ASCII, where a byte is a column.
func (s LiveStatus) line(turn, columns int) string {
	state, percent, bar := ascii(s.State), "", ""
	if s.Progress >= 0 {
		const cells = 20
		done := s.Progress * cells / 100
		percent = fmt.Sprintf(" %d%%", s.Progress)
		bar = " [" + strings.Repeat("#", done) + strings.Repeat(".", cells-done) + "]"
	} else {
		state = string(`|/-\`[turn%4]) + " " + state
	}
	name, next, left := ascii(s.Name), ", looking", ""
	if name != "" {
		name = "  " + name
	}
	if s.Next > 0 {
		next = ", next look in " + Human(ceil(s.Next))
	}
	if s.Left > 0 {
		left = ", " + Human(ceil(s.Left)) + " left"
	}
	elapsed := "  " + Human(s.Elapsed.Truncate(time.Second))
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

// ceil is in whole seconds, so that nothing is said to come in 0s.
func ceil(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, visible(text))
}
