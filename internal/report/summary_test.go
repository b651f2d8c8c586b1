package report

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// past is a timeline of answers, each at its second.
func past(answers ...any) *Timeline {
	timeline := &Timeline{Start: now}
	for i := 0; i < len(answers); i += 2 {
		p := poll.Poll{N: i + 1, At: time.Duration(answers[i].(int)) * time.Second}
		switch answer := answers[i+1].(type) {
		case client.Status:
			p.Task.Status = answer
		case error:
			p.Err = answer
		}
		timeline.Poll(p)
	}
	return timeline
}

// eventful is a timeline with everything in it.
func eventful() *Timeline {
	busy, refused := answered(503, "DMS.00500001", "busy"), unanswered(errors.New("connection refused"))
	return past(0, busy, 10, absent(), 20, client.Created, 25, client.Created, 30, client.Executing, 60, busy, 80, refused, 90, client.Status("<PAUSED>"), 100, client.Executing, 120, client.Success)
}

func TestTheJobSummary(t *testing.T) {
	t.Parallel()
	steps := []client.Step{{Name: "pre_check", State: "COMPLETED"}, {Name: "expand", State: "IN_PROGRESS"}}
	long := ofTask(documented(), nil)
	long.Waited, long.Polls, long.Progress = 2*time.Minute, 10, "100"
	redacted := withParams(`{"adminPassword":"hunter2","size":300}`)
	one := ofTask(running(time.Minute), poll.ErrRunning)
	one.Polls = 1
	for name, summary := range map[string]string{
		"success":  ofTask(documented(), nil).Summary(eventful(), nil),
		"long":     long.Summary(eventful(), steps),
		"redacted": redacted.Summary(nil, nil),
		"running":  one.Summary(nil, nil),
		"usage":    Report{Result: Usage, Err: Faults{"task_id: is missing", "timeout: \"x\" is no duration"}}.Summary(&Timeline{Start: now}, nil),
	} {
		golden(t, "summary/"+name, summary)
		assert.NotContains(t, summary, "hunter2")
	}
}

func TestTheChartIsForWaitsOfAMinuteAndMore(t *testing.T) {
	t.Parallel()
	r := ofTask(documented(), nil)
	r.Waited = time.Minute - time.Nanosecond
	assert.NotContains(t, r.Summary(eventful(), nil), "mermaid")
	r.Waited = time.Minute
	assert.Contains(t, r.Summary(eventful(), nil), "```mermaid\ngantt\n")
	r.Result = NotFound
	assert.Contains(t, r.Summary(eventful(), nil), "  section end\n  not found :milestone, ")
	assert.NotContains(t, r.Summary(&Timeline{Start: now}, nil), "mermaid", "without any answer there is nothing to draw")
}

func TestNothingOfTheServiceIsInTheChart(t *testing.T) {
	t.Parallel()
	for _, text := range append([]string{"```", "<script>", "EVIL"}, hostileTexts...) {
		timeline := past(0, client.Status(text), 30, answered(503, text, text), 50, unanswered(errors.New(text)), 60, client.Status("X"+text))
		lines := strings.Split(strings.TrimSuffix(timeline.gantt(Timeout, 90*time.Second), "\n"), "\n")
		time := `2000-01-01 [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}`
		own := regexp.MustCompile("^(```mermaid|gantt|  dateFormat YYYY-MM-DD HH:mm:ss.SSS|  axisFormat %-Mm%Ss|  todayMarker off|  section (task|API|end)|" +
			"  (waiting|created|executing|not there yet|no good answer|timeout)( [0-9hms.]+)? :(active|done|crit|milestone), " + time + ", " + time + "|```)$")
		for _, line := range lines {
			assert.Regexp(t, own, line)
		}
	}
}

func TestSpansFollowEachOtherToTheEnd(t *testing.T) {
	t.Parallel()
	chart := eventful().gantt(Success, 121*time.Second)
	bars := map[string]string{} // from → to
	for _, found := range regexp.MustCompile(`(\d\d:\d\d:\d\d\.\d{3}), 2000-01-01 (\d\d:\d\d:\d\d\.\d{3})`).FindAllStringSubmatch(chart, -1) {
		if found[1] != found[2] { // the end itself
			bars[found[1]] = found[2]
		}
	}
	at := "00:00:00.000"
	for range len(bars) {
		at = bars[at]
	}
	assert.Equal(t, "00:02:01.000", at, chart)
}

func TestADayOfChangesIsABoundedChart(t *testing.T) {
	t.Parallel()
	timeline := &Timeline{Start: now}
	day := 24 * time.Hour
	for at := time.Duration(0); at < day; at += 20 * time.Second {
		p := poll.Poll{N: 1, At: at, Task: client.Task{Status: client.Executing}}
		if at/(20*time.Second)%2 == 0 {
			p.Err = answered(503, "", "")
		}
		timeline.Poll(p)
	}
	chart := timeline.gantt(Timeout, day)
	assert.LessOrEqual(t, strings.Count(chart, "\n"), 2*mostSpans+10)
	assert.Contains(t, chart, "end")
	assert.Contains(t, chart, "  many changes 23h53m40s :done, 2000-01-01 00:06:20.000, 2000-01-02 00:00:00.000\n", "the rest is left out, and that is said")
	r := ofTask(documented(), nil)
	r.Waited = day
	assert.Less(t, len(r.Summary(timeline, nil)), 20_000)
}

func TestNothingBreaksOutOfTheTable(t *testing.T) {
	t.Parallel()
	texts := append([]string{
		"a|b", "`code`", "```\nfence", "<script>alert(1)</script>", "<img src=x onerror=y>", "two\nlines", "::error::forged", "##[error]forged", "[x](https://example.com)", "![x](y)",
		"*b* _i_ ~s~", "@everyone", "#1", "https://example.com", "www.example.com", "&lt;", "\\|", "<!-- -->", "$$x$$", "| a | b |\n| --- | --- |",
	}, hostileTexts...)
	for i, text := range texts {
		task := documented()
		task.Name, task.Params, task.Status = text, text, client.Status(text)
		r := ofTask(task, poll.ErrTimeout)
		r.Waited = time.Minute
		summary := r.Summary(past(0, client.Status(text)), []client.Step{{Name: text, State: text}})
		if i == 0 {
			golden(t, "summary/hostile", summary)
		}
		table, _, _ := strings.Cut(summary, "```mermaid")
		for line := range strings.SplitSeq(table, "\n") {
			if strings.HasPrefix(line, "|") {
				assert.Equal(t, 3, strings.Count(line, "|"), "%q", line)
				line = strings.Trim(line, "|- ")
			}
			rest := regexp.MustCompile(`&#[0-9]+;`).ReplaceAllString(strings.TrimPrefix(line, "### :hourglass: dmswait: "), "")
			assert.NotRegexp(t, "[`<>&*_~\\[\\]\\\\@#$!]|:|www\\.", rest, "%q", text)
			for _, r := range rest {
				assert.GreaterOrEqual(t, r, ' ')
			}
		}
	}
	golden(t, "summary/hostile_all", func() string {
		task := documented()
		all := strings.Join(texts, " ")
		task.Name, task.Params, task.Status = all, `{"x":"a|b`+"`c`"+`<script>\n::error::"}`, client.Status(all)
		return ofTask(task, poll.ErrTimeout).Summary(nil, []client.Step{{Name: "a|b\n::x", State: "<b>`"}})
	}())
}

func TestASummaryOfAbsurdSizesStaysShort(t *testing.T) {
	t.Parallel()
	task := documented()
	task.Name, task.Params, task.Status = strings.Repeat("|", 1<<20), strings.Repeat("|", 1<<20), client.Status(strings.Repeat("|", 1<<20))
	var steps []client.Step
	for range 50 {
		steps = append(steps, client.Step{Name: task.Name, State: task.Name})
	}
	r := ofTask(task, poll.ErrTimeout)
	assert.Less(t, len(r.Summary(nil, steps)), 60_000, "GitHub takes 1 MiB")

	secret := "s3cretToken" + strings.Repeat("x", 100)
	r.Task.Name, r.Task.Params, r.Task.Status = secret, secret, client.Status(secret)
	r.Hider = NewHider([]string{secret})
	summary := r.Summary(nil, []client.Step{{Name: secret, State: secret}})
	assert.NotContains(t, summary, "s3cret", "secrets go before anything is cut")
}

func TestASummaryIsAppended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "summary")
	require.NoError(t, os.WriteFile(path, []byte("# before\n"), 0o600))
	actions := func(path string) *Actions {
		return NewActions(&strings.Builder{}, func(name string) string { return map[string]string{"GITHUB_STEP_SUMMARY": path}[name] })
	}
	require.NoError(t, actions(path).AddSummary("# after\n"))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Regexp(t, `^# before\n# after\n+$`, string(content))
	for _, bad := range []string{"/dev/full", t.TempDir(), filepath.Join(path, "below")} {
		assert.NotPanics(t, func() { assert.Error(t, actions(bad).AddSummary("x")) })
	}
}
