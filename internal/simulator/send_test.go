package simulator

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestEndlessBodyEndsAfter400MB(t *testing.T) {
	t.Parallel()
	var sent counter
	writeSpaces(&sent)
	assert.LessOrEqual(t, int(sent), 400_000_000)
	assert.Greater(t, int(sent), 399_000_000)
}
