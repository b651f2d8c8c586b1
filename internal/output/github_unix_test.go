//go:build unix

package output

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Opening a named pipe waits for a reader. Here there is one, so that a pipe that is opened fails the test and
// does not hang it.
func TestRunnersFilesAreNotNamedPipes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe, link := filepath.Join(folder, "pipe"), filepath.Join(folder, "link")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink(pipe, link))
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	require.NoError(t, err)
	defer reader.Close()
	for _, path := range []string{pipe, link} {
		assert.EqualError(t, StepOutputs{path}.Check(), `"`+path+`" is not a file`)
		assert.Error(t, JobSummary{Path: path, Timeline: &Timeline{}}.Write(new(reportOf(new(documentedTask()), nil))))
	}
}
