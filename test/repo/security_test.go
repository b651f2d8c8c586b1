package repo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryPromiseNamesEvidenceThatExists keeps SECURITY.md from referring to a test that was
// renamed. The evidence for a promise is a test, a fuzz test, or a script of test/script.
func TestEveryPromiseNamesEvidenceThatExists(t *testing.T) {
	t.Parallel()
	exists := testFunctions(t)
	code := regexp.MustCompile("`([^`]+)`")
	promises := 0
	lines := strings.Split(read(t, ".github/SECURITY.md"), "\n")
	for i, line := range lines {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		isHead := strings.HasPrefix(line, "| ---") || strings.HasPrefix(lines[min(i+1, len(lines)-1)], "| ---")
		if !strings.HasPrefix(line, "| ") || isHead || len(cells) == 1 { // the last is a heading within the table
			continue
		}
		require.Len(t, cells, 2, line)
		promises++
		named := code.FindAllStringSubmatch(cells[1], -1)
		assert.NotEmpty(t, named, "%s: no evidence is named", cells[0])
		for _, name := range named {
			if strings.HasSuffix(name[1], ".txtar") {
				script := filepath.Join("test/script", filepath.Base(name[1]))
				assert.FileExists(t, inRepository(t, script), cells[0])
				continue
			}
			assert.True(t, exists[name[1]], "%s: %s does not exist", cells[0], name[1])
		}
	}
	assert.Greater(t, promises, 15)
}

// testFunctions returns the names of all tests and fuzz tests, those of internal/conformance included.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
	err := filepath.WalkDir(inRepository(t, "."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		content, err := os.ReadFile(path)
		for _, match := range function.FindAllSubmatch(content, -1) {
			found[string(match[1])] = true
		}
		return err
	})
	require.NoError(t, err)
	return found
}
