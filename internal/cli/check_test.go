package cli

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// hanging is a destination on a file system that hangs, while it is checked or while its files are identified.
type hanging struct {
	output.Destination
	until    chan struct{} // closed when it no longer hangs
	inCheck  bool
	isCalled *atomic.Bool // its files were to be identified
}

func (h hanging) Check() error {
	if h.inCheck {
		<-h.until
	}
	return nil
}

func (h hanging) Write(*result.Report) error {
	<-h.until
	return nil
}

func (h hanging) Files() []output.File {
	if !h.inCheck && !h.isCalled.Swap(true) {
		<-h.until
	}
	return h.Destination.Files()
}

func TestCheckOfDestinationsThatHangIsGivenUpAfterASignal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	replaced := output.ResultFile{Path: filepath.Join(folder, "file")}
	appended := output.StepOutputs{Path: filepath.Join(folder, "output")}
	const timedOut = "timed out: nobody reads it, or its file system hangs"
	for name, test := range map[string]struct {
		hangs   hanging
		another output.Destination
		usable  int
		fault   string
	}{
		"checking": {hanging{Destination: replaced, inCheck: true}, appended, 1,
			"output_file cannot be written: " + timedOut},
		"identifying, which may be the file of another": {hanging{Destination: replaced}, appended, 1,
			"output_file cannot be checked: " + timedOut},
		"identifying one that is appended to, which overwrites nothing": {hanging{Destination: appended}, replaced, 1,
			"output_file cannot be checked: " + timedOut},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Hour, cancel)
			began := time.Now()
			test.hangs.until, test.hangs.isCalled = make(chan struct{}), new(atomic.Bool)
			app := App{Getenv: func(string) string { return "" }}
			usable, faults := app.checkDestinations(newLimits(ctx), &config.Config{}, []output.Destination{test.hangs, test.another})
			assert.Equal(t, time.Hour+350*time.Millisecond, time.Since(began), name)
			assert.Len(t, usable, test.usable, name)
			brief, _, _ := strings.Cut(test.fault, ":")
			assert.Equal(t, config.Faults{{Input: "output_file", Text: test.fault, Brief: brief}}, faults, name)
			close(test.hangs.until)
		})
	}
}

// unread is a writer whose reader does not read before until is closed.
type unread struct{ until chan struct{} }

func (u unread) Write(data []byte) (int, error) {
	<-u.until
	return len(data), nil
}

func TestProcessEndsWithinASecondAfterASignalWhateverBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "output")
	for name, signalAt := range map[string]time.Duration{"while checking": time.Hour, "at the start": 0} {
		synctest.Test(t, func(t *testing.T) {
			ctx, signal := context.WithCancelCause(t.Context())
			interrupt := result.Interrupt{Signal: syscall.SIGTERM}
			time.AfterFunc(signalAt, func() { signal(interrupt) })
			began, until := time.Now(), newLimits(ctx)
			blocked := unread{make(chan struct{})}
			file := hanging{output.ResultFile{Path: path + ".json"}, blocked.until, true, new(atomic.Bool)}
			folder := hanging{output.ResultsFolder{Path: path + ".d"}, blocked.until, true, new(atomic.Bool)}
			healthy := output.StepOutputs{Path: path + name}
			app := App{Stdout: blocked, Getenv: func(string) string { return "" }}
			stderr := console.NewAsyncWriter(blocked)
			cfg := &config.Config{Result: config.Result{Format: "text"}}
			w := newWait(cfg, began, stderr, app.Getenv)

			usable, _ := app.checkDestinations(until, cfg, []output.Destination{folder, file, healthy})
			assert.Equal(t, []output.Destination{healthy}, usable, name)
			code := app.finish(until, w, []poll.Ending{{Err: interrupt}}, []output.Destination{folder, file, healthy})
			bounded(until.end, stderr.Close)

			assert.Equal(t, 143, code, name)
			assert.LessOrEqual(t, time.Since(began), signalAt+time.Second, name)
			assert.FileExists(t, healthy.Path)
			close(blocked.until)
		})
	}
}
