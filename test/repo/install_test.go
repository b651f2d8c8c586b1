//go:build unix

package repo_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inRelease runs an example in a folder with the files of release 1.2.3. Commands that need a network or root only print
// their arguments.
func inRelease(t *testing.T, example, archive string) scriptEnd {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"gh", "sudo"} {
		script := "#!/bin/sh\necho " + name + " \"$@\"\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700))
	}
	sums := fmt.Sprintf("%x  dmswait_1.2.3_linux_amd64.tar.gz\n%x  dmswait_1.2.3_linux_amd64.deb\n",
		sha256.Sum256([]byte("archive")), sha256.Sum256([]byte("package")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "checksums.txt"), []byte(sums), 0o600))
	path := filepath.Join(folder, "dmswait_1.2.3_linux_amd64.tar.gz")
	require.NoError(t, os.WriteFile(path, []byte(archive), 0o600))
	return inShell(t, folder, "set -e\nPATH=$PWD:$PATH\n"+example, nil)
}

// signer is the workflow that an attestation has to be from.
const signer = "--repo dmswait/dmswait --signer-workflow dmswait/dmswait/.github/workflows/release.yml\n"

func testVerifyExample(t *testing.T, example string) {
	needs(t, "sha256sum")
	assert.FileExists(t, inRepository(t, ".github/workflows/release.yml"))
	out := inRelease(t, example, "archive")
	assert.Equal(t, "dmswait_1.2.3_linux_amd64.tar.gz: OK\n"+
		"gh attestation verify dmswait_1.2.3_linux_amd64.tar.gz "+signer, out.text)
	assert.NotZero(t, inRelease(t, example, "another archive").code)
	// The workflow publishes what the page names.
	assert.Contains(t, read(t, ".github/workflows/release.yml"), `"dist/dmswait_$VERSION.sigstore.json"`)
}

func testVerifyImageExample(t *testing.T, example string) {
	out := inRelease(t, example, "archive")
	assert.Equal(t, "gh attestation verify oci://ghcr.io/dmswait/dmswait:1.2.3 "+signer, out.text)
}

func testPackagesExample(t *testing.T, example string) {
	out := inRelease(t, example, "archive")
	assert.Equal(t, "sudo apt install ./dmswait_1.2.3_linux_amd64.deb\n"+
		"sudo dnf install ./dmswait_1.2.3_linux_amd64.rpm\n", out.text)
}

func testTimerExample(t *testing.T, example string) {
	name := regexp.MustCompile(`dmswait@(\w+)\.timer`).FindStringSubmatch(example)
	require.NotNil(t, name)
	unit := read(t, "examples/systemd/dmswait@.service")
	for _, place := range []string{"/etc/dmswait/%i.env", "/etc/dmswait/%i.secret_key"} {
		assert.Contains(t, unit, place)
		assert.Contains(t, read(t, "docs/install.md"), strings.ReplaceAll(place, "%i", name[1]))
	}
	assert.Equal(t, "sudo systemctl enable --now dmswait@restart.timer\n", inRelease(t, example, "archive").text)
}
