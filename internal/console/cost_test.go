package console

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// change returns the nth poll of a task whose status changes with every one.
func change(n int) poll.Outcome {
	task := succeeded()
	task.Status = []client.Status{client.Created, client.Executing}[n%2]
	return poll.Outcome{
		Round: n, At: time.Duration(n) * time.Second, Kind: poll.Running, State: target.OfTask(&task), Next: time.Second,
	}
}

// BenchmarkLogLine measures a poll that the log has something to say about.
func BenchmarkLogLine(b *testing.B) {
	l := newLog(b, io.Discard, form{})
	l.Open()
	defer l.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		l.changes = 0 // so that no line is omitted
		l.Poll(new(change(n)))
	}
}

// Not parallel, so that no other test's memory is counted.
func TestLoggedPollsRetainNoMemory(t *testing.T) {
	l := newLog(t, io.Discard, form{})
	l.Open()
	defer l.Close()
	n := 0
	log := func() {
		n++
		l.Poll(new(change(n)))
	}
	for range 2 * maxChanges {
		log()
	}
	const polls = 10_000
	first, before := testing.AllocsPerRun(100, log), heap()
	for range polls {
		log()
	}
	assert.InDelta(t, first, testing.AllocsPerRun(100, log), 2, "allocations of a poll; pools are emptied now and then")
	assert.Less(t, (float64(heap())-float64(before))/polls, 8.0, "bytes retained per poll")
}
