package poll

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestThePlanIsWhatAWaitDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ interval, longest, timeout time.Duration }{
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
		tr.runWith(t, context.Background, c.interval, c.longest)
		looks, count := Plan(c.interval, c.longest, c.timeout, 8)
		assert.Len(t, tr.asked, count, "%+v", c)
		var planned []string
		for _, look := range looks {
			planned = append(planned, look.String())
		}
		assert.Equal(t, tr.asked[:min(8, count)], planned, "%+v", c)

		looks, count = Plan(c.interval, c.longest, c.timeout, MostPlanned)
		assert.Len(t, looks, count)
		assert.Equal(t, c.timeout, looks[count-1], "the last one is at the timeout")
	}
}

func TestAPlanOfAbsurdLengthIsCutShort(t *testing.T) {
	t.Parallel()
	looks, count := Plan(time.Millisecond, time.Millisecond, 290*365*24*time.Hour, 8)
	assert.Equal(t, MostPlanned, count)
	assert.Len(t, looks, 8)
}
