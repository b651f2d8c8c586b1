package report

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Hider takes secrets out of texts: those of our own that somebody sends back to us. It is safe for concurrent use, and a nil one hides nothing.
type Hider struct {
	mu    sync.Mutex
	texts []string // what gives the secrets away, see notations
}

const (
	// shortestSecret is in bytes. A shorter one is none, and to replace it would garble everything.
	shortestSecret = 6
	// deepest is how many escapes, one within another, are undone to find a secret. A request in JSON,
	// quoted in a JSON string, has two.
	deepest = 2
)

// NewHider hides these secrets.
func NewHider(secrets []string) *Hider {
	h := &Hider{}
	h.Add(secrets...)
	return h
}

// Add hides more secrets from now on.
func (h *Hider) Add(secrets ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, secret := range secrets {
		h.texts = append(h.texts, notations(secret)...)
	}
	slices.Sort(h.texts)
	h.texts = slices.Compact(h.texts)
}

// notations lists the texts that give a secret away: the secret and each of its lines, in upper case
// as a status is shown, with "+" for blanks as in forms, and in base64. Find undoes escapes by itself.
func notations(secret string) (texts []string) {
	if len(secret) < shortestSecret {
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
		// Within a longer text, such as user:password, the characters at both ends depend on what is
		// beside the secret, so they are left.
		for before := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, before), secret...))
			texts = append(texts, encoded[(before*8+5)/6:(before+len(secret))*8/6])
		}
	}
	return slices.DeleteFunc(texts, func(text string) bool { return len(text) < shortestSecret })
}

// Hide returns text without the secrets.
func (h *Hider) Hide(text string) string {
	if h == nil {
		return text
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	rest := int32(0)
	for _, s := range h.find(text, deepest) {
		b.WriteString(text[rest:s.from])
		b.WriteString(stars)
		rest = s.to
	}
	if rest == 0 {
		return text
	}
	return b.String() + text[rest:]
}

// find returns where secrets are in text, in order and without overlaps. It undoes up to depth escapes,
// one within another.
func (h *Hider) find(text string, depth int) (found []place) {
	for _, secret := range h.texts {
		for from := 0; ; {
			i := strings.Index(text[from:], secret)
			if i < 0 {
				break
			}
			begin := from + i
			from = begin + len(secret)
			found = append(found, place{int32(begin), int32(from)})
		}
	}
	if depth == 0 {
		return united(found)
	}
	for _, e := range escapes {
		if plain := e.undo(text); plain != text {
			found = append(found, e.origins(text, h.find(plain, depth-1))...)
		}
	}
	return united(found)
}

// Error is an error's text without the secrets. They are hidden before the error cuts what it quotes, since half a secret can't be told from other text.
func (h *Hider) Error(err error) string {
	e := answerIn(err)
	if e == nil {
		return h.Hide(err.Error())
	}
	hidden := *e
	hidden.Code, hidden.Message, hidden.Answer.RequestID = h.Hide(e.Code), h.Hide(e.Message), h.Hide(e.Answer.RequestID)
	if e.Err != nil {
		hidden.Err = errors.New(h.Hide(e.Err.Error()))
	}
	return hidden.Error()
}
