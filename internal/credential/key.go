package credential

import (
	"errors"
	"strings"
)

// TrimToken returns the token in the text of a file: without the blanks and line breaks around it, as the official SDK
// reads it.
func TrimToken(text string) string { return strings.TrimSpace(text) }

// CheckKey returns what no key, token, id or URN contains but a value has: quotes, blanks, control characters. It is
// checked before anything is sent, because each wrong try counts towards a lock. The error does not contain the value,
// and its text continues a sentence that begins with the value's name.
func CheckKey(value string) error {
	if IsQuoted(value) {
		return errors.New("is enclosed in quotes: remove them")
	}
	for _, r := range value {
		switch {
		case strings.ContainsRune("\"'`", r):
			return errors.New("contains a quote, which no key, token or URN has: give the value alone")
		case r <= ' ' || r > '~':
			return errors.New("contains a blank, a line break or a character that no key, token or URN has: " +
				"give the value alone, without quotes or line breaks")
		}
	}
	return nil
}

// IsQuoted reports whether a value is enclosed in quotes, as files for docker --env-file and YAML in YAML leave them.
func IsQuoted(value string) bool {
	for _, pair := range []string{`""`, "''", "``", "“”", "‘’"} {
		opening, closing := pair[:len(pair)/2], pair[len(pair)/2:]
		if len(value) >= len(pair) && strings.HasPrefix(value, opening) && strings.HasSuffix(value, closing) {
			return true
		}
	}
	return false
}
