package sanitize

import (
	"encoding/json"
	"strings"

	"github.com/dmswait/dmswait/internal/jsontext"
)

// Redacted stands for a value that must not be shown.
const Redacted = "***"

var sensitive = []string{"password", "passwd", "secret", "token", "credential"}

// isSensitive reports whether text contains a word that names secrets.
func isSensitive(text string) bool {
	text = strings.ToLower(text)
	for _, word := range sensitive {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// RedactParams returns a task's parameters redacted, and reports whether they are JSON. Our own secrets are
// redacted, and in JSON the values under keys that name a secret, at any depth, and also within JSON in a
// string. Keys keep their order and numbers their text. A text that is not JSON, or is a single JSON string,
// is redacted whole if it contains a word that names a secret. Text with nothing to redact is returned
// unchanged.
func RedactParams(text string, own *Secrets) (redacted string, isJSON bool) {
	text = own.Redact(text)
	if !canNest(text) {
		if isSensitive(text) {
			return Redacted, false
		}
		return text, false
	}
	value, _ := jsontext.Parse([]byte(text))
	if scalar, _ := jsontext.String(value); isSensitive(scalar) {
		return QuoteJSON(Redacted), true
	}
	if result, found := redactJSON(text, own); found {
		return result, true
	}
	return text, true
}

// canNest reports whether text is JSON that can be a value within other JSON: parsers, Go's among them, limit
// the depth.
func canNest(text string) bool {
	return json.Valid([]byte(text)) && json.Valid([]byte("["+text+"]"))
}

// redactJSON redacts valid JSON, and reports whether there was anything to redact.
func redactJSON(text string, own *Secrets) (redacted string, found bool) {
	// Escapes can spell a key or a secret in other ways.
	if !isSensitive(text) && !strings.Contains(text, `\`) {
		return text, false
	}
	r := redactor{own: own, in: jsontext.NewReader([]byte(text))}
	r.copyValue()
	return r.out.String(), r.found
}

// redactor copies valid JSON from in to out, and redacts it.
type redactor struct {
	own   *Secrets
	in    *jsontext.Reader
	out   strings.Builder
	found bool // something was redacted
}

func (r *redactor) copyValue() {
	switch begin := r.in.Next(); begin {
	case '{':
		r.copyMembers(begin, '}')
	case '[':
		r.copyMembers(begin, ']')
	case '"':
		r.out.WriteString(QuoteJSON(r.redactString(r.in.Text())))
	default: // a number, true, false or null
		r.out.Write(r.in.Value())
	}
}

// copyMembers copies an object or array.
func (r *redactor) copyMembers(open, end byte) {
	r.out.WriteByte(open)
	r.in.Enter()
	for separator := ""; r.in.More(); separator = "," {
		r.out.WriteString(separator)
		secret := false
		if open == '{' {
			name := r.in.Text()
			r.out.WriteString(QuoteJSON(r.redactOwn(name)) + ":")
			secret = isSensitive(name)
		}
		if secret {
			r.in.Value() // is skipped
			r.out.WriteString(QuoteJSON(Redacted))
			r.found = true
		} else {
			r.copyValue()
		}
	}
	r.out.WriteByte(end)
}

// redactOwn returns text without our own secrets.
func (r *redactor) redactOwn(text string) string {
	result := r.own.Redact(text)
	r.found = r.found || result != text
	return result
}

// redactString returns a string redacted. One that holds JSON, as the API's params do, is redacted like JSON,
// and one that assigns a value to a secret in another notation is redacted whole. Any other is returned
// unchanged.
func (r *redactor) redactString(text string) string {
	text = r.redactOwn(text)
	trimmed := strings.TrimSpace(text)
	if trimmed != "" && strings.IndexByte(`{["`, trimmed[0]) >= 0 && json.Valid([]byte(text)) {
		if result, found := redactJSON(text, r.own); found {
			r.found = true
			return result
		}
	}
	if assignsSecret(text) {
		r.found = true
		return Redacted
	}
	return text
}

// assignsSecret reports whether text assigns a value to a secret, as "password=x" and "'token': 'x'" do.
func assignsSecret(text string) bool {
	text = strings.ToLower(text)
	for _, word := range sensitive {
		for rest := text; ; {
			_, after, found := strings.Cut(rest, word)
			if !found {
				break
			}
			next := strings.TrimLeft(after, " '\"\\")
			if strings.HasPrefix(next, "=") || strings.HasPrefix(next, ":") {
				return true
			}
			rest = after
		}
	}
	return false
}
