package config

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestHelpShowsEveryInput(t *testing.T) {
	t.Parallel()
	help := Help()
	golden(t, "help", help)
	for _, in := range Inputs() {
		if in.Secret {
			assert.Contains(t, help, "\n  "+in.Env()+" ")
			assert.NotContains(t, help, "--"+in.Flag()+" ")
		} else {
			assert.Contains(t, help, "\n  --"+in.Flag()+" ")
		}
	}
}

func TestHelpIsShortAndNarrow(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(Help(), "\n"), "\n")
	assert.LessOrEqual(t, len(lines), 80, "the exit codes follow")
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
		assert.Equal(t, strings.TrimRight(line, " "), line)
	}
}
