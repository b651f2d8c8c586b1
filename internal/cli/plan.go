package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// plan returns what a dry run shows: what would be requested from whom, with which credentials, and when.
func plan(cfg *config.Config, secrets *sanitize.Secrets) string {
	task := cfg.TaskID
	if task == "" {
		task = fmt.Sprintf("the newest named %q created since %s", cfg.TaskName, since(cfg.Since))
	}
	project := cfg.ProjectID
	if project == "" {
		project = cfg.ProjectName + ", its id looked up at " + strings.Join(cfg.IAMEndpoints(), " or ")
	}
	const shown = 8
	at, count := poll.Plan(cfg.Interval, cfg.MaxInterval, cfg.Timeout, shown)
	rows := [][2]string{
		{"endpoint", cfg.Endpoint},
		{"task", task},
		{"instance", cfg.InstanceID},
		{"project", project},
		{"credentials", identity(cfg)},
		{"polls at", pollTimes(at, count)},
		{"polls", pollCount(cfg.Timeout, count)},
	}
	if cfg.Timeout > 0 {
		rows = append(rows, [2]string{"tolerates", fmt.Sprintf("a missing task for %s, an API without a valid response for %s",
			result.Human(cfg.NotFoundGrace), result.Human(cfg.MaxOutage))})
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-11s  %s\n", row[0], sanitize.Line(secrets.Redact(row[1])))
	}
	b.WriteString("Nothing was sent.\n")
	return b.String()
}

func pollTimes(at []time.Duration, count int) string {
	var times []string
	for _, t := range at {
		times = append(times, result.Human(t))
	}
	text := strings.Join(times, ", ")
	if count > len(at) {
		text += ", …"
	}
	return text + " after the start"
}

func pollCount(timeout time.Duration, count int) string {
	if timeout == 0 {
		return "1, since timeout is 0"
	}
	text := strconv.Itoa(count)
	if count == poll.MaxPlanned {
		text = "more than " + text
	}
	return fmt.Sprintf("%s until the timeout of %s, unless the task ends before; pauses vary by up to 10 %%",
		text, result.Human(timeout))
}

func since(s config.Since) string {
	if s.At.IsZero() {
		return result.Human(s.Ago) + " before the start"
	}
	return s.At.UTC().Format(time.RFC3339)
}
