package sanitize

import (
	"encoding/hex"
	"html"
	"iter"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is a notation that writes some characters of a text by sequences that all begin with the same byte.
type escape struct {
	begin byte
	// char returns the character that text starts with, and the size of its sequence; 0 if it is none.
	char func(text string) (char string, size int)
}

// escapes are the notations in which secrets are found: JSON's, that of URLs and forms, and HTML's.
var escapes = []escape{{'\\', jsonChar}, {'%', percentChar}, {'&', htmlChar}}

// jsonChar also accepts escapes in upper case, such as \U003C and \N, since statuses are in upper case.
func jsonChar(text string) (string, int) {
	if len(text) < 2 {
		return "", 0
	}
	if i := strings.IndexByte(`"\/'bfnrtBFNRT`, text[1]); i >= 0 {
		return "\"\\/'\b\f\n\r\t\b\f\n\r\t"[i : i+1], 2
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

// utf16Unit returns the unit that text starts with as \uXXXX, or -1.
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
	const maxSize = len("&#x0010FFFF;")
	size := strings.IndexByte(text[:min(len(text), maxSize)], ';') + 1
	char := html.UnescapeString(text[:size])
	if char == text[:size] || strings.LastIndexByte(text[:size], '&') > 0 {
		return "", 0
	}
	return char, size
}

// pieces splits text into escaped characters and what is between them. It yields what each piece spells, and
// how many bytes of text it has.
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

// span is a part of a text, from one byte up to another. It is small because a megabyte may hold a hundred
// thousand.
type span struct{ from, to int32 }

// origins returns the parts of text that spell the given parts of undo's result. It reuses spans.
func (e escape) origins(text string, spans []span) []span {
	if len(spans) == 0 {
		return nil
	}
	starts := make([]int32, 0, len(text)+1) // of the piece of text that spells each byte
	at := int32(0)
	for spelled, size := range e.pieces(text) {
		next := at + int32(size)
		unchanged := spelled == text[at:next]
		for i := range int32(len(spelled)) {
			if unchanged {
				starts = append(starts, at+i)
			} else {
				starts = append(starts, at)
			}
		}
		at = next
	}
	starts = append(starts, at)
	for i, s := range spans {
		for starts[s.to] == starts[s.to-1] { // an escaped character is redacted whole
			s.to++
		}
		spans[i] = span{starts[s.from], starts[s.to]}
	}
	return spans
}

// byStart sorts spans.
type byStart []span

func (s byStart) Len() int           { return len(s) }
func (s byStart) Less(i, j int) bool { return s[i].from < s[j].from }
func (s byStart) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// merge returns spans in order, with those that overlap joined. It reorders spans.
func merge(spans []span) (merged []span) {
	sort.Sort(byStart(spans)) // slices.SortFunc would make the program 10 kB larger
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.from < merged[last].to {
			merged[last].to = max(merged[last].to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
