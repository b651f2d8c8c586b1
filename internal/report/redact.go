package report

import (
	"bytes"
	"encoding/json"
	"strings"
)

// stars stand for a value that is not for everybody.
const stars = "***"

var sensitive = []string{"password", "passwd", "secret", "token", "credential"}

func isSensitive(text string) bool {
	text = strings.ToLower(text)
	for _, word := range sensitive {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// redact makes compact JSON of text that is JSON, with stars for the values under keys that name a secret, at any depth, and in JSON that is held by strings.
// Keys keep their order and numbers their text. Text that is not JSON stays as it is, or becomes stars as a whole.
func redact(text string) (redacted string, isJSON bool) {
	if !json.Valid([]byte(text)) {
		if isSensitive(text) {
			return stars, false
		}
		return text, false
	}
	// Nothing to hide, the common case: every character stays. An escape might spell a key in other ways.
	if !isSensitive(text) && !strings.Contains(text, `\u`) {
		var b bytes.Buffer
		json.Compact(&b, []byte(text))
		return b.String(), true
	}
	if text = strings.TrimSpace(text); text[0] == '"' && isSensitive(text) {
		return quoteJSON(stars), true
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var b strings.Builder
	redactValue(&b, decoder)
	return b.String(), true
}

// redactValue copies the next value of what is known to be valid JSON.
func redactValue(b *strings.Builder, decoder *json.Decoder) {
	token, _ := decoder.Token()
	switch token := token.(type) {
	case json.Delim:
		redactMembers(b, decoder, token)
	case string:
		b.WriteString(quoteJSON(redactString(token)))
	case json.Number:
		b.WriteString(token.String())
	default:
		text, _ := json.Marshal(token) // true, false, null
		b.Write(text)
	}
}

// redactMembers copies the rest of an object or array after its opening bracket.
func redactMembers(b *strings.Builder, decoder *json.Decoder, open json.Delim) {
	b.WriteString(open.String())
	for separator := ""; decoder.More(); separator = "," {
		b.WriteString(separator)
		hide := false
		if open == '{' {
			key, _ := decoder.Token()
			name, _ := key.(string)
			b.WriteString(quoteJSON(name) + ":")
			hide = isSensitive(name)
		}
		if hide {
			var skipped json.RawMessage
			decoder.Decode(&skipped)
			b.WriteString(quoteJSON(stars))
		} else {
			redactValue(b, decoder)
		}
	}
	end, _ := decoder.Token()
	b.WriteString(end.(json.Delim).String())
}

// redactString looks into JSON that is held by a string, as the API holds params.
func redactString(text string) string {
	if inner := strings.TrimSpace(text); strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") {
		if redacted, isJSON := redact(inner); isJSON && isSensitive(inner) {
			return redacted
		}
	}
	return text
}

// quoteJSON writes text as a JSON string, with <, > and & as they are.
func quoteJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}
