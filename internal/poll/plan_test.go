package poll

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPlanMatchesWhatAWaitDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ interval, maxInterval, timeout time.Duration }{
		{time.Second, 20 * time.Second, time.Hour},
		{time.Second, 20 * time.Second, 0},
		{time.Second, 20 * time.Second, time.Second},
		{time.Second, 20 * time.Second, 1500 * time.Millisecond},
		{time.Second, time.Second, 10 * time.Second},
		{90 * time.Second, 90 * time.Second, time.Minute},
		{5 * time.Second, 6 * time.Second, time.Minute},
		{10 * time.Millisecond, time.Minute, 24 * time.Hour},
	} {
		tr := newTrial(executing)
		tr.Timeout = c.timeout
		tr.runWith(t, context.Background, c.interval, c.maxInterval)
		polls, count := Plan(c.interval, c.maxInterval, c.timeout, 8)
		assert.Len(t, tr.polledAt, count, "%+v", c)
		var planned []string
		for _, poll := range polls {
			planned = append(planned, poll.String())
		}
		assert.Equal(t, tr.polledAt[:min(8, count)], planned, "%+v", c)

		polls, count = Plan(c.interval, c.maxInterval, c.timeout, MaxPlanned)
		assert.Len(t, polls, count)
		assert.Equal(t, c.timeout, polls[count-1], "the last one is at the timeout")
	}
}

func TestVeryLongPlanIsCutOff(t *testing.T) {
	t.Parallel()
	polls, count := Plan(time.Millisecond, time.Millisecond, 290*365*24*time.Hour, 8)
	assert.Equal(t, MaxPlanned, count)
	assert.Len(t, polls, 8)
}
