// Package jsontext reads and writes JSON text, with the results that encoding/json has. It takes values apart as text:
// decoding into Go values needs reflection, which would be a thirtieth of the binary. It never checks what it reads:
// except for Parse and ParseObject, the text must be valid JSON.
package jsontext

import (
	"encoding/json"
	"unicode/utf16"
	"unicode/utf8"
)

// Reader reads valid JSON from its beginning, piece by piece.
type Reader struct{ rest []byte }

// NewReader returns a Reader of valid JSON.
func NewReader(valid []byte) *Reader { return &Reader{valid} }

// Next returns the first byte of the next piece: a bracket, or the first of a string, number or word; 0 at the end.
func (r *Reader) Next() byte {
	for i, c := range r.rest {
		switch c {
		case ' ', '\t', '\r', '\n', ',', ':': // which are where they have to be
		default:
			r.rest = r.rest[i:]
			return c
		}
	}
	r.rest = nil
	return 0
}

// Enter passes the opening bracket of an array or object.
func (r *Reader) Enter() {
	r.Next()
	r.rest = r.rest[1:]
}

// More reports whether an array or object has another element. It passes the closing bracket otherwise.
func (r *Reader) More() bool {
	switch r.Next() {
	case 0:
		return false
	case ']', '}':
		r.rest = r.rest[1:]
		return false
	}
	return true
}

// Text reads a string.
func (r *Reader) Text() string { return unquote(r.Value()) }

// Value reads a value, and returns its text.
func (r *Reader) Value() []byte {
	r.Next()
	depth, end := 0, 0
	for end < len(r.rest) {
		switch c := r.rest[end]; c {
		case '"':
			end = stringEnd(r.rest, end)
			if depth == 0 {
				return r.take(end)
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // behind a number or word
				return r.take(end)
			}
			depth--
			if depth == 0 {
				return r.take(end + 1)
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 { // behind a number or word
				return r.take(end)
			}
		}
		end++
	}
	return r.take(end)
}

func (r *Reader) take(n int) []byte {
	value := r.rest[:n:n]
	r.rest = r.rest[n:]
	return value
}

// stringEnd returns the index behind the string that begins at start.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// Parse returns a JSON value without the blanks around it. It is false where data is not valid JSON.
func Parse(data []byte) ([]byte, bool) {
	if !json.Valid(data) {
		return nil, false
	}
	return NewReader(data).Value(), true
}

// ParseObject returns the members of an object by name, none for null. It is false where data is not valid JSON, or
// another value.
func ParseObject(data []byte) (map[string]json.RawMessage, bool) {
	value, ok := Parse(data)
	if !ok || value[0] != '{' {
		return nil, ok && value[0] == 'n'
	}
	members := map[string]json.RawMessage{}
	r := NewReader(value)
	for r.Enter(); r.More(); {
		name := r.Text()
		members[name] = r.Value()
	}
	return members, true
}

// String returns the text of a string, empty for null. It is false where the value is another.
func String(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", string(value) == "null"
	}
	return unquote(value), true
}

// unquote returns the text of a string. As with encoding/json, what is no character becomes U+FFFD.
func unquote(quoted []byte) string {
	s := quoted[1 : len(quoted)-1]
	text := make([]byte, 0, len(s))
	for len(s) > 0 {
		if s[0] != '\\' {
			r, size := utf8.DecodeRune(s)
			text = utf8.AppendRune(text, r)
			s = s[size:]
			continue
		}
		c := s[1]
		if c == 'u' {
			unit := unitAt(s)
			s = s[6:]
			if utf16.IsSurrogate(unit) {
				if pair := utf16.DecodeRune(unit, unitAt(s)); pair != utf8.RuneError {
					unit, s = pair, s[6:]
				}
			}
			text = utf8.AppendRune(text, unit)
			continue
		}
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		text = append(text, c)
		s = s[2:]
	}
	return string(text)
}

// unitAt returns the UTF-16 unit whose escape s begins with, or -1.
func unitAt(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range s[2:6] {
		digit := c - '0'
		if c >= 'A' {
			digit = c&^0x20 - 'A' + 10
		}
		unit = unit<<4 | rune(digit)
	}
	return unit
}

// Quote returns text as a string, with <, > and & as they are.
func Quote(text string) string {
	const hex = "0123456789abcdef"
	quoted := append(make([]byte, 0, len(text)+2), '"')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"', r == '\\':
			quoted = append(quoted, '\\', byte(r))
		case r == '\b':
			quoted = append(quoted, `\b`...)
		case r == '\f':
			quoted = append(quoted, `\f`...)
		case r == '\n':
			quoted = append(quoted, `\n`...)
		case r == '\r':
			quoted = append(quoted, `\r`...)
		case r == '\t':
			quoted = append(quoted, `\t`...)
		case r < ' ':
			quoted = append(quoted, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		case r == utf8.RuneError && size == 1:
			quoted = append(quoted, `\ufffd`...)
		case r == '\u2028':
			quoted = append(quoted, `\u2028`...)
		case r == '\u2029':
			quoted = append(quoted, `\u2029`...)
		default:
			quoted = append(quoted, text[i:i+size]...)
		}
		i += size
	}
	return string(append(quoted, '"'))
}
