package repo_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestContributingNamesFilesThatExist holds CONTRIBUTING.md to the layout: whoever looks for a behaviour
// finds its file.
func TestContributingNamesFilesThatExist(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile("`((?:internal|examples|setup|test/repo|\\.ci|\\.github)(?:/[\\w./-]*)?|[\\w.]+\\.go|Dockerfile)`")
	named := path.FindAllStringSubmatch(read(t, ".github/CONTRIBUTING.md"), -1)
	assert.Greater(t, len(named), 50)
	for _, name := range named {
		_, err := os.Stat(inRepository(t, name[1]))
		assert.NoError(t, err)
	}
}
