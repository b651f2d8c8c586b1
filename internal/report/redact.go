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

// redact puts stars for the values under keys that name a secret, at any depth, and in JSON that is held by strings. Keys keep their order and numbers their text.
// Text that is not JSON becomes stars as a whole if it may hold a secret; so does a JSON string. Secrets of our own are hidden too, in whatever way
// JSON escapes them. Where there is nothing to hide, text stays as it is.
func redact(text string, own *Hider) (redacted string, isJSON bool) {
	text = own.Hide(text)
	if !isNestable(text) {
		if isSensitive(text) {
			return stars, false
		}
		return text, false
	}
	var scalar string
	if json.Unmarshal([]byte(text), &scalar) == nil && isSensitive(scalar) {
		return quoteJSON(stars), true
	}
	if hidden, found := hide(text, own); found {
		return hidden, true
	}
	return text, true
}

// compact takes the blanks out of what is known to be valid JSON.
func compact(text string) string {
	var b bytes.Buffer
	json.Compact(&b, []byte(text))
	return b.String()
}

// isNestable tells whether text is JSON that can stand within JSON of our own: parsers, Go's among them, take nesting to a limit only.
func isNestable(text string) bool {
	return json.Valid([]byte(text)) && json.Valid([]byte("["+text+"]"))
}

// hide redacts what is known to be valid JSON, and tells whether there was anything to hide.
func hide(text string, own *Hider) (hidden string, found bool) {
	// An escape might spell a key or a secret in other ways.
	if !isSensitive(text) && !strings.Contains(text, `\`) {
		return text, false
	}
	r := redactor{own: own, decoder: json.NewDecoder(strings.NewReader(text))}
	r.decoder.UseNumber()
	r.value()
	return r.out.String(), r.hid
}

// redactor copies what is known to be valid JSON.
type redactor struct {
	own     *Hider
	decoder *json.Decoder
	out     strings.Builder
	hid     bool // something was hidden
}

// value copies the next value.
func (r *redactor) value() {
	token, _ := r.decoder.Token()
	switch token := token.(type) {
	case json.Delim:
		r.members(token)
	case string:
		r.out.WriteString(quoteJSON(r.inner(token)))
	case json.Number:
		r.out.WriteString(token.String())
	default:
		text, _ := json.Marshal(token) // true, false, null
		r.out.Write(text)
	}
}

// members copies the rest of an object or array after its opening bracket.
func (r *redactor) members(open json.Delim) {
	r.out.WriteString(open.String())
	for separator := ""; r.decoder.More(); separator = "," {
		r.out.WriteString(separator)
		hide := false
		if open == '{' {
			key, _ := r.decoder.Token()
			name, _ := key.(string)
			r.out.WriteString(quoteJSON(r.hide(name)) + ":")
			hide = isSensitive(name)
		}
		if hide {
			var skipped json.RawMessage
			r.decoder.Decode(&skipped)
			r.out.WriteString(quoteJSON(stars))
			r.hid = true
		} else {
			r.value()
		}
	}
	end, _ := r.decoder.Token()
	r.out.WriteString(end.(json.Delim).String())
}

// hide takes secrets of our own out of text.
func (r *redactor) hide(text string) string {
	hidden := r.own.Hide(text)
	r.hid = r.hid || hidden != text
	return hidden
}

// inner looks into JSON that is held by a string, as the API holds params, and hides a string that gives a secret its value in another notation.
// A string without secrets stays as it is.
func (r *redactor) inner(text string) string {
	text = r.hide(text)
	hidden, found := text, false
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, `"`) {
		if json.Valid([]byte(text)) {
			hidden, found = hide(text, r.own)
		}
	}
	if !found && assigns(text) {
		hidden, found = stars, true
	}
	if !found {
		return text
	}
	r.hid = true
	return hidden
}

// assigns tells whether text gives a secret its value, as "password=x" and "'token': 'x'" do.
func assigns(text string) bool {
	text = strings.ToLower(text)
	for _, word := range sensitive {
		for rest := text; ; {
			_, after, found := strings.Cut(rest, word)
			if !found {
				break
			}
			if next := strings.TrimLeft(after, " '\"\\"); strings.HasPrefix(next, "=") || strings.HasPrefix(next, ":") {
				return true
			}
			rest = after
		}
	}
	return false
}

// quoteJSON writes text as a JSON string, with <, > and & as they are.
func quoteJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}
