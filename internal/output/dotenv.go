package output

import (
	"strings"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// dotenv returns a report as lines of NAME=value, for GitLab and for shells: when a shell sources the lines,
// nothing in a value runs. It also returns the names of the outputs that did not fit and are empty.
func dotenv(r *result.Report, prefix string) (content string, emptied []string) {
	outputs := shortValues(r)
	emptied = fit(outputs, func() int { return len(dotenvLines(outputs, prefix)) })
	return dotenvLines(outputs, prefix), emptied
}

func dotenvLines(outputs []named, prefix string) string {
	var b strings.Builder
	for i := range outputs {
		if output := &outputs[i]; output.shell != omitted {
			b.WriteString(prefix + strings.ToUpper(output.name) + "=" + dotenvValue(output) + "\n")
		}
	}
	return b.String()
}

// dotenvValue returns a value as text that contains nothing a shell would act on.
func dotenvValue(output *named) string {
	switch {
	case output.text == "":
		return ""
	case output.shell == upper:
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
				return r
			}
			return '_'
		}, output.text)
	case output.shell == bare && isBare(output.text):
		return output.text
	}
	return sanitize.ShellJSON(output.json)
}

// isBare reports whether no shell acts on text after NAME=. The asterisks are those of a redacted secret: a shell
// does not expand them there.
func isBare(text string) bool {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*"
	return strings.Trim(text, safe) == ""
}
