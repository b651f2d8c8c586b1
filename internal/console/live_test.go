package console

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestLiveLineShowsAsMuchAsFits(t *testing.T) {
	t.Parallel()
	status := liveStatus{
		state: "EXECUTING", name: "bindInstancePublicIp", percent: 42,
		elapsed: 65 * time.Second, next: 3200 * time.Millisecond, left: ", 58m55s left",
	}
	const full = "EXECUTING [########............] 42%  bindInstancePublicIp  1m5s, next poll in 4s, 58m55s left"
	for columns, want := range map[int]string{
		200:           full,
		len(full):     full,
		len(full) - 1: "EXECUTING [########............] 42%  bindInstancePublicIp  1m5s, 58m55s left",
		77:            "EXECUTING [########............] 42%  bindInstancePublicIp  1m5s, 58m55s left",
		60:            "EXECUTING [########............] 42%  1m5s, 58m55s left",
		40:            "EXECUTING 42%  1m5s, 58m55s left",
		20:            "EXECUTING 42%  1m5s",
		15:            "EXECUTING 42%",
		10:            "EXECUTING",
		4:             "EXEC",
		0:             "",
		-3:            "",
	} {
		assert.Equal(t, want, status.line(0, columns), columns)
	}
	for columns := range 200 {
		assert.LessOrEqual(t, len(status.line(columns, columns)), columns)
	}
}

func TestLiveLineLeavesColumnsForTheCursorAndCtrlC(t *testing.T) {
	t.Parallel()
	status := liveStatus{state: "EXECUTING", percent: 42, elapsed: time.Second}
	const full = "EXECUTING [########............] 42%  1s, polling"
	for width, want := range map[int]string{
		len(full) + 3: full,
		len(full) + 2: "EXECUTING [########............] 42%  1s", // a terminal shows ^C behind it
		3:             "",
		0:             "",
	} {
		var screen strings.Builder
		v := &liveLine{out: &screen, width: func() int { return width }}
		v.draw(&status)
		assert.Equal(t, "\r"+want, strings.TrimRight(screen.String(), " "), width)
	}
}

func TestLiveLineHasASpinnerWithoutAPercentage(t *testing.T) {
	t.Parallel()
	status := liveStatus{state: "EXECUTING", percent: -1, elapsed: 1900 * time.Millisecond, left: ", 1s left"}
	assert.Equal(t, "| EXECUTING  1s, polling, 1s left", status.line(0, 80))
	assert.Equal(t, "/ EXECUTING  1s, polling, 1s left", status.line(5, 80))
	status.left, status.next = "", time.Millisecond
	assert.Equal(t, "- EXECUTING  1s, next poll in 1s", status.line(2, 80), "nothing is announced in 0s")
	status.percent = 0
	assert.Equal(t, "EXECUTING [....................] 0%  1s, next poll in 1s", status.line(2, 80))
	status.percent = 100
	assert.Equal(t, "EXECUTING [####################] 100%  1s, next poll in 1s", status.line(2, 80))
}

func TestLiveLineIsASCIIWhateverTheServiceSends(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"中文 ümlaut 🙂", "\x00\x1b[2J", "\r\n", "\u2028", "\u202e", "\xff", "❤\ufe0f", "\t\b", "a\u0301", "$(x) `y` %s \\",
	} {
		line := (&liveStatus{state: text, name: text, percent: -1}).line(0, 500)
		for _, r := range line {
			assert.True(t, r >= ' ' && r <= '~', "%q", line)
		}
	}
	line := (&liveStatus{state: "::error::x", name: "##[error]x", percent: 5}).line(0, 500)
	assert.Equal(t, `:\x3aerror::x [#...................] 5%  #\x23[error]x  0s, polling`, line, "no command of a runner")
}

func TestLiveLineNeedsATerminal(t *testing.T) {
	t.Parallel()
	stderr := NewAsyncWriter(&strings.Builder{})
	t.Cleanup(stderr.Close)
	assert.Nil(t, newLiveLine(stderr, func(string) string { return "" }))
}

func TestLiveLineStaysBelowTheLogAndIsRemovedAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		w := &wait{Log: newLog(t, &screen, form{})}
		w.live = &liveLine{out: &screen, width: func() int { return 80 }}
		w.Open()
		w.saw(client.Created, time.Minute+time.Second)
		w.saw(client.Executing, 2*(time.Minute+time.Second))
		w.End(&Ending{Report: failure(), ExitCode: 1})
		w.Close()
		shown := screen.String()
		time.Sleep(time.Hour)
		assert.Equal(t, len(shown), screen.Len(), "it is gone for good")

		var logged []string
		draws := strings.Split(shown, "\r")
		for _, draw := range draws {
			if strings.HasSuffix(draw, "\n") {
				logged = append(logged, draw)
			}
		}
		assert.Equal(t, []string{
			"dmswait: [0s] CREATED\n", "dmswait: [1m1s] EXECUTING\n", "dmswait: Task t1 (bindInstancePublicIp) ended with FAILED after 4.7s.\n",
		}, logged, "a live line needs no heartbeat")
		assert.True(t, strings.HasSuffix(shown, logged[2]), "it is not drawn after the end")
		before := slices.Index(draws, logged[1])
		assert.Equal(t, strings.Repeat(" ", len(strings.TrimRight(draws[before-2], " "))+echo), draws[before-1],
			"it is erased before a line of the log")
		assert.Regexp(t, `^[-/|\\] EXECUTING  1m1s, next poll in 2m2s, 58m59s left$`, draws[before+1], "and drawn below it")
		assert.Greater(t, len(draws), 900, "it is drawn five times a second")
		assert.False(t, strings.Contains(shown, "\x1b"), "every terminal can show it")
	})
}

func TestLiveLineIsErasedWhereNothingFollowsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		w := &wait{Log: newLog(t, &screen, form{})}
		w.live = &liveLine{out: &screen, width: func() int { return 80 }}
		w.Open()
		w.saw(client.Executing, time.Second)
		w.End(&Ending{Report: reportOf(new(succeeded()), nil), OnStdout: true})
		assert.Regexp(t, `left *\r +\r$`, screen.String())
	})
}

func TestChangesAreShownAgainAfterAMinuteWithoutAnyBesideALiveLineToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		w := &wait{Log: newLog(t, &log, form{})}
		w.live = &liveLine{out: io.Discard, width: func() int { return 80 }}
		w.Open()
		for n := range 2*maxChanges + 1 {
			w.saw([]client.Status{client.Created, client.Executing}[n%2], time.Second)
		}
		time.Sleep(2 * time.Minute)
		w.saw(client.Executing, time.Second)
		shown := strings.SplitAfter(log.String(), "\n")
		assert.Equal(t, []string{
			"dmswait: [19s] EXECUTING\n", "dmswait: [1m19s] CREATED, 58m41s left; changes not shown: 21\n",
			"dmswait: [2m41s] EXECUTING\n", "",
		}, shown[maxChanges-1:])
	})
}
