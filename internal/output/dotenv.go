package output

import (
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

const (
	// maxSmall is the size limit, in bytes, of destinations that take little: GitLab accepts 5 KB of dotenv,
	// Tekton about 4 KB of results.
	maxSmall = 4000
	// maxStatus is how much of a status is written there, in characters. DMS's own are shorter.
	maxStatus = 64
)

// droppable are the outputs that are left empty where not all fit, the first one first.
var droppable = []string{"task", "params"}

// dotenv returns a report as lines of NAME=value, for GitLab and for shells: when a shell sources the lines,
// nothing in a value runs. The message is omitted because it contains blanks. dotenv also returns the names of
// the outputs that did not fit and are empty.
func dotenv(r result.Report, prefix string) (content string, emptied []string) {
	outputs := shortValues(r)
	emptied = fit(outputs, func() int { return len(dotenvLines(outputs, prefix)) })
	return dotenvLines(outputs, prefix), emptied
}

func dotenvLines(outputs []named, prefix string) string {
	var b strings.Builder
	for _, output := range outputs {
		if output.name != "message" {
			b.WriteString(prefix + strings.ToUpper(output.name) + "=" + dotenvValue(output) + "\n")
		}
	}
	return b.String()
}

// dotenvValue returns a value as text that contains nothing a shell would act on.
func dotenvValue(output named) string {
	switch {
	case output.text == "":
		return ""
	case output.name == "status":
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
				return r
			}
			return '_'
		}, output.text)
	case output.name == "params" || output.name == "task":
		return sanitize.ShellJSON(output.json)
	}
	return output.text // a number, an id, or one of our own words
}

// shortValues returns all outputs of a report, with the status truncated: it is never left empty, so it has to
// fit.
func shortValues(r result.Report) []named {
	outputs := values(r)
	for i, output := range outputs {
		if output.name == "status" {
			outputs[i].value = stringValue(sanitize.Truncate(output.text, maxStatus))
		}
	}
	return outputs
}

// fit empties outputs, in the order of droppable, until size returns at most maxSmall. It returns their names.
func fit(outputs []named, size func() int) (emptied []string) {
	for _, name := range droppable {
		if size() <= maxSmall {
			break
		}
		i := slices.IndexFunc(outputs, func(o named) bool { return o.name == name })
		outputs[i].value = stringValue("")
		emptied = append(emptied, name)
	}
	return emptied
}
