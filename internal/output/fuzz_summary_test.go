package output

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
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// special is a class of the characters that Markdown, HTML or GitHub may act on.
const special = "|`<>*_\\[\\]\\\\@#&$:!~\"'{}"

const divider = "| --- | --- |"

var (
	characterReference = regexp.MustCompile(`&#[0-9]+;`)
	summaryRow         = regexp.MustCompile("^\\| ([^" + special + "]* \\| [^" + special + "]*) \\|$")
)

// FuzzSummary checks that a summary consists of the tables and the chart that it is meant to have, whatever the
// service sends. In responses two bytes stand for a response: its kind, and the seconds since the last one.
func FuzzSummary(f *testing.F) {
	f.Add("restart", "EXECUTING", `{"a":1}`, "pre_check", "WAITING", []byte{0, 10, 1, 20, 2, 0, 3, 60, 4, 1})
	f.Add("a|b\n| --- | --- |", "```\nx", "<script>&lt;", "\\|", "![x](y) www.x.y", []byte("\x05\xff\x04\xff"))
	f.Add("@", "x@", "token@", strings.Repeat("x", 60)+"@", "@@", []byte{})
	f.Add("@a", "x@b", "@c@d", "@e@f", "##vso[@g", []byte{})
	f.Add("", "", strings.Repeat("|", 40_000), "", "", []byte{})
	f.Add("", "", strings.Repeat("é", 1500), "", "", bytes.Repeat([]byte{1, 1, 2, 1}, 30))
	f.Add("\u034f\u2028\r\n", "| a |", "\xff", "::error::x", "##[x]", bytes.Repeat([]byte{1, 255}, 600))
	f.Fuzz(func(t *testing.T, name, status, params, step, state string, responses []byte) {
		timeline, at := &Timeline{}, time.Duration(0)
		for i := 0; i+1 < len(responses); i += 2 {
			at += time.Duration(responses[i+1]) * time.Second
			var response any = client.Status(status)
			switch responses[i] % 6 {
			case 0:
				response = client.Executing
			case 1:
				response = client.Created
			case 2:
				response = noTaskError()
			case 3:
				response = serviceError(503, name, params)
			}
			timeline.Poll(new(outcome(at, response)))
		}
		task := documentedTask()
		task.Name, task.Params, task.Status = plant(name), plant(params), client.Status(plant(status))
		r := result.Report{
			Result: result.Timeout, Err: poll.ErrTimeout, Target: target.Target{TaskID: task.ID}, State: target.OfTask(&task),
			Waited: at, Polls: len(responses), At: now, Secrets: sanitize.NewSecrets(ownSecret),
			Progress: &client.Progress{Percent: 40, Steps: []client.Step{{Name: plant(step), State: plant(state)}}},
		}
		page := summary(&r, timeline)
		requireNoOwnSecret(t, html.UnescapeString(page))
		require.NotRegexp(t, agentCommand, page)
		require.Less(t, len(page), 128<<10, "GitHub accepts 1 MiB")
		text, _, hasChart := strings.Cut(page, "```mermaid\n")
		requirePage(t, text, &r)
		require.Equal(t, at >= minChart && len(timeline.targets) > 0, hasChart)
		if hasChart {
			requireChart(t, page[len(text):])
		}
	})
}

// requirePage requires a heading, the message, a table of facts and one of a single step.
func requirePage(t *testing.T, page string, r *result.Report) {
	t.Helper()
	parts := strings.Split(strings.TrimRight(page, "\n"), "\n\n")
	require.Len(t, parts, 4)
	require.Equal(t, "### :hourglass: dmswait: timeout", parts[0])
	require.NotContains(t, parts[1], "\n")
	steps := requireTable(t, parts[3])
	step := r.Progress.Steps[0]
	require.Equal(t, [][2]string{{"step", "state"}, {shownCell(r, step.Name), shownCell(r, step.State)}}, steps)
	facts := map[string]string{}
	for _, row := range requireTable(t, parts[2]) {
		facts[row[0]] = row[1]
	}
	require.Equal(t, shownCell(r, r.State.Task.Name), facts["task"])
	require.Equal(t, shownCell(r, string(r.State.Status)), facts["status"])
}

// shownCell returns a text as a table shows it: like the log, and cut to the length of a cell.
func shownCell(r *result.Report, text string) string {
	return sanitize.Line(sanitize.Truncate(r.Secrets.Redact(text), maxCell))
}

// requireTable requires that each row has two cells without any markup, and returns what they show.
func requireTable(t *testing.T, table string) (rows [][2]string) {
	t.Helper()
	lines := strings.Split(table, "\n")
	require.Equal(t, divider, lines[1])
	for i, line := range lines {
		if i == 1 {
			continue
		}
		require.Regexp(t, summaryRow, characterReference.ReplaceAllString(line, "x"))
		label, cell, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
		rows = append(rows, [2]string{html.UnescapeString(label), html.UnescapeString(cell)})
	}
	return rows
}
