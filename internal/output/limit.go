package output

import (
	"cmp"
	"slices"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// maxSmall is the size limit, in bytes, of small destinations: GitLab accepts 5 KB of dotenv, Tekton
// about 4 KB of results.
const maxSmall = 4000

// shortValues returns all outputs of a report as they are written to small destinations: those that have a limit of
// their own are truncated.
func shortValues(r result.Report) []named {
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
	for _, output := range droppable(outputs) {
		if size() <= maxSmall {
			break
		}
		output.value = stringValue("")
		emptied = append(emptied, output.name)
	}
	return emptied
}

// droppable returns the outputs that may be left empty, the first one first.
func droppable(outputs []named) []*named {
	var all []*named
	for i := range outputs {
		if outputs[i].drop > 0 {
			all = append(all, &outputs[i])
		}
	}
	slices.SortFunc(all, func(a, b *named) int { return cmp.Compare(a.drop, b.drop) })
	return all
}
