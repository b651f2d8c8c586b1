package config

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/file"
)

// maxReadTime is how long reading a file may take. It is long because a pipe may come from a command that
// asks somebody for a passphrase.
const maxReadTime = time.Minute

// readText reads a small file. Errors do not contain its path.
func readText(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxReadTime, errors.New("timed out after a minute"))
	defer cancel()
	return file.ReadText(ctx, path)
}

// readSecret reads a secret input from a file. The error's text continues a sentence that begins with the input's name.
func readSecret(ctx context.Context, in *Input, path string) (string, error) {
	text, err := readText(ctx, path)
	if err != nil {
		return "", fmt.Errorf("cannot be read from its file: %w", err)
	}
	secret := trim(in, text)
	if secret == "" {
		return "", errors.New("cannot be read from its file: it is empty")
	}
	return secret, nil
}
