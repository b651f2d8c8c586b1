package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRatiosAreOursToTheirs(t *testing.T) {
	t.Parallel()
	walls := func(ms ...int) (all []time.Duration) {
		for _, one := range ms {
			all = append(all, time.Duration(one)*time.Millisecond)
		}
		return all
	}
	assert.Equal(t, `| | wall, median | wall, fastest tenth | ours to it | peak memory | ours to it |
| --- | ---: | ---: | ---: | ---: | ---: |
| dmswait | 3.00 ms | 1.00 ms | 1.00 | 6.0 MiB | 1.00 |
| curl | 6.00 ms | 6.00 ms | 0.50 | 8.0 MiB | 0.75 |
`, lookTable([]*looker{{name: "dmswait", walls: walls(9, 1, 3), peak: 6 << 10}, {name: "curl", walls: walls(6), peak: 8 << 10}}))
}

func TestALookIsMeasured(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("this system has no curl")
	}
	for _, args := range [][]string{{"-n", "1"}, {"-n", "1", "-tls"}} {
		var out strings.Builder
		assert.NoError(t, look(args, &out))
		assert.Regexp(t, `(?m)^\| dmswait \| [0-9.]+ ms .* [0-9.]+ MiB \| 1.00 \|$`, out.String())
		assert.Equal(t, 5, strings.Count(out.String(), "\n"))
	}
}
