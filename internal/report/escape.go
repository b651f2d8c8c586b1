package report

import (
	"cmp"
	"encoding/hex"
	"html"
	"iter"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is a notation that writes some characters of a text by sequences that all begin with the same byte.
type escape struct {
	begin byte
	// char returns the character that text begins with, and the size of its sequence; 0 if it is none.
	char func(text string) (char string, size int)
}

// escapes are the notations that a secret is found in: JSON's, that of URLs and forms, and HTML's.
var escapes = []escape{{'\\', jsonChar}, {'%', percentChar}, {'&', htmlChar}}

// jsonChar also reads the upper case that a status is shown in.
func jsonChar(text string) (string, int) {
	if len(text) < 2 {
		return "", 0
	}
	if i := strings.IndexByte(`"\/'bfnrt`, text[1]); i >= 0 {
		return "\"\\/'\b\f\n\r\t"[i : i+1], 2
	}
	unit := utf16Unit(text)
	if unit < 0 {
		return "", 0
	}
	if r := utf16.DecodeRune(unit, utf16Unit(text[6:])); r != utf8.RuneError {
		return string(r), 12
	}
	return string(unit), 6
}

// utf16Unit returns the unit that text begins with as \uXXXX, or -1.
func utf16Unit(text string) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' && text[1] != 'U' {
		return -1
	}
	var unit [2]byte
	if _, err := hex.Decode(unit[:], []byte(text[2:6])); err != nil {
		return -1
	}
	return rune(unit[0])<<8 | rune(unit[1])
}

func percentChar(text string) (string, int) {
	if len(text) < 3 {
		return "", 0
	}
	var char [1]byte
	if _, err := hex.Decode(char[:], []byte(text[1:3])); err != nil {
		return "", 0
	}
	return string(char[:]), 3
}

func htmlChar(text string) (string, int) {
	const longest = len("&#x0010FFFF;")
	size := strings.IndexByte(text[:min(len(text), longest)], ';') + 1
	char := html.UnescapeString(text[:size])
	if char == text[:size] || strings.LastIndexByte(text[:size], '&') > 0 {
		return "", 0
	}
	return char, size
}

// pieces goes through text: what each piece of it spells, and the size of the piece. A piece is one
// escaped character, or what is before the next one.
func (e escape) pieces(text string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for text != "" {
			spelled, size := "", 0
			if text[0] == e.begin {
				spelled, size = e.char(text)
			}
			if size == 0 {
				size = len(text)
				if i := strings.IndexByte(text[1:], e.begin); i >= 0 {
					size = i + 1
				}
				spelled = text[:size]
			}
			if !yield(spelled, size) {
				return
			}
			text = text[size:]
		}
	}
}

// undo returns what text spells.
func (e escape) undo(text string) string {
	if strings.IndexByte(text, e.begin) < 0 {
		return text
	}
	var b strings.Builder
	for spelled := range e.pieces(text) {
		b.WriteString(spelled)
	}
	return b.String()
}

// place is a part of a text, in bytes. A megabyte may hold a hundred thousand.
type place struct{ from, to int32 }

// origins turns places of what text spells into the places of text that spell them.
func (e escape) origins(text string, places []place) []place {
	if len(places) == 0 {
		return nil
	}
	begins := make([]int32, 0, len(text)+1) // where in text the piece of each spelled byte begins
	at := int32(0)
	for spelled, size := range e.pieces(text) {
		next := at + int32(size)
		asItIs := spelled == text[at:next]
		for i := range int32(len(spelled)) {
			if asItIs {
				begins = append(begins, at+i)
			} else {
				begins = append(begins, at)
			}
		}
		at = next
	}
	begins = append(begins, at)
	for i, s := range places {
		for begins[s.to] == begins[s.to-1] { // an escaped character is hidden as a whole
			s.to++
		}
		places[i] = place{begins[s.from], begins[s.to]}
	}
	return places
}

// united sorts places and makes one of those that overlap.
func united(places []place) (apart []place) {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.from, b.from) })
	for _, s := range places {
		if last := len(apart) - 1; last >= 0 && s.from < apart[last].to {
			apart[last].to = max(apart[last].to, s.to)
		} else {
			apart = append(apart, s)
		}
	}
	return apart
}
