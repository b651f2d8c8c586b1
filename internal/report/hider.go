package report

import (
	"errors"
	"slices"
	"strings"
	"sync"
)

// Hider takes secrets out of texts: those of our own that somebody sends back to us. It is safe for concurrent use, and a nil one hides nothing.
type Hider struct {
	mu       sync.Mutex
	parts    []string // the secrets, and each line of them
	replacer *strings.Replacer
}

// shortestSecret is in bytes. A shorter one is none, and to replace it would garble everything.
const shortestSecret = 6

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
		lines := strings.FieldsFunc(secret, func(r rune) bool { return r == '\n' || r == '\r' })
		// In JSON a secret with a quote in it reads otherwise.
		escaped := strings.Trim(quoteJSON(secret), `"`)
		for _, part := range append(lines, secret, escaped) {
			if len(part) >= shortestSecret && !slices.Contains(h.parts, part) {
				h.parts = append(h.parts, part, strings.ToUpper(part)) // as a status is shown
			}
		}
	}
	// The longest first: of one that begins with another, no rest may stay.
	slices.SortStableFunc(h.parts, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, part := range h.parts {
		pairs = append(pairs, part, stars)
	}
	h.replacer = strings.NewReplacer(pairs...)
}

// Hide returns text without the secrets.
func (h *Hider) Hide(text string) string {
	if h == nil {
		return text
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.replacer.Replace(text)
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
