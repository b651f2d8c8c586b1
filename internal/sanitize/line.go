// Package sanitize makes text safe to print. It knows what control characters, workflow commands, Markdown and shells act
// on, and which values are secret; it never decides what is printed or where.
package sanitize

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// command matches the start of what a CI system takes for a command anywhere in a line: ##[ in GitHub Actions and Azure
// Pipelines, ##vso[ in the latter, ##teamcity[ in TeamCity.
var command = regexp.MustCompile(`##(\pL*\[)`)

// Line returns text as one line that is safe in a terminal and in a CI system's log: control characters, line breaks and
// invisible characters are written out, and what would be taken for a command is broken up.
func Line(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[0]), 16))
		case Visible(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		text = text[size:]
	}
	line := command.ReplaceAllString(b.String(), `#\x23$1`)
	// GitHub's runner also accepts "::" after leading blanks.
	if strings.HasPrefix(strings.TrimLeft(line, " "), "::") {
		line = strings.Replace(line, "::", `:\x3a`, 1)
	}
	return line
}

// Visible reports whether a character can be seen. Some that Go regards as printable cannot: fillers and variation
// selectors, which runners skip when they look for a command.
func Visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// ASCII returns text as a line of ASCII, where a byte takes up one column.
func ASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, Line(text))
}

// Truncate returns text, cut to at most maxBytes, with "…" where it was cut.
func Truncate(text string, maxBytes int) string {
	if len(text) <= maxBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxBytes], "") + "…"
}

// maxWord is how long a word may be, in bytes.
const maxWord = 64

// Word returns text with everything but letters, digits, ".", "_" and "-" replaced by "_", and cut to 64 bytes: what an
// id, a code or a status consists of.
func Word(text string) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, text)
	return word[:min(len(word), maxWord)]
}

// IsWord reports whether text is a word, and not empty.
func IsWord(text string) bool { return text != "" && Word(text) == text }

// Markdown returns text as it may stand in a cell of a table: whatever Markdown, HTML or GitHub act on is written as a
// character reference.
func Markdown(text string) string {
	var b strings.Builder
	for _, r := range Line(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r > '~', strings.ContainsRune(" .,;-/()+=?", r):
			b.WriteRune(r)
		default:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;") // which would become a link
}
