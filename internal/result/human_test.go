package result

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDurationsAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                    "0s",
		1499 * time.Microsecond:              "1ms",
		300 * time.Millisecond:               "300ms",
		999600 * time.Microsecond:            "1s",
		4659 * time.Millisecond:              "4.7s",
		5249 * time.Millisecond:              "5.2s",
		9960 * time.Millisecond:              "10s",
		12345 * time.Millisecond:             "12s",
		59600 * time.Millisecond:             "1m",
		90 * time.Second:                     "1m30s",
		3599998 * time.Millisecond:           "1h",
		10 * time.Minute:                     "10m",
		time.Hour:                            "1h",
		time.Hour + 4*time.Second:            "1h0m4s",
		20*time.Hour + 10*time.Minute:        "20h10m",
		2562047*time.Hour + 47*time.Minute:   "2562047h47m",
		100*time.Hour + 100*time.Microsecond: "100h",
	} {
		assert.Equal(t, want, Human(d))
	}
}
