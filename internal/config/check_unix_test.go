//go:build unix

package config

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// readSoon is read, and fails the test if that hangs.
func readSoon(t *testing.T, v vars) (*Config, []string) {
	t.Helper()
	var c *Config
	var faults []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, faults = read(v)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		require.Fail(t, "it hangs")
	}
	return c, faults
}

func TestANamedPipeForOutputsIsAFaultAndDoesNotHang(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(pipe, link))
	for _, path := range []string{pipe, link} {
		c, faults := readSoon(t, complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": path}))
		assert.Len(t, faults, 1)
		assert.Len(t, about(faults, "GITHUB_OUTPUT"), 1)
		assert.Empty(t, c.Actions.Output)
	}
}

func TestASecretsFileMayBeAPipe(t *testing.T) { // as a shell makes of <(pass show key)
	t.Parallel()
	pipe := fifo(t)
	go os.WriteFile(pipe, []byte("piped\n"), 0)
	c, faults := readSoon(t, complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": pipe}))
	assert.Empty(t, faults)
	assert.Equal(t, "piped", c.Login.Values["secret_key"])
}

func TestAnIDTokenOutOfAPipeIsKeptSinceItCantBeReadAgain(t *testing.T) {
	t.Parallel()
	for variable, way := range map[string]vars{
		"DMSWAIT_ID_TOKEN_FILE":         {"DMSWAIT_IDP_ID": "gitlab"},
		"HUAWEICLOUD_SDK_ID_TOKEN_FILE": {"HUAWEICLOUD_SDK_IDP_ID": "gitlab"},
	} {
		pipe := fifo(t)
		go os.WriteFile(pipe, []byte("piped\n"), 0)
		c, faults := readSoon(t, anonymous().with(way).with(vars{variable: pipe}))
		assert.Empty(t, faults)
		assert.Equal(t, byIdentityProvider, methodOf(c))
		assert.Equal(t, "piped", c.Login.IDToken.Value)
		assert.Empty(t, c.Login.IDToken.File)
		assert.Equal(t, []string{"piped"}, c.Secrets())
	}
}

func TestASecretsFileWithoutEndIsAFaultAndDoesNotHang(t *testing.T) {
	t.Parallel()
	_, faults := readSoon(t, complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": "/dev/zero"}))
	assert.Equal(t, []string{"secret_key cannot be read from its file: it is larger than 1 MiB (from DMSWAIT_SECRET_KEY_FILE)"}, faults)
}
