package sanitize

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// JSON returns valid JSON with everything escaped that Line would write out. It means the same to a parser.
func JSON(encoded string) string {
	encoded = command.ReplaceAllString(encoded, `#\u0023$1`)
	var b strings.Builder
	for _, r := range encoded { // what is not visible can stand in strings only
		switch {
		case Visible(r):
			b.WriteRune(r)
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

// ShellJSON returns valid JSON with all but the plainest characters of its strings escaped: a shell that reads it after
// NAME= runs nothing, whatever the strings hold.
func ShellJSON(encoded string) string {
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
		var text string
		json.Unmarshal([]byte(encoded[i:end+1]), &text) // valid by contract
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
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}

// CompactJSON returns valid JSON without blanks.
func CompactJSON(encoded string) string {
	var b bytes.Buffer
	json.Compact(&b, []byte(encoded))
	return b.String()
}
