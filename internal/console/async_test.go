package console

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAsyncWriterWritesEverythingInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that a slow machine does not exhaust the second of Flush
		var out bytes.Buffer
		w := NewAsyncWriter(&out)
		want := ""
		for i := range 200 {
			fmt.Fprintf(w, "line %d\n", i)
			want += fmt.Sprintf("line %d\n", i)
		}
		w.Flush()
		assert.Equal(t, want, out.String())
		fmt.Fprint(w, "end")
		w.Close()
		assert.Equal(t, want+"end", out.String())
	})
}

func TestReaderThatDoesNotReadHoldsNothingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		w := NewAsyncWriter(writer)
		began := time.Now()
		for range 10 * backlog {
			n, err := w.Write([]byte("line\n"))
			assert.Equal(t, 5, n)
			assert.NoError(t, err)
		}
		assert.Zero(t, time.Since(began))
		w.Close()
		assert.Equal(t, time.Second, time.Since(began))
		reader.Close() // ends the goroutine
	})
}

func TestWritesAfterCloseAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := NewAsyncWriter(&out)
		fmt.Fprint(w, "before")
		w.Close()
		for range 2 * backlog {
			n, err := w.Write([]byte("after"))
			assert.Equal(t, 5, n)
			assert.NoError(t, err)
		}
		synctest.Wait()
		assert.Equal(t, "before", out.String())
	})
}
