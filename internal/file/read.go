package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxText is in bytes; no secret, token or profile is longer.
const maxText = 1 << 20

// ReadText reads a small text file, without the byte order mark that editors on Windows begin one with. It returns an
// error for UTF-16, for more than 1 MiB, and the cause of ctx as soon as that ends: where a pipe has no writer, the
// read is left behind. Errors do not contain the path: someone may have confused a variable that names a file with
// that of the secret itself, and the path is then the secret.
func ReadText(ctx context.Context, path string) (string, error) {
	return until(ctx, func() (string, error) { return readText(path) })
}

func until(ctx context.Context, read func() (string, error)) (string, error) {
	var text string
	var err error
	done := make(chan struct{})
	go func() { // nothing can end it
		defer close(done)
		text, err = read()
	}()
	select {
	case <-done:
		return text, err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func readText(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && strings.Trim(path, `"'`) != path {
			return "", errors.New("no such file: its path is enclosed in quotes, which have to be removed")
		}
		return "", withoutPath(err)
	}
	defer file.Close()
	// The bytes read count, not the reported size: pipes and devices report none.
	content, err := io.ReadAll(io.LimitReader(file, maxText+1))
	text := string(content)
	switch {
	case err != nil:
		return "", withoutPath(err)
	case len(text) > maxText:
		return "", errors.New("it is larger than 1 MiB")
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "", errors.New("it is UTF-16, as PowerShell writes it: save it as UTF-8")
	}
	return strings.TrimPrefix(text, "\ufeff"), nil
}

func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
