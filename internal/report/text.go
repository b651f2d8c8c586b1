package report

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// marked is what begins a command anywhere in a line: ##[ for GitHub Actions and Azure Pipelines, ##vso[
// for the latter, ##teamcity[ for TeamCity.
var marked = regexp.MustCompile(`##(\pL*\[)`)

// visible makes one harmless line of any text: control characters, line breaks and characters that hide or turn others are written out,
// and what a runner would take for a command is broken up.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[0]), 16))
		case shows(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		text = text[size:]
	}
	line := marked.ReplaceAllString(b.String(), `#\x23$1`)
	// The runner looks for "::" behind leading blanks too.
	if strings.HasPrefix(strings.TrimLeft(line, " "), "::") {
		line = strings.Replace(line, "::", `:\x3a`, 1)
	}
	return line
}

// shows tells whether a character can be seen. Some that Go takes for printable can't: fillers and selectors of variants.
// Runners pass over those where they look for a command.
func shows(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// cut leaves so many bytes of a text, at most.
func cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// Human shows a time as people say it: 300ms, 5.2s, 1m30s, 1h.
func Human(d time.Duration) string {
	switch {
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// longestWord is how long a word of the service may be in a message.
const longestWord = 64

// isPlain tells of a code or an id that it looks like one. What does not is no part of a message, since messages go where nothing else is safe.
func isPlain(text string) bool {
	return text != "" && len(text) <= longestWord && plain(text) == text
}

// plain keeps what an id, a code or a status is made of.
func plain(text string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, text)
	return kept[:min(len(kept), longestWord)]
}
