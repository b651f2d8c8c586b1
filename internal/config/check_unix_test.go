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

// parseSoon is parse, but fails the test if that blocks.
func parseSoon(t *testing.T, v vars) (*Config, []string) {
	t.Helper()
	var c *Config
	var faults []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, faults = parse(v)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.Fail(t, "Parse blocks")
	}
	return c, faults
}

// A shell makes a pipe of <(pass show key).
func TestSecretsFileMayBeAPipe(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	go os.WriteFile(pipe, []byte("piped\n"), 0)
	c, faults := parseSoon(t, complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": pipe}))
	assert.Empty(t, faults)
	assert.Equal(t, "piped", c.Login.Values["secret_key"])
}

// A pipe cannot be read again for the next exchange.
func TestIDTokenFromAPipeIsKept(t *testing.T) {
	t.Parallel()
	for variable, method := range map[string]vars{
		"DMSWAIT_ID_TOKEN_FILE":         {"DMSWAIT_IDP_ID": "gitlab"},
		"HUAWEICLOUD_SDK_ID_TOKEN_FILE": {"HUAWEICLOUD_SDK_IDP_ID": "gitlab"},
	} {
		pipe := fifo(t)
		go os.WriteFile(pipe, []byte("piped\n"), 0)
		c, faults := parseSoon(t, withoutCredentials().with(method).with(vars{variable: pipe}))
		assert.Empty(t, faults)
		assert.Equal(t, byIdentityProvider, methodOf(c))
		assert.Equal(t, "piped", c.Login.IDToken.Value)
		assert.Empty(t, c.Login.IDToken.File)
		assert.Equal(t, []string{"piped"}, c.Secrets())
	}
}

func TestSecretsFileWithoutEndIsAFault(t *testing.T) {
	t.Parallel()
	_, faults := parseSoon(t, complete().with(vars{"DMSWAIT_SECRET_KEY": "",
		"DMSWAIT_SECRET_KEY_FILE": "/dev/zero"}))
	assert.Equal(t, []string{"secret_key cannot be read from its file: it is larger than 1 MiB (from " +
		"DMSWAIT_SECRET_KEY_FILE)"}, faults)
}
