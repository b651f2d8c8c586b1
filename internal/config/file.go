package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// longestRead is how long a file may take: a pipe may come from a command that asks somebody for a passphrase.
const longestRead = time.Minute

// readSecret reads a secret from a file.
func readSecret(ctx context.Context, path string) (string, error) {
	content, err := readFile(ctx, path)
	if err != nil {
		return "", fmt.Errorf("its file can't be read: %w", err)
	}
	secret := cutNewline(string(content))
	if secret == "" {
		return "", errors.New("its file is empty")
	}
	return secret, nil
}

// readFile reads a small file. Its errors don't show the path: whoever took the variable for that of the secret itself has the secret there.
func readFile(ctx context.Context, path string) ([]byte, error) {
	return soon(ctx, func() ([]byte, error) { return readSmall(path) })
}

// soon gives a reading up that takes too long, or when ctx ends. The reading itself goes on: nothing can end it where a pipe has no writer.
func soon(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestRead, errors.New("it did not come to its end within a minute"))
	defer cancel()
	var content []byte
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		content, err = read()
	}()
	select {
	case <-done:
		return content, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func readSmall(path string) ([]byte, error) {
	const longest = 1 << 20
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	// What is read counts, not the size that is told: a pipe and a device tell none.
	content, err := io.ReadAll(io.LimitReader(file, longest+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(content) > longest {
		return nil, errors.New("it is longer than any secret")
	}
	return content, nil
}

func withoutPath(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}
