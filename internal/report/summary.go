package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// chartFrom is how long a wait must be for its timeline to be worth a chart.
const chartFrom = time.Minute

// mostParams is how many bytes of params a summary shows.
const mostParams = 2000

// Summary is the report as Markdown, for the job summary of GitHub Actions.
func (r Report) Summary(t *Timeline, steps []client.Step) string {
	var b strings.Builder
	b.WriteString("### " + icon(r.Result) + " dmswait: " + strings.ReplaceAll(r.Result.Name, "_", " ") + "\n\n" + markdown(r.Message()) + "\n\n")
	b.WriteString("| result | " + strings.ReplaceAll(r.Result.Name, "_", " ") + " |\n| --- | --- |\n")
	params, _ := redact(r.Task.Params, r.Hider)
	for _, row := range [][2]string{
		{"task", shorten(r.Hider.Hide(r.Task.Name))},
		{"id", r.Hider.Hide(r.TaskID)},
		{"status", shorten(r.Hider.Hide(string(r.Task.Status)))},
		{"task took", withUnit(r.duration(), " s")},
		{"progress", withUnit(r.Progress, " %")},
		{"waited", seconds(r.Waited) + " s, " + plural(r.Polls, "poll")},
		{"exit code", strconv.Itoa(r.Result.Code)},
		{"params", cut(params, mostParams)},
	} {
		if row[1] != "" {
			b.WriteString("| " + row[0] + " | " + markdown(row[1]) + " |\n")
		}
	}
	if len(steps) > 0 {
		b.WriteString("\n| step | state |\n| --- | --- |\n")
		for _, step := range steps {
			b.WriteString("| " + markdown(shorten(r.Hider.Hide(step.Name))) + " | " + markdown(shorten(r.Hider.Hide(step.State))) + " |\n")
		}
	}
	if r.Waited >= chartFrom && t != nil {
		b.WriteString("\n" + t.gantt(r.Result, r.Waited))
	}
	return b.String()
}

func icon(result Result) string {
	switch result {
	case Success:
		return ":white_check_mark:"
	case Timeout, Running:
		return ":hourglass:"
	}
	return ":x:"
}

func withUnit(value, unit string) string {
	if value == "" {
		return ""
	}
	return value + unit
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// markdown makes text of the service stand in a cell as it is: all that Markdown, HTML or GitHub would act on is written as a character reference.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range visible(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r > '~', strings.ContainsRune(" .,;-/()+=?", r):
			b.WriteRune(r)
		default:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;") // which would become a link
}
