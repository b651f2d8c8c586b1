package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These subcommands run programs, which are built only once.
func TestSubcommandsThatRunPrograms(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, build(folder, false, dmswait, bare, peak))

	t.Run("herd", func(t *testing.T) {
		t.Parallel()
		var out strings.Builder
		program := filepath.Join(folder, "dmswait")
		assert.NoError(t, herd([]string{"-n", "3", "-task", "100ms", "-program", program}, &out))
		assert.NoError(t, herd([]string{"-one", "-n", "3", "-instances", "1", "-task", "100ms", "-program", program}, &out))
		assert.Regexp(t, `^3 tasks of 3 instances; 3 processes, 3 of them exited with 0
[3-9] requests, 0 of them throttled; at most \d per second, after the first second
delay: mean \S+s, 95th percentile \S+s, last \S+s
3 tasks of 1 instances; 1 processes, 1 of them exited with 0
[1-9] requests, 0 of them throttled; at most \d per second, after the first second
delay: mean \S+s, 95th percentile \S+s, last \S+s
$`, out.String())
	})
	for name, secure := range map[string]bool{"oneshot": false, "oneshot -tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("curl"); err != nil {
				t.Skip("curl is not installed")
			}
			var out strings.Builder
			assert.NoError(t, compare(folder, secure, 1, &out))
			assert.Regexp(t, `(?m)^\| dmswait \| [0-9.]+ ms .* [0-9.]+ MiB \| 1.00 \|$`, out.String())
			assert.Equal(t, 5, strings.Count(out.String(), "\n"))
		})
	}
}
