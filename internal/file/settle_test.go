package file

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// settling is the environment variable that has a test do its part in another process, because Settle cannot
// be undone.
const settling = "DMSWAIT_TEST_SETTLING"

// runAgain runs a test once more, with settling set to value.
func runAgain(t *testing.T, value string) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), settling+"="+value)
	require.NoError(t, inTime(t, command.Run))
}

func TestNoTemporaryFileIsLeftAfterSettle(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("content\n", 10_000)
	if folder := os.Getenv(settling); folder != "" {
		// In a bubble, time stands still as long as a file is being written, so that Settle does not give up.
		synctest.Test(t, func(*testing.T) {
			for i := range 4 {
				written := make(chan struct{})
				go func() {
					path := filepath.Join(folder, fmt.Sprint("out", i))
					for first := true; ; first = false {
						_ = Write(path, []byte(content))
						_ = CheckFolder(folder)
						if first {
							close(written)
						}
					}
				}()
				<-written
			}
			Settle()
			os.Exit(0)
		})
	}
	for range 5 {
		folder := t.TempDir()
		runAgain(t, folder)
		assertFolder(t, folder, map[string]string{"out0": content, "out1": content, "out2": content, "out3": content})
	}
}

func TestSettleGivesUpOnAFileThatHangs(t *testing.T) {
	t.Parallel()
	if os.Getenv(settling) != "" {
		temporary.RLock() // as a write to a file system that hangs does
		Settle()
		os.Exit(0)
	}
	runAgain(t, "1")
}
