package trial

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/output"
)

// OutputNames returns the names of all outputs, in the order in which they are written.
func OutputNames() (names []string) {
	for _, o := range output.Outputs() {
		names = append(names, o.Name)
	}
	return names
}

// ParseOutputs returns the outputs in a file, by the rules of GitHub's runner: name=value, or
// name<<delimiter, lines and the delimiter.
func ParseOutputs(t *testing.T, content string) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		name, delimiter, multiline := strings.Cut(lines[i], "<<")
		if !multiline {
			name, value, ok := strings.Cut(lines[i], "=")
			require.True(t, ok, "line %q", lines[i])
			outputs[name] = value
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		require.Less(t, i, len(lines), "%s has no end", name)
		outputs[name] = strings.Join(value, "\n")
	}
	return outputs
}
