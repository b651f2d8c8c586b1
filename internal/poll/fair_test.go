package poll

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// polled returns in how many polls a target was.
func (f *fleet) polled(target string) (n int) {
	for _, poll := range f.polls {
		if strings.HasSuffix(poll, ":"+target) {
			n++
		}
	}
	return n
}

func TestThrottledSourceIsContinuedWithTheTargetThatWasRefused(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(executing), script(throttled.times(2), succeeded), script(succeeded))
	f.perSource, f.Timeout = 4, 9*time.Second
	f.run(t)
	f.ends(t, ErrTimeout, ErrTimeout, nil, nil)
	assert.Equal(t, []string{
		"0s:0", "0s:1", "0s:2", "2.5s:2", "8.75s:2", "8.75s:3", "8.75s:0", "8.75s:1", "9s:0", "9s:1",
	}, f.polls)
}

func TestNoTargetOfASourceStarvesBehindOneThatGetsNoResponse(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(unanswered), script(executing, succeeded), script(executing, succeeded))
	f.perSource, f.Timeout = 3, 20*time.Second
	f.run(t)
	f.ends(t, ErrTimeout, ErrUnavailable, nil, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "1s:3", "1s:2", "1s:0", "1s:1", "2.1s:3", "2.1s:2"}, f.polls[:8])
	assert.Greater(t, f.polled("0"), 5)
}
