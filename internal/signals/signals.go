// Package signals receives the signals that end a wait from the first moment on. It imports next to nothing, so that
// Go initializes it before the packages that take time: until then, SIGQUIT would end the process with the exit code 2
// and a dump of all goroutines. What a signal means is up to main.
package signals

import (
	"os"
	"os/signal"
	"syscall"
)

// Received receives SIGHUP, SIGINT, SIGQUIT and SIGTERM, apart from those that were ignored when the process started,
// by nohup or for a shell's background job.
var Received = receive()

func receive() <-chan os.Signal {
	received := make(chan os.Signal, 2)
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(received, s)
		}
	}
	return received
}
