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
	"github.com/dmswait/dmswait/internal/target"
)

// plan returns what a dry run shows: what would be requested from whom, with which credentials, and when.
func plan(cfg *config.Config, secrets *sanitize.Secrets) string {
	project := cfg.ProjectID
	if project == "" {
		project = cfg.ProjectName + ", its id looked up at " + strings.Join(cfg.IAMEndpoints(), " or ")
	}
	rows := [][2]string{{"endpoint", cfg.Endpoint}}
	rows = append(rows, targetRows(cfg)...)
	rows = append(rows, [][2]string{{"project", project}, {"credentials", identity(cfg)}}...)
	var b strings.Builder
	for _, row := range append(rows, pollRows(cfg)...) {
		fmt.Fprintf(&b, "%-11s  %s\n", row[0], sanitize.Line(secrets.Redact(row[1])))
	}
	b.WriteString("Nothing was sent.\n")
	return b.String()
}

// targetRows returns the rows of a plan about what is waited for.
func targetRows(cfg *config.Config) (rows [][2]string) {
	const maxShown = 20
	for _, t := range cfg.Targets[:min(len(cfg.Targets), maxShown)] {
		switch {
		case t.Until != "":
			rows = append(rows, [2]string{"instance", fmt.Sprintf("%s, until it is %s", t.InstanceID, until(cfg, t.Until))})
			continue
		case t.TaskName != "":
			rows = append(rows, [2]string{"task", fmt.Sprintf("the newest named %q created since %s", t.TaskName, since(cfg.Since))})
		default:
			rows = append(rows, [2]string{"task", t.TaskID})
		}
		rows = append(rows, [2]string{"instance", t.InstanceID})
	}
	if more := len(cfg.Targets) - maxShown; more > 0 {
		rows = append(rows, [2]string{"", fmt.Sprintf("and %d more", more)})
	}
	return rows
}

// until says what an instance is to become, and for how long.
func until(cfg *config.Config, until target.Until) string {
	if until == target.Deleted || cfg.Timeout == 0 || cfg.Settle == 0 {
		return string(until)
	}
	return string(until) + " for " + result.Human(cfg.Settle)
}

// pollRows returns the rows of a plan about polling.
func pollRows(cfg *config.Config) [][2]string {
	if cfg.Timeout == 0 {
		return [][2]string{{"polls", fmt.Sprintf(
			"until the first valid response, because timeout is 0; without one, for %s", result.Human(cfg.MaxOutage))}}
	}
	const maxShown = 8
	at, count := poll.Plan(cfg.Interval, cfg.MaxInterval, cfg.Timeout, maxShown)
	var times []string
	for _, t := range at {
		times = append(times, result.Human(t))
	}
	if count > len(at) {
		times = append(times, "…")
	}
	polls := strconv.Itoa(count)
	if count == poll.MaxPlanned {
		polls = "more than " + polls
	}
	return [][2]string{
		{"polls at", strings.Join(times, ", ") + " after the start"},
		{"polls", fmt.Sprintf("%s until the timeout of %s, unless the task ends earlier; pauses vary by up to %.0f %%",
			polls, result.Human(cfg.Timeout), 100*poll.Jitter)},
		{"tolerates", fmt.Sprintf("a missing task for %s, an API without a valid response for %s",
			result.Human(cfg.NotFoundGrace), result.Human(cfg.MaxOutage))},
	}
}

// since returns from when on a task must have been created.
func since(s config.Since) string {
	if s.At.IsZero() {
		return result.Human(s.Ago) + " before the start"
	}
	return s.At.UTC().Format(time.RFC3339)
}
