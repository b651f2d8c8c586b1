// Package sanitize makes text safe to print: a terminal, a CI system, Markdown or a shell acts on nothing in
// it, and secrets in it are redacted. It does not decide what is printed or where, and it rejects no text.
package sanitize

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line that is safe in a terminal and in a CI system's log: control characters, line
// breaks and invisible characters are written as escapes, and one character of anything that would start a
// workflow command.
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
	line := breakCommands(b.String(), `\x23`)
	// GitHub's runner also accepts "::" after blanks.
	if strings.HasPrefix(strings.TrimLeft(line, " "), "::") {
		line = strings.Replace(line, "::", `:\x3a`, 1)
	}
	return line
}

// breakCommands escapes the second # of ## where a CI system would see a command, anywhere in a line: ##[ in
// GitHub Actions and Azure Pipelines, ##vso[ in the latter, ##teamcity[ in TeamCity.
func breakCommands(text, hash string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "##")
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i+1])
		text = text[i+1:]
		// Not a regular expression: running one would take up 60 kB of the binary.
		if strings.HasPrefix(strings.TrimLeftFunc(text[1:], unicode.IsLetter), "[") {
			b.WriteString(hash)
			text = text[1:]
		}
	}
}

// Visible reports whether a character can be seen. Some that Go regards as printable cannot: fillers and variation
// selectors, which CI systems skip when they look for a command.
func Visible(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// ASCII returns what Line does with "?" for every character outside ASCII, so that each byte takes up one column.
func ASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, Line(text))
}

// Truncate returns text if it has at most maxChars characters, and otherwise its first maxChars and "…": a
// service may respond with a megabyte of them.
func Truncate(text string, maxChars int) string {
	for i := range text {
		if maxChars == 0 {
			return text[:i] + "…"
		}
		maxChars--
	}
	return text
}

// Word returns text as it may stand in a message that is written everywhere: as ids, codes and statuses look. All
// characters but ASCII letters, digits, ".", "_" and "-" are replaced by "_", and what exceeds 64 bytes is cut off.
func Word(text string) string {
	const maxBytes = 64
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, text)
	return word[:min(len(word), maxBytes)]
}

// IsWord reports whether Word returns text as it is, and text is not empty.
func IsWord(text string) bool { return text != "" && Word(text) == text }

// Markdown returns what Line does as it may stand in a cell of a Markdown table: characters that Markdown,
// HTML or GitHub act on are written as character references.
func Markdown(text string) string {
	var b strings.Builder
	for _, r := range Line(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r > '~',
			strings.ContainsRune(" .,;-/()+=?", r):
			b.WriteRune(r)
		default:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;") // which would become a link
}
