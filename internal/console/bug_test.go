package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/result"
)

func TestBugIsReportedWithoutSecretsInTheFormOfTheLog(t *testing.T) {
	t.Parallel()
	bug := result.Panic{
		Value: errors.New("no hunter2-hunter2\n::error::x"),
		Stack: "goroutine 1 [running]:\nmain.run(hunter2-hunter2)\n",
	}
	for _, f := range []form{{}, {actions: true}, {json: true}, {quiet: true}, {json: true, quiet: true}} {
		text := logIn(t, f, func(w *wait) {
			w.mu.Lock() // as a panic may leave it
			w.Bug(bug)
			w.mu.Unlock()
		})
		want := []string{
			`internal error: no ***\n::error::x; please report it with the lines below`,
			"goroutine 1 [running]:", "main.run(***)",
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, lines, len(want), text)
		for i, line := range lines {
			if f.json {
				var event map[string]any
				require.NoError(t, json.Unmarshal([]byte(line), &event), line)
				assert.Equal(t, "error", event["level"])
				assert.Equal(t, []string{"error", "detail", "detail"}[i], event["event"])
				assert.Equal(t, strings.ReplaceAll(want[i], `\n`, "\n"), event["message"])
				continue
			}
			assert.Equal(t, "dmswait: "+[]string{"error: ", "", ""}[i]+want[i], line)
		}
	}
}

// panicking is a writer that panics at its first write.
type panicking struct {
	written bytes.Buffer
	once    bool
}

func (p *panicking) Write(data []byte) (int, error) {
	if !p.once {
		p.once = true
		panic("a bug about hunter2-hunter2")
	}
	return p.written.Write(data)
}

func TestBugInATimerOfTheLogEndsNeitherTheProcessNorTheLog(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"the heartbeat": false, "the live line": true} {
		synctest.Test(t, func(t *testing.T) {
			out := &panicking{}
			l := newLog(t, out, form{})
			if live {
				l.live = &liveLine{out: out, width: func() int { return 80 }}
			}
			l.Open()
			time.Sleep(3 * heartbeat)
			synctest.Wait()
			text := out.written.String()
			assert.NotContains(t, text, "hunter2", name)
			assert.True(t, strings.HasPrefix(text, "dmswait: error: internal error: a bug about ***; please report it"), text)
			assert.Equal(t, 1, strings.Count(text, "internal error: "), text)
			l.Printf(EventFound, "and on")
			l.Close()
			assert.Contains(t, out.written.String(), "dmswait: and on\n", name)
		})
	}
}

func TestQuietLogHidesABugOfItsTimers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	func() {
		l := newLog(t, &out, form{quiet: true})
		defer l.survive()
		panic("a bug")
	}()
	assert.Empty(t, out.String())
}
