package report

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

func quietly() *Log {
	return &Log{Out: io.Discard, Hider: NewHider([]string{"fakeSecretKeyForTestsOnly012345678901234"}), Start: time.Now(), Timeout: time.Hour}
}

// BenchmarkLogLine measures a line of the log: the task has another status with each answer.
func BenchmarkLogLine(b *testing.B) {
	l := quietly()
	defer l.Close()
	task := documented()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		task.Status = []client.Status{client.Created, client.Executing}[n%2]
		l.Poll(poll.Poll{N: n, At: time.Minute, Task: task, Next: time.Second, Left: time.Hour})
	}
}

// BenchmarkOutputs measures making all outputs of a task that has ended, params and task among them, once.
func BenchmarkOutputs(b *testing.B) {
	r := ofTask(documented(), nil)
	r.Hider = NewHider([]string{"fakeSecretKeyForTestsOnly012345678901234"})
	b.ReportAllocs()
	for b.Loop() {
		if len(r.Outputs()) != len(OutputMeanings()) {
			b.Fatal("some are missing")
		}
	}
}

// Not parallel: the memory of others would be counted.
func TestManyPollsCostNoMoreThanTheFirst(t *testing.T) {
	l := quietly()
	defer l.Close()
	timeline := &Timeline{Start: l.Start}
	task := documented()
	n := 0
	tell := func() {
		n++
		task.Status = []client.Status{client.Created, client.Executing}[n%2]
		p := poll.Poll{N: n, At: time.Duration(n) * time.Second, Task: task, Next: time.Second, Left: time.Hour}
		timeline.Poll(p)
		l.Poll(p)
	}
	for range 2 * mostSpans {
		tell()
	}
	const polls = 10_000
	first, before := testing.AllocsPerRun(100, tell), heap()
	for range polls {
		tell()
	}
	assert.InDelta(t, first, testing.AllocsPerRun(100, tell), 2, "allocations of a poll; pools are emptied now and then")
	assert.Less(t, (heap()-before)/polls, 8.0, "bytes kept of each poll")
	runtime.KeepAlive(timeline)
}

// heap is how much memory is in use, once what nobody needs is gone.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
