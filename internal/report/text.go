package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes one harmless line of any text: control characters, line breaks and characters that hide or turn others are written out,
// and what a runner of GitHub Actions would take for a command is broken up.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[0]), 16))
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		text = text[size:]
	}
	line := strings.ReplaceAll(b.String(), "##[", `#\x23[`)
	// The runner looks for "::" behind leading blanks too.
	if strings.HasPrefix(strings.TrimLeft(line, " "), "::") {
		line = strings.Replace(line, "::", `:\x3a`, 1)
	}
	return line
}

// plain keeps what an id, a code or a status is made of, since messages go where nothing else is safe.
func plain(text string) string {
	const longest = 64
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, text)
	return kept[:min(len(kept), longest)]
}

// Hider takes secrets out of texts: those of our own that somebody sends back to us.
type Hider struct{ replacer *strings.Replacer }

// shortestSecret is in bytes. A shorter one is none, and to replace it would garble everything.
const shortestSecret = 6

// NewHider hides these values, and each of their lines.
func NewHider(secrets []string) Hider {
	var pairs []string
	for _, secret := range secrets {
		for _, part := range append([]string{secret}, strings.Split(secret, "\n")...) {
			if len(part) >= shortestSecret {
				pairs = append(pairs, part, "***")
			}
		}
	}
	return Hider{strings.NewReplacer(pairs...)}
}

// Hide returns text without the secrets.
func (h Hider) Hide(text string) string {
	if h.replacer == nil {
		return text
	}
	return h.replacer.Replace(text)
}
