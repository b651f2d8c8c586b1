package output

import (
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

const (
	// maxSmall is how much fits where files are small, in bytes: GitLab accepts 5 KB of dotenv, Tekton some 4 KB of
	// results.
	maxSmall = 4000
	// maxStatus is how long a status is there, in bytes. DMS's own are shorter.
	maxStatus = 64
)

// droppable are the outputs that are left empty where not all fit, the first one first.
var droppable = []string{"task", "params"}

// dotenv returns a report as lines of NAME=value, for GitLab and for shells: nothing in a value can run when a shell
// sources the file. The message is left out, since it contains blanks. It also returns the outputs that did not fit and
// are empty.
func dotenv(r result.Report, prefix string) (content string, dropped []string) {
	outputs := smallValues(r)
	dropped = drop(outputs, func() int {
		var b strings.Builder
		for _, output := range outputs {
			if output.name != "message" {
				b.WriteString(prefix + strings.ToUpper(output.name) + "=" + dotenvValue(output) + "\n")
			}
		}
		content = b.String()
		return len(content)
	})
	return content, dropped
}

// smallValues returns all outputs of a report, with a status that is cut to what fits anywhere.
func smallValues(r result.Report) []named {
	outputs := values(r)
	for i, output := range outputs {
		if output.name == "status" {
			outputs[i].value = stringValue(sanitize.Truncate(output.text, maxStatus))
		}
	}
	return outputs
}

// drop empties outputs until they fit, by what size returns, and returns their names.
func drop(outputs []named, size func() int) (dropped []string) {
	for _, name := range droppable {
		if size() <= maxSmall {
			return dropped
		}
		i := slices.IndexFunc(outputs, func(o named) bool { return o.name == name })
		outputs[i].value = stringValue("")
		dropped = append(dropped, name)
	}
	size()
	return dropped
}

// dotenvValue returns a value that contains nothing that a shell would act on.
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
