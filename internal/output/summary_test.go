package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sethvargo/go-githubactions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

func TestSummaryOfEveryReport(t *testing.T) {
	t.Parallel()
	long := reportOf(new(documentedTask()), nil)
	long.Waited, long.Polls = 2*time.Minute, 10
	long.Progress = &client.Progress{Percent: 100, Steps: []client.Step{
		{Name: "pre_check", State: "COMPLETED"}, {Name: "expand", State: "IN_PROGRESS"},
	}}
	onePoll := reportOf(new(runningTask(time.Minute)), poll.ErrRunning)
	onePoll.Polls = 1
	usage := usageReport(
		config.Fault{Input: "task_id", Text: "task_id is required"},
		config.Fault{Input: "timeout", Text: `timeout "x" is not a duration`},
	)
	for name, r := range map[string]result.Report{
		"success":  reportOf(new(documentedTask()), nil),
		"long":     long,
		"redacted": reportWithParams(`{"adminPassword":"hunter2","size":300}`),
		"running":  onePoll,
		"usage":    usage,
	} {
		text := summary(&r, eventfulTimeline())
		golden(t, "summary/"+name, text)
		assert.NotContains(t, text, "hunter2")
	}
}

func TestSummaryHasAChartFromOneMinuteOn(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	r.Waited = time.Minute - time.Nanosecond
	assert.NotContains(t, summary(&r, eventfulTimeline()), "mermaid")
	r.Waited = time.Minute
	assert.Contains(t, summary(&r, eventfulTimeline()), "```mermaid\ngantt\n")
	r.Result = result.NotFound
	assert.Contains(t, summary(&r, eventfulTimeline()), "  section end\n  not found :milestone, ")
	assert.NotContains(t, summary(&r, &Timeline{}), "mermaid", "nothing was recorded")
}

// hostileMarkdown is what Markdown, HTML or GitHub would act on in a table.
var hostileMarkdown = []string{
	"a|b", "`code`", "```\nfence", "<script>alert(1)</script>", "<img src=x onerror=y>", "two\nlines",
	"::error::forged", "##[error]forged", "[x](https://example.com)", "![x](y)", "*b* _i_ ~s~", "@everyone", "#1",
	"https://example.com", "www.example.com", "&lt;", "\\|", "<!-- -->", "$$x$$", "| a | b |\n| --- | --- |",
}

func TestNoTextBreaksOutOfTheSummarysTables(t *testing.T) {
	t.Parallel()
	for i, text := range append(hostileMarkdown, hostileTexts...) {
		task := documentedTask()
		task.Name, task.Params, task.Status = text, text, client.Status(text)
		r := reportOf(&task, poll.ErrTimeout)
		r.Waited = time.Minute
		r.Progress = &client.Progress{Steps: []client.Step{{Name: text, State: text}}}
		page := summary(&r, timelineOf(0, client.Status(text)))
		if i == 0 {
			golden(t, "summary/hostile", page)
		}
		tables, _, _ := strings.Cut(page, "```mermaid")
		for line := range strings.SplitSeq(tables, "\n") {
			if strings.HasPrefix(line, "|") {
				assert.Equal(t, 3, strings.Count(line, "|"), "%q", line)
				line = strings.ReplaceAll(line, "|", "")
			}
			line = strings.TrimPrefix(line, "### :hourglass: dmswait: ")
			line = characterReference.ReplaceAllString(line, "")
			assert.NotRegexp(t, "[`<>&*_~\\[\\]\\\\@#$!|:]|www\\.", line, "%q", text)
			assert.False(t, strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }), "%q", line)
		}
	}
}

func TestSummaryOfATaskThatIsHostileAllOver(t *testing.T) {
	t.Parallel()
	all := strings.Join(append(hostileMarkdown, hostileTexts...), " ")
	task := documentedTask()
	task.Name, task.Status = all, client.Status(all)
	task.Params = `{"x":"a|b` + "`c`" + `<script>\n::error::"}`
	r := reportOf(&task, poll.ErrTimeout)
	r.Progress = &client.Progress{Percent: 7, Steps: []client.Step{{Name: "a|b\n::x", State: "<b>`"}}}
	golden(t, "summary/hostile_all", summary(&r, &Timeline{}))
}

func TestSummaryStaysShortWhateverTheTask(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("|", 1<<20)
	task := documentedTask()
	task.Name, task.Params, task.Status = long, long, client.Status(long)
	r := reportOf(&task, poll.ErrTimeout)
	r.Progress = &client.Progress{}
	for range 50 {
		r.Progress.Steps = append(r.Progress.Steps, client.Step{Name: long, State: long})
	}
	assert.Less(t, len(summary(&r, &Timeline{})), 60_000, "GitHub accepts 1 MiB")
}

func TestSummaryRedactsBeforeItTruncates(t *testing.T) {
	t.Parallel()
	secret := "s3cretToken" + strings.Repeat("x", 4000)
	task := documentedTask()
	task.Name, task.Params, task.Status = secret, secret, client.Status(secret)
	r := reportOf(&task, poll.ErrTimeout)
	r.Secrets = sanitize.NewSecrets(secret)
	r.Progress = &client.Progress{Steps: []client.Step{{Name: secret, State: secret}}}
	assert.NotContains(t, summary(&r, &Timeline{}), "s3cret", "a secret that is cut in two cannot be recognized")
}

func TestSummaryIsAppended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "summary")
	require.NoError(t, os.WriteFile(path, []byte("# before\n"), 0o600))
	r := reportOf(new(documentedTask()), nil)
	r.Waited = 2 * time.Minute
	require.NoError(t, JobSummary{path, eventfulTimeline()}.Write(&r))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "# before\n"+summary(&r, eventfulTimeline())+githubactions.EOF, string(content))
}

func TestSummaryThatCannotBeWrittenIsAnErrorOfWriteOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	paths := []string{folder, filepath.Join(os.Args[0], "summary"), filepath.Join(folder, "no", "summary")}
	if _, err := os.Stat("/dev/full"); err == nil {
		paths = append(paths, "/dev/full")
	}
	for _, path := range paths {
		destination := JobSummary{path, &Timeline{}}
		assert.NoError(t, destination.Check(), "no reason not to wait")
		assert.NotPanics(t, func() {
			err := destination.Write(new(reportOf(new(documentedTask()), nil)))
			assert.ErrorContains(t, err, path)
			assert.NotContains(t, err.Error(), "command", "words of the library")
		})
	}
	assert.Empty(t, readFolder(t, folder))
}
