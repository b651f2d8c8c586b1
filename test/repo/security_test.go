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

// TestEveryPromiseNamesTestsThatExist keeps the table of SECURITY.md from promising by a test that was renamed.
func TestEveryPromiseNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir(inRepository(t, "."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, found := range function.FindAllSubmatch(content, -1) {
			exists[string(found[1])] = true
		}
		return err
	}))

	promises := 0
	for line := range strings.Lines(read(t, ".github/SECURITY.md")) {
		promise, tests, isRow := strings.Cut(strings.Trim(line, "| \n"), " | ")
		if !isRow || strings.Contains(promise, "---") || promise == "promise" {
			continue
		}
		promises++
		named := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(tests, -1)
		assert.NotEmpty(t, named, "%s: no test shows it", promise)
		for _, name := range named {
			assert.True(t, exists[name[1]], "%s: there is no %s", promise, name[1])
		}
	}
	assert.Greater(t, promises, 15)
}
