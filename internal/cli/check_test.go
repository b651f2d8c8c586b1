package cli

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/output"
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

func (h hanging) Files() []output.File {
	if !h.inCheck && !h.isCalled.Swap(true) {
		<-h.until
	}
	return h.Destination.Files()
}

func TestCheckOfDestinationsThatHangIsGivenUpASecondAfterASignal(t *testing.T) {
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
			usable, faults := app.checkDestinations(ctx, &config.Config{}, []output.Destination{test.hangs, test.another})
			assert.Equal(t, time.Hour+time.Second, time.Since(began), name)
			assert.Len(t, usable, test.usable, name)
			brief, _, _ := strings.Cut(test.fault, ":")
			assert.Equal(t, config.Faults{{Input: "output_file", Text: test.fault, Brief: brief}}, faults, name)
			close(test.hangs.until)
		})
	}
}
