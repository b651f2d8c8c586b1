package trial

import (
	_ "embed"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// Update reports whether tests write the files that they compare with.
var Update = flag.Bool("update", false, "write the files that tests compare with")

// Golden compares a file with what it has to contain. With -update it writes the file first.
func Golden(t *testing.T, path, want string) {
	t.Helper()
	if *Update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	wanted, got := strings.Split(want, "\n"), strings.Split(string(content), "\n")
	for i := range min(len(wanted), len(got)) {
		require.Equal(t, wanted[i], got[i], "%s, line %d: go test -update writes it", path, i+1)
	}
	assert.Len(t, got, len(wanted), path)
}

// List returns the names of the files in a folder.
func List(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// WriteFile writes a file into a temporary folder of the test, and returns its path.
func WriteFile(t *testing.T, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

//go:embed testdata/hostile.txt
var hostile string

// HostileTexts returns texts that would do harm if they were printed unchanged: first a long one,
// then those of testdata/hostile.txt.
func HostileTexts(t *testing.T) []string {
	t.Helper()
	texts := []string{strings.Repeat("long\n::error::", 10_000)}
	for line := range strings.Lines(hostile) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		text, err := strconv.Unquote(line)
		require.NoError(t, err, line)
		texts = append(texts, text)
	}
	return texts
}

// HostileResponse returns an error that has a text in every place where it can: code, message and
// headers.
func HostileResponse(status int, text string) *simulator.Response {
	response := simulator.Fault(status, text, text)
	// A header cannot carry control characters.
	inHeader := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text[:min(len(text), 2000)])
	response.Header = http.Header{"X-Request-Id": {inHeader}, "Retry-After": {inHeader}}
	return response
}
