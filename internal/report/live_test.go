package report

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestALiveLineSaysMoreTheWiderTheWindowIs(t *testing.T) {
	t.Parallel()
	status := LiveStatus{State: "EXECUTING", Name: "bindInstancePublicIp", Progress: 42, Elapsed: 65 * time.Second, Next: 3200 * time.Millisecond, Left: 3535 * time.Second}
	const full = "EXECUTING [########............] 42%  bindInstancePublicIp  1m5s, next look in 4s, 58m55s left"
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

func TestALiveLineTurnsASpinnerWhenThereIsNoPercentage(t *testing.T) {
	t.Parallel()
	status := LiveStatus{State: "EXECUTING", Progress: -1, Elapsed: 1900 * time.Millisecond, Left: 300 * time.Millisecond}
	assert.Equal(t, "| EXECUTING  1s, looking, 1s left", status.line(0, 80))
	assert.Equal(t, "/ EXECUTING  1s, looking, 1s left", status.line(5, 80))
	status.Left, status.Next = 0, time.Millisecond
	assert.Equal(t, "- EXECUTING  1s, next look in 1s", status.line(2, 80), "nothing comes in 0s")
	status.Progress = 0
	assert.Equal(t, "EXECUTING [....................] 0%  1s, next look in 1s", status.line(2, 80))
	status.Progress = 100
	assert.Equal(t, "EXECUTING [####################] 100%  1s, next look in 1s", status.line(2, 80))
}

func TestALiveLineIsASCIIWhateverTheServiceSays(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		line := LiveStatus{State: text, Name: text, Progress: -1}.line(0, 500)
		for _, r := range line {
			assert.True(t, r >= ' ' && r <= '~', "%q", line)
		}
	}
	line := LiveStatus{State: "::error::x", Name: "##[error]x", Progress: 5}.line(0, 500)
	assert.Equal(t, `:\x3aerror::x [#...................] 5%  #\x23[error]x  0s, looking`, line, "nor is it a command to a runner")
}

func TestThereIsNoLiveLineWhereNoneCanBe(t *testing.T) {
	t.Parallel()
	assert.Nil(t, NewLive(Detach(&strings.Builder{}), func(string) string { return "" }), "which is no terminal")
}

func TestALiveLineGoesOnWhileTheLogSpeaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		l := &teller{Log: &Log{Out: &screen, Start: time.Now(), Timeout: time.Hour}}
		l.Live = &Live{out: &screen, width: func() int { return 80 }}
		l.Open()
		for range 3 {
			l.saw(client.Executing, time.Minute+time.Second)
		}
		l.End(Ending{Report: failedTask(), Code: 1})
		l.Close()
		after := screen.Len()
		time.Sleep(time.Hour)
		assert.Equal(t, after, screen.Len(), "it is gone for good")
		assert.NotContains(t, screen.String(), " left\n", "a live line needs no heartbeat")
		assert.NotContains(t, screen.String(), "\x1b", "every terminal can show it")
		assert.Contains(t, screen.String(), "\r| EXECUTING  ")
		assert.Greater(t, strings.Count(screen.String(), "\r"), 900, "it is drawn five times a second")
	})
}
