package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABugIsReportedWithoutSecretsInTheFormOfTheLog(t *testing.T) {
	t.Parallel()
	bug := Panic{Value: errors.New("no hunter2-hunter2\n::error::x"), Stack: "goroutine 1 [running]:\nmain.run(hunter2-hunter2)\n"}
	for _, kind := range []logKind{{}, {actions: true}, {json: true}, {quiet: true}, {json: true, quiet: true}} {
		text := loggedAs(t, kind, func(tl *teller) {
			tl.mu.Lock() // as a panic may leave it
			tl.Bug(bug)
			tl.mu.Unlock()
		})
		want := []string{`error: internal: no ***\n::error::x; please report it, with the lines below`, "goroutine 1 [running]:", "main.run(***)"}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, lines, len(want), text)
		for i, line := range lines {
			if kind.json {
				var event map[string]any
				require.NoError(t, json.Unmarshal([]byte(line), &event), line)
				assert.Equal(t, "error", event["level"])
				assert.Contains(t, event["message"], strings.ReplaceAll(want[i], `\n`, "\n"))
				continue
			}
			assert.Equal(t, "dmswait: "+want[i], line)
		}
	}
}

// blown is a writer in which a bug is met once.
type blown struct {
	taken bytes.Buffer
	once  bool
}

func (b *blown) Write(data []byte) (int, error) {
	if !b.once {
		b.once = true
		panic("a bug about hunter2-hunter2")
	}
	return b.taken.Write(data)
}

func TestABugInATimerOfTheLogEndsNeitherTheProcessNorTheLog(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"the heartbeat": false, "the live line": true} {
		synctest.Test(t, func(t *testing.T) {
			out := &blown{}
			l := &Log{Out: out, Start: time.Now(), Timeout: time.Hour, Hider: NewHider([]string{"hunter2-hunter2"})}
			if live {
				l.Live = &Live{out: out, width: func() int { return 80 }}
			}
			l.Open()
			time.Sleep(3 * heartbeat)
			assert.NotContains(t, out.taken.String(), "hunter2", name)
			assert.True(t, strings.HasPrefix(out.taken.String(), "dmswait: error: internal: a bug about ***; please report it"), out.taken.String())
			assert.Equal(t, 1, strings.Count(out.taken.String(), "internal: "), out.taken.String())
			l.Printf("x", "and on")
			l.Close()
			assert.Contains(t, out.taken.String(), "dmswait: and on\n", name)
		})
	}
	var out bytes.Buffer
	func() {
		l := &Log{Out: &out, Quiet: true}
		defer l.survive()
		panic("a bug")
	}()
	assert.Empty(t, out.String(), "a quiet log")
}

func TestAfterItsEndADetachedWriterDropsWhatComes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := Detach(&out)
	fmt.Fprint(d, "before")
	d.Close()
	for range 2 * backlog {
		n, err := d.Write([]byte("after"))
		assert.Equal(t, 5, n)
		assert.NoError(t, err)
	}
	assert.Equal(t, "before", out.String())
}
