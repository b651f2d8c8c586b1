package result

import (
	"strings"
	"time"
)

// Human returns a duration as people write it: 300ms, 5.2s, 1m30s, 1h.
func Human(d time.Duration) string {
	switch {
	case d > 0 && d < time.Millisecond:
		d = time.Millisecond
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
