package output

import (
	"slices"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// maxSmall is the size limit, in bytes, of small destinations: GitLab accepts 5 KB of dotenv, Tekton
// about 4 KB of results.
const maxSmall = 4000

// shortValues returns all outputs of a report as they are written to small destinations: those that have a limit of
// their own are truncated.
func shortValues(r *result.Report) []named {
	outputs := values(r)
	for i, output := range outputs {
		if output.short > 0 {
			outputs[i].value = stringValue(sanitize.Truncate(output.text, output.short))
		}
	}
	return outputs
}

// fit empties outputs, in the order of their turns, until size returns at most maxSmall. It returns their names.
func fit(outputs []named, size func() int) (emptied []string) {
	for turn := 1; size() > maxSmall; turn++ {
		i := slices.IndexFunc(outputs, func(o named) bool { return o.drop == turn })
		if i < 0 {
			break
		}
		outputs[i].value = stringValue("")
		emptied = append(emptied, outputs[i].name)
	}
	return emptied
}
