package sanitize

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"

	"github.com/dmswait/dmswait/internal/jsontext"
)

// JSON returns valid JSON as one line that is safe in a terminal and in a CI system's log: what Line would
// escape is escaped as in JSON. It means the same to a parser.
func JSON(encoded string) string {
	encoded = breakCommands(encoded, `\u0023`)
	var b strings.Builder
	for _, r := range encoded {
		switch {
		case Visible(r):
			b.WriteRune(r)
		case r == '\n', r == '\r', r == '\t': // between values, since strings cannot hold it
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			writeUnit(&b, high)
			writeUnit(&b, low)
		default:
			writeUnit(&b, r)
		}
	}
	return b.String()
}

// ShellJSON returns valid JSON without blanks, and with all characters of its strings escaped but letters,
// digits and -_.:/, so that a shell that reads it after NAME= runs nothing.
func ShellJSON(encoded string) string {
	encoded = CompactJSON(encoded)
	var b strings.Builder
	for i := 0; i < len(encoded); {
		if encoded[i] != '"' {
			b.WriteByte(encoded[i])
			i++
			continue
		}
		end := i + 1
		for ; encoded[end] != '"'; end++ {
			if encoded[end] == '\\' {
				end++
			}
		}
		text, _ := jsontext.String([]byte(encoded[i : end+1])) // valid, as encoded is
		writeShellString(&b, text)
		i = end + 1
	}
	return b.String()
}

func writeShellString(b *strings.Builder, text string) {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/"
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(text)) {
		if unit < 0x80 && strings.IndexByte(plain, byte(unit)) >= 0 {
			b.WriteByte(byte(unit))
		} else {
			writeUnit(b, rune(unit))
		}
	}
	b.WriteByte('"')
}

// writeUnit writes a UTF-16 unit as \uXXXX.
func writeUnit(b *strings.Builder, unit rune) {
	const hex = "0123456789abcdef"
	b.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(hex[unit>>shift&0xf])
	}
}

// QuoteJSON returns text as a JSON string, with <, > and & as they are.
func QuoteJSON(text string) string {
	return jsontext.Quote(text)
}

// CompactJSON returns valid JSON without the blanks between values. Everything else keeps its spelling.
func CompactJSON(encoded string) string {
	var b bytes.Buffer
	json.Compact(&b, []byte(encoded))
	return b.String()
}
