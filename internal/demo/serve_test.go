package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestWhatServeWritesIsAllThatAWaitNeeds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("Go takes no CA from SSL_CERT_FILE on this system")
	}
	program := filepath.Join(t.TempDir(), "dmswait")
	out, err := exec.Command("go", "build", "-o", program, "github.com/dmswait/dmswait").CombinedOutput()
	require.NoError(t, err, string(out))

	folder := filepath.Join(t.TempDir(), "made", "by", "serve")
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	ended := play{steps: []simulator.Step{{Status: "SUCCESS"}}, secretKey: secretKey}
	go func() { served <- serve(ctx, "127.0.0.1:0", folder, ended) }()
	var inputs []byte
	require.Eventually(t, func() bool {
		inputs, err = os.ReadFile(filepath.Join(folder, "env"))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)

	wait := exec.Command(program, "--timeout", "0")
	wait.Env = append(strings.Fields(string(inputs)), "SSL_CERT_FILE="+filepath.Join(folder, "ca.pem"))
	out, err = wait.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "SUCCESS")

	stop()
	assert.NoError(t, <-served, "it ends when it is told to")
}

func TestServeFailsWhereItCanNotListenOrWrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, serve(t.Context(), "127.0.0.1:0", filepath.Join(file, "below"), plays["success"]))
	assert.Error(t, serve(t.Context(), "127.0.0.1:nonsense", t.TempDir(), plays["success"]))
}
