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

const (
	// maxReadTime is how long reading a file may take. It is long because a pipe may come from a command that
	// asks somebody for a passphrase.
	maxReadTime = time.Minute
	// maxFileSize is in bytes; no secret and no profile is longer.
	maxFileSize = 1 << 20
)

// readSecret reads a secret from a file. The error's text continues a sentence that begins with the input's
// name.
func readSecret(ctx context.Context, path string) (string, error) {
	content, err := readFile(ctx, path)
	if err != nil {
		return "", fmt.Errorf("cannot be read from its file: %w", err)
	}
	secret := trimNewline(string(content))
	if secret == "" {
		return "", errors.New("cannot be read from its file: it is empty")
	}
	return secret, nil
}

// readFile reads a small file. Errors do not contain the path: someone may have confused the variable with that
// of the secret itself, and the path is then the secret.
func readFile(ctx context.Context, path string) ([]byte, error) {
	return readInTime(ctx, func() ([]byte, error) { return readSmall(path) })
}

// readInTime returns what read returns, or an error as soon as ctx ends or maxReadTime is over. In that case
// read is left behind: where a pipe has no writer, nothing can end it.
func readInTime(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxReadTime, errors.New("timed out after a minute"))
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
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	// The bytes read count, not the reported size: pipes and devices report none.
	content, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(content) > maxFileSize {
		return nil, errors.New("it is larger than 1 MiB")
	}
	return content, nil
}

func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
