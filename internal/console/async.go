package console

import (
	"io"
	"time"
)

const (
	// backlog is how many writes may wait for a reader that does not read.
	backlog = 256
	// flushTimeout is how long Flush waits for such a reader.
	flushTimeout = time.Second
)

// AsyncWriter is a writer that never blocks: what its reader does not take is kept up to a limit, and dropped
// beyond it. A log that nobody reads must not hold up the wait or its outputs.
type AsyncWriter struct {
	out   io.Writer
	queue chan write
	done  chan struct{} // closed by Close
}

// write is something to write or, with a mark, a request to close the mark once everything before it is written.
type write struct {
	data []byte
	mark chan struct{}
}

// NewAsyncWriter returns a writer to out. The caller closes it.
func NewAsyncWriter(out io.Writer) *AsyncWriter {
	w := &AsyncWriter{out: out, queue: make(chan write, backlog), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *AsyncWriter) run() {
	for {
		select {
		case <-w.done:
			return
		case next := <-w.queue:
			if next.mark != nil {
				close(next.mark)
				continue
			}
			_, _ = w.out.Write(next.data) // a log that cannot be written changes nothing
		}
	}
}

// Write queues data to be written. It never blocks or fails.
func (w *AsyncWriter) Write(data []byte) (int, error) {
	select {
	case w.queue <- write{data: append([]byte{}, data...)}:
	default: // nobody reads
	}
	return len(data), nil
}

// Flush waits until everything is written, at most for a second.
func (w *AsyncWriter) Flush() {
	timer := time.NewTimer(flushTimeout)
	defer timer.Stop()
	mark := make(chan struct{})
	select {
	case w.queue <- write{mark: mark}:
	case <-timer.C:
		return
	}
	select {
	case <-mark:
	case <-timer.C:
	}
}

// Close flushes, and stops writing. Anything written after it is dropped: after a panic, a timer of the log may
// still be running.
func (w *AsyncWriter) Close() {
	w.Flush()
	close(w.done)
}
