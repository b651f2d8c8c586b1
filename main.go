// Dmswait waits for one background task of a Huawei Cloud DMS instance to end, and exits with a code that says how it
// ended.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/dmswait/dmswait/internal/cli"
	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/signals"
)

func main() {
	// A reader that has gone away is an error of that one write. By default, SIGPIPE would kill the process
	// before its outputs are written.
	signal.Ignore(syscall.SIGPIPE)
	// net/http logs what servers send unasked. It would bypass redaction, --quiet and --log-format, and block
	// on a stderr that nobody reads.
	log.SetOutput(io.Discard)
	os.Exit(cli.Run(untilSignal(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// untilSignal returns a context that the first signal ends, with a result.Interrupt as its cause. The second signal
// ends the process at once, with the exit code that a shell reports for it. We exit ourselves: for PID 1 of a
// container, the kernel would ignore the signal's default action.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		first := <-signals.Received
		cancel(result.Interrupt{Signal: first.(syscall.Signal)})
		second := <-signals.Received
		file.Settle()
		os.Exit(128 + int(second.(syscall.Signal)))
	}()
	return ctx
}
