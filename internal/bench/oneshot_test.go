package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRatiosAreRelativeToOtherPrograms(t *testing.T) {
	t.Parallel()
	times := func(ms ...int) (all []time.Duration) {
		for _, one := range ms {
			all = append(all, time.Duration(one)*time.Millisecond)
		}
		return all
	}
	assert.Equal(t, `| | time, median | time, fastest 10 % | ratio | peak memory | ratio |
| --- | ---: | ---: | ---: | ---: | ---: |
| dmswait | 3.00 ms | 1.00 ms | 1.00 | 6.0 MiB | 1.00 |
| curl | 6.00 ms | 6.00 ms | 0.50 | 8.0 MiB | 0.75 |
`, comparison([]*contender{
		{name: "dmswait", times: times(9, 1, 3), memory: 6 << 10},
		{name: "curl", times: times(6), memory: 8 << 10},
	}))
}
