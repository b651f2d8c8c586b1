package report

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestADetachedWriterWritesAllInOrder(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := Detach(&out)
	want := ""
	for i := range 200 {
		fmt.Fprintf(d, "line %d\n", i)
		want += fmt.Sprintf("line %d\n", i)
	}
	d.Flush()
	assert.Equal(t, want, out.String())
	fmt.Fprint(d, "end")
	d.Close()
	assert.Equal(t, want+"end", out.String())
}

func TestAReaderThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		d := Detach(writer)
		began := time.Now()
		for range 10 * backlog {
			n, err := d.Write([]byte("line\n"))
			assert.Equal(t, 5, n)
			assert.NoError(t, err)
		}
		assert.Zero(t, time.Since(began))
		d.Close()
		assert.Equal(t, patience, time.Since(began))
		reader.Close() // so that the goroutine comes to its end
	})
}
