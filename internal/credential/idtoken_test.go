package credential

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestActionsTokenIsRequestedWithTheAudience(t *testing.T) {
	t.Parallel()
	for requestURL, want := range map[string]string{
		"https://a.test/t//idtoken/x?api-version=2.0":           "https://a.test/t//idtoken/x?api-version=2.0&audience=sts.huaweicloud.com",
		"https://a.test/idtoken":                                "https://a.test/idtoken?audience=sts.huaweicloud.com",
		"https://a.test/?z=a%26b&audience=github":               "https://a.test/?audience=sts.huaweicloud.com&z=a%26b",
		"http://LocalHost:8080/IDToken":                         "http://localhost:8080/IDToken?audience=sts.huaweicloud.com", // no proxy
		"http://127.0.0.1:8080/idtoken?job=1&run=2&api-ver=%20": "http://127.0.0.1:8080/idtoken?api-ver=+&audience=sts.huaweicloud.com&job=1&run=2",
	} {
		c := &service{responses: []any{ok(`{"count":1,"value":"ey.ID"}`)}}
		token, err := (&ActionsToken{c.exchange(), requestURL, "runner's", "sts.huaweicloud.com"}).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "ey.ID", token)
		assert.Equal(t, []sentRequest{{"GET " + want, plainHeader("Authorization", "bearer runner's"), ""}},
			c.requests)
	}
	c := &service{responses: []any{ok(`{"value":"ey.ID"}`)}}
	_, err := (&ActionsToken{c.exchange(), "https://a.test/", "r", "a b&c"}).Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"GET https://a.test/?audience=a+b%26c"}, c.lines())
}

func TestInvalidRequestURLIsNotRetried(t *testing.T) {
	t.Parallel()
	for _, requestURL := range []string{"", "idtoken", "/idtoken", "https://", "https://s3cret:port/", "\x00"} {
		c := &service{}
		_, err := (&ActionsToken{c.exchange(), requestURL, "r", "a"}).Get(t.Context())
		assert.True(t, loginError(t, err).Rejected(), requestURL)
		assert.NotContains(t, err.Error(), "s3cret")
		assert.Empty(t, c.requests)
	}
}

func TestIDTokenOfTheWrongTypeIsAnOutage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"value":""}`, `{"value":null}`, `{"value":7}`, `{"value":{"x":1}}`} {
		c := &service{responses: []any{ok(body)}}
		_, err := (&ActionsToken{c.exchange(), "https://a.test/", "r", "a"}).Get(t.Context())
		assert.True(t, loginError(t, err).Failing(), body)
	}
}

func TestIDTokenFileIsReadEachTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	get := FileToken("ID token", path)
	for content, want := range map[string]string{"one": "one", "two\n": "two", "three\r\n": "three", "four\n\n": "four"} {
		write(t, path, content)
		token, err := get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, token)
	}
	for _, empty := range []string{"", "\n", "\r\n"} {
		write(t, path, empty)
		_, err := get(t.Context())
		assert.True(t, loginError(t, err).Rejected())
		assert.ErrorContains(t, err, "the file is empty")
	}
	require.NoError(t, os.Remove(path))
	_, err := get(t.Context())
	assert.True(t, loginError(t, err).Rejected())
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// The same rule holds when a token is renewed as when the inputs are read.
func TestIDTokenFileHoldsATokenAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	get := FileToken("ID token", path)
	for content, problem := range map[string]string{
		"\ufeff ey.ID \r\n":        "",
		strings.Repeat("x", 2<<20): "it is larger than 1 MiB",
		`"ey.ID"`:                  "it is enclosed in quotes: remove them",
		"ey.ID ey.ID":              "it contains a blank",
		"ey.ID\x1b[31m":            "it contains a blank, a line break or a character",
		"\xff\xfee\x00y\x00":       "it is UTF-16",
	} {
		write(t, path, content)
		token, err := get(t.Context())
		if problem == "" {
			require.NoError(t, err)
			assert.Equal(t, "ey.ID", token)
			continue
		}
		assert.True(t, loginError(t, err).Rejected())
		assert.ErrorContains(t, err, problem)
		assert.NotContains(t, err.Error(), "ey.ID")
	}
	_, err := FileToken("ID token", t.TempDir())(t.Context())
	assert.True(t, loginError(t, err).Rejected())
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestGivenIDTokenIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	get := GivenToken("ey.ID")
	for range 2 {
		token, err := get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "ey.ID", token)
	}
}
