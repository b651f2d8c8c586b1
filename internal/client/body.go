package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// readBody returns a body of at most 1 MiB.
func readBody(ctx context.Context, resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil {
		return unpack(body)
	}
	var late *TimeoutError
	switch err = cause(ctx, err); {
	case errors.As(err, &late):
		return nil, fmt.Errorf("the response was not complete within %v", late.Limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCutOff
	case ctx.Err() != nil:
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errCutOff, err)
}

// unpack returns a body of at most 1 MiB as text: some proxies compress although nobody requested it. JSON does not
// begin like gzip, so no header is needed to recognize that.
func unpack(body []byte) ([]byte, error) {
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	if !bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		return body, nil
	}
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body, nil // not gzip after all, and not JSON either
	}
	text, err := io.ReadAll(io.LimitReader(packed, maxBody+1))
	switch {
	case err != nil:
		return nil, errCutOff
	case len(text) > maxBody:
		return nil, errTooLarge
	}
	return text, nil
}
