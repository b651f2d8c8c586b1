package sanitize

import (
	"encoding/base64"
	"slices"
	"strings"
	"sync"
)

// Secrets redacts our own secrets where a service repeats them. It is safe for concurrent use; a nil one
// redacts nothing.
type Secrets struct {
	mu    sync.Mutex
	texts []string // to redact: the secrets in all notations
}

const (
	// minSecret is the length of the shortest secret that is redacted, in bytes. Redacting shorter ones would
	// garble ordinary text.
	minSecret = 6
	// maxEscapes is how many notations, one within another, are undone to find a secret. A secret in JSON
	// that a string of other JSON holds is escaped twice.
	maxEscapes = 2
)

// NewSecrets returns Secrets that redacts the given ones.
func NewSecrets(secrets ...string) *Secrets {
	s := &Secrets{}
	s.Add(secrets...)
	return s
}

// Add adds secrets that are redacted from now on. Those of fewer than 6 bytes are ignored.
func (s *Secrets) Add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		s.texts = append(s.texts, notations(secret)...)
	}
	slices.Sort(s.texts)
	s.texts = slices.Compact(s.texts)
}

// notations returns a secret and each of its lines as they are, in upper case as in a status, and with "+"
// for blanks as in forms; and the secret in base64. Escapes of single characters are not among them: find
// undoes those.
func notations(secret string) (texts []string) {
	if len(secret) < minSecret {
		return nil
	}
	lines := strings.FieldsFunc(secret, func(r rune) bool { return r == '\n' || r == '\r' })
	for _, text := range append(lines, secret) {
		form := strings.ReplaceAll(text, " ", "+")
		texts = append(texts, text, strings.ToUpper(text), form, strings.ToUpper(form))
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		padded := encoding.EncodeToString([]byte(secret))
		texts = append(texts, padded, strings.TrimRight(padded, "="))
		// Within a longer text, such as user:password, the characters at both ends also depend on what is
		// next to the secret, so they are left out.
		for before := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, before), secret...))
			texts = append(texts, encoded[(before*8+5)/6:(before+len(secret))*8/6])
		}
	}
	return slices.DeleteFunc(texts, func(text string) bool { return len(text) < minSecret })
}

// Redact returns text with every secret replaced by Redacted, in whatever notation it is.
func (s *Secrets) Redact(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	rest := int32(0)
	for _, found := range s.find(text, maxEscapes) {
		b.WriteString(text[rest:found.from])
		b.WriteString(Redacted)
		rest = found.to
	}
	if rest == 0 {
		return text
	}
	return b.String() + text[rest:]
}

// find returns where secrets are in text, in order and without overlaps. It undoes up to depth notations, one
// within another.
func (s *Secrets) find(text string, depth int) (found []span) {
	for _, secret := range s.texts {
		for from := 0; ; {
			i := strings.Index(text[from:], secret)
			if i < 0 {
				break
			}
			begin := from + i
			from = begin + len(secret)
			found = append(found, span{int32(begin), int32(from)})
		}
	}
	if depth == 0 {
		return merge(found)
	}
	for _, e := range escapes {
		if plain := e.undo(text); plain != text {
			found = append(found, e.origins(text, s.find(plain, depth-1))...)
		}
	}
	return merge(found)
}
