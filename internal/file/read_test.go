package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadTextReadsSmallTextOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "text")
	for name, test := range map[string]struct{ content, want, problem string }{
		"nothing is cut but the mark": {content: "\ufeff one \r\ntwo\n\n", want: " one \r\ntwo\n\n"},
		"a mark elsewhere":            {content: "o\ufeffne", want: "o\ufeffne"},
		"empty":                       {},
		"1 MiB":                       {content: strings.Repeat("x", 1<<20), want: strings.Repeat("x", 1<<20)},
		"2 MiB":                       {content: strings.Repeat("x", 2<<20), problem: "it is larger than 1 MiB"},
		"UTF-16, little endian":       {content: "\xff\xfex\x00", problem: "it is UTF-16"},
		"UTF-16, big endian":          {content: "\xfe\xff\x00x", problem: "it is UTF-16"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
		text, err := ReadText(t.Context(), path)
		assert.Equal(t, test.want, text, name)
		if test.problem == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, test.problem, name)
		}
	}
}

func TestReadTextDoesNotShowThePath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for path, want := range map[string]string{
		folder:                              "is a directory",
		filepath.Join(folder, "s3cret"):     "no such file or directory",
		`"` + filepath.Join(folder) + `/x"`: "no such file: its path is enclosed in quotes, which have to be removed",
	} {
		_, err := ReadText(t.Context(), path)
		assert.EqualError(t, err, want)
	}
}

func TestReadTextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause, never := errors.New("interrupted"), make(chan struct{})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		began := time.Now()
		_, err := until(ctx, func() (string, error) { <-never; return "", nil })
		assert.Equal(t, cause, err)
		assert.Equal(t, time.Second, time.Since(began))
		close(never) // so that the goroutine ends
	})
}
