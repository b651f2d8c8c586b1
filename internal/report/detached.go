package report

import (
	"io"
	"time"
)

const (
	// backlog is how many writes may wait for a reader that does not read.
	backlog = 256
	// patience is how long the end of a run waits for such a reader.
	patience = time.Second
)

// Detached is a writer that never makes its caller wait: what its reader does not take is kept up to a bound, and then dropped.
// A log that nobody reads must hold up neither the wait nor its outputs.
type Detached struct {
	out   io.Writer
	queue chan write
	done  chan struct{} // closed by Close
}

// write is something to be written, or a mark to be closed when all before it is.
type write struct {
	data []byte
	mark chan struct{}
}

// Detach starts to write to out on its own.
func Detach(out io.Writer) *Detached {
	d := &Detached{out: out, queue: make(chan write, backlog), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *Detached) run() {
	for {
		select {
		case <-d.done:
			return
		case w := <-d.queue:
			if w.mark != nil {
				close(w.mark)
				continue
			}
			_, _ = d.out.Write(w.data) // a log that can't be written changes nothing
		}
	}
}

// Write never fails.
func (d *Detached) Write(data []byte) (int, error) {
	select {
	case d.queue <- write{data: append([]byte{}, data...)}:
	default: // nobody reads
	}
	return len(data), nil
}

// Flush waits until all is written, or for a second.
func (d *Detached) Flush() {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	mark := make(chan struct{})
	select {
	case d.queue <- write{mark: mark}:
	case <-timer.C:
		return
	}
	select {
	case <-mark:
	case <-timer.C:
	}
}

// Close flushes, and ends the writing. What is written after it is dropped: after a panic, a
// timer of the log may still be running.
func (d *Detached) Close() {
	d.Flush()
	close(d.done)
}
