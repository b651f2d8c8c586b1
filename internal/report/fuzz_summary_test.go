package report

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// special are the characters that Markdown, HTML or GitHub may act on, as a class.
const special = "|`<>*_\\[\\]\\\\@#&$:!~\"'{}"

var (
	reference   = regexp.MustCompile(`&#[0-9]+;`)
	summaryRow  = regexp.MustCompile("^\\| ([^" + special + "]* \\| [^" + special + "]*) \\|$")
	chartLine   = regexp.MustCompile(`^(gantt|  dateFormat YYYY-MM-DD HH:mm:ss.SSS|  axisFormat [-%HMSdayj hms]+|  todayMarker off|  section (task|API|end)|  (waiting|created|executing|not there yet|no good answer|many changes|timeout)( [0-9hms.]+)? :(active|done|crit|milestone), TIME, TIME)$`)
	chartTime   = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}`)
	ownDivision = "| --- | --- |"
)

// FuzzSummary holds a summary to the table and the chart that it is meant to be. The bytes of went are what came, an answer each: its kind, then the seconds since the last.
func FuzzSummary(f *testing.F) {
	f.Add("restart", "EXECUTING", `{"a":1}`, "pre_check", "WAITING", []byte{0, 10, 1, 20, 2, 0, 3, 60, 4, 1})
	f.Add("a|b\n| --- | --- |", "```\nx", "<script>&lt;", "\\|", "![x](y) www.x.y", []byte("\x05\xff\x04\xff"))
	f.Add("@", "x@", "token@", strings.Repeat("x", 60)+"@", "@@", []byte{})
	f.Add("@a", "x@b", "@c@d", "@e@f", "##vso[@g", []byte{})
	f.Add("", "", strings.Repeat("|", 40_000), "", "", []byte{})
	f.Add("", "", strings.Repeat("é", 1500), "", "", bytes.Repeat([]byte{1, 1, 2, 1}, 30))
	f.Add("\u034f\u2028\r\n", "| a |", "\xff", "::error::x", "##[x]", bytes.Repeat([]byte{1, 255}, 600))
	f.Fuzz(func(t *testing.T, name, status, params, step, state string, went []byte) {
		timeline, at := &Timeline{Start: now}, time.Duration(0)
		for i := 0; i+1 < len(went); i += 2 {
			at += time.Duration(went[i+1]) * time.Second
			p := poll.Poll{N: i/2 + 1, At: at, Task: client.Task{Status: client.Status(status)}}
			switch went[i] % 6 {
			case 0:
				p.Task.Status = client.Executing
			case 1:
				p.Task.Status = client.Created
			case 2:
				p.Err = absent()
			case 3:
				p.Err = answered(503, name, params)
			}
			timeline.Poll(p)
		}
		task := documented()
		task.Name, task.Params, task.Status = planted(name), planted(params), client.Status(planted(status))
		r := Report{Result: Timeout, Err: poll.ErrTimeout, TaskID: task.ID, Task: task, Progress: "40", Waited: at, Polls: len(went), At: now, Hider: NewHider([]string{ownSecret})}
		summary := r.Summary(timeline, []client.Step{{Name: planted(step), State: planted(state)}})
		requireNoSpelling(t, html.UnescapeString(summary))
		require.NotRegexp(t, agentCommand, summary)
		require.Less(t, len(summary), 128<<10, "the runner takes no more")

		text, chart, _ := strings.Cut(summary, "```mermaid\n")
		parts := strings.Split(strings.TrimRight(text, "\n"), "\n\n")
		require.Len(t, parts, 4)
		require.Equal(t, "### :hourglass: dmswait: timeout", parts[0])
		require.NotContains(t, parts[1], "\n")
		steps := strings.Split(parts[3], "\n")
		require.Equal(t, []string{"| step | state |", ownDivision}, steps[:2])
		require.Len(t, steps, 3)
		requireCells(t, append(strings.Split(parts[2], "\n"), steps...), map[string]string{"task": shorten(r.Hider.Hide(task.Name)), "status": shorten(r.Hider.Hide(string(task.Status)))})
		requireChart(t, chart, at >= chartFrom && len(went) > 1 && len(timeline.spans) > 0)
	})
}

// requireCells holds the rows of tables to two cells each, and those of texts to show them as the log does.
func requireCells(t *testing.T, rows []string, texts map[string]string) {
	t.Helper()
	for _, row := range rows {
		if row == ownDivision {
			continue
		}
		require.Regexp(t, summaryRow, reference.ReplaceAllString(row, "x"))
		label, cell, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(row, "| "), " |"), " | ")
		if text, ok := texts[label]; ok {
			require.Equal(t, visible(text), html.UnescapeString(cell))
			delete(texts, label)
		}
	}
	for label, text := range texts {
		require.Empty(t, text, label)
	}
}

func requireChart(t *testing.T, chart string, expected bool) {
	t.Helper()
	require.Equal(t, expected, chart != "")
	if !expected {
		return
	}
	lines := strings.Split(chart, "\n")
	require.Equal(t, []string{"```", ""}, lines[len(lines)-2:])
	for _, line := range lines[:len(lines)-2] {
		require.Regexp(t, chartLine, chartTime.ReplaceAllString(line, "TIME"))
		if times := chartTime.FindAllString(line, -1); len(times) == 2 {
			require.LessOrEqual(t, times[0], times[1], "a bar that ends before it begins")
		}
	}
	require.LessOrEqual(t, len(lines), mostSpans+12)
}
