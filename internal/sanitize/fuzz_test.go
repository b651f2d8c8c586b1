package sanitize

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzLine checks that any text becomes one line that a terminal or a CI system does not act on.
func FuzzLine(f *testing.F) {
	for _, seed := range slices.Concat(unsafeTexts, []string{
		"", "a\r\n::error::b", "  ::x", "###[x]", "\x1b[31m", "\xff\xfe", "\u202e", ":\u200b:x",
		strings.Repeat("#", 50) + "[", "\u00a0::x", "❤\ufe0f", "x ##vso[task.x]", "##a##B##[", "👩\u200d💻",
	}) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := Line(text)
		requireSafe(t, line)
		require.Equal(t, line, Line(line), "Line changes its own result: %q", text)
		special := func(r rune) bool { return r < ' ' || r > '~' || r == ':' || r == '#' }
		if !strings.ContainsFunc(text, special) {
			require.Equal(t, text, line)
		}
	})
}

// requireSafe requires a line that is not a command and in which all characters are visible.
func requireSafe(t *testing.T, line string) {
	t.Helper()
	require.True(t, utf8.ValidString(line), "%q is not UTF-8", line)
	for _, r := range line {
		require.True(t, unicode.IsPrint(r) && !unicode.In(r, skipped...), "%q contains %U", line, r)
	}
	require.False(t, isCommand(line), "%q is a command", line)
}

// FuzzJSON checks that JSON and ShellJSON are safe where they are written, and mean what the original does.
func FuzzJSON(f *testing.F) {
	for _, text := range unsafeTexts {
		f.Add(text)
		f.Add(` { ` + QuoteJSON(text) + " :\n[ " + QuoteJSON(text) + "\t, 1.10, null ] }\r\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			text = QuoteJSON(text)
		}
		line := JSON(text)
		requireSafe(t, line)
		require.Equal(t, decode(text), decode(line), "%q", text)
		shell := ShellJSON(text)
		require.Regexp(t, shellJSON, shell)
		require.Equal(t, decode(text), decode(shell), "%q", text)
	})
}

// ownSecret is a secret of ours that a service repeats. Fuzzing does not find such a word by itself, so "@"
// in its texts stands for the secret, and "@" before a letter for the secret in another notation.
const ownSecret = `hunter2"&\hunter3`

var ownSpellings = slices.Sorted(maps.Values(spellings(ownSecret)))

// withOwn replaces the placeholders of ownSecret.
var withOwn = func() *strings.Replacer {
	var pairs []string
	for i, spelling := range ownSpellings {
		pairs = append(pairs, "@"+string(rune('a'+i)), spelling)
	}
	return strings.NewReplacer(append(pairs, "@", ownSecret)...)
}()

// FuzzRedactParams checks that no secret remains in params, and that everything else keeps its meaning.
func FuzzRedactParams(f *testing.F) {
	for _, seed := range []string{
		"", "null", `"a token"`, "password", `{"password":1}`, `{"\u0070assword":[1.10,{}]}`, `{"a":"{\"token\":1}"}`,
		`{"a":"{\"\\u0074oken\":\"x\"}","b":-0}`, `[" [1 , 2] ","\ud800",12345678901234567890,1E400]`,
		`{"a":1,"a":{"secret":null}}`, "{\"a\":\"\xff\"}", `{"secret":1,"secret":2,"Secret":{}}`,
		`["password=x","a token : y"]`, `["\"\\\"token\\\":1\"","TOKEN","token, x"]`, `{"a":"{\"b\":\"secret='x'\"}"}`,
		"@", "@d %@f &@a", `{"@":["@a","@b @c",{"@d":"{\"@e\":\"@f@g\"}"}]}`,
		`["@h@i@j","\u0040@k","\\@l","@m","n@n","@o@p"]`,
	} {
		f.Add(seed)
	}
	own := NewSecrets(ownSecret)
	f.Fuzz(func(t *testing.T, text string) {
		redacted, _ := RedactParams(withOwn.Replace(text), own)
		requireNoOwnSecret(t, redacted)
		requireNoSecret(t, decode(redacted))

		got, isJSON := RedactParams(text, nil)
		require.Equal(t, json.Valid([]byte(text)) && json.Valid([]byte(`{"params":`+text+`}`)), isJSON, "%q", text)
		if !isJSON {
			want := text
			if isSensitive(text) {
				want = Redacted
			}
			require.Equal(t, want, got)
			return
		}
		require.True(t, json.Valid([]byte(got)), "%q became %q", text, got)
		before, after := decode(text), decode(got)
		if scalar, ok := before.(string); ok && isSensitive(scalar) {
			before = Redacted
		}
		if !reflect.DeepEqual(meaning(before, true), meaning(after, false)) {
			t.Errorf("%q became %q", text, got)
		}
		again, _ := RedactParams(got, nil)
		require.Equal(t, got, again, "redacting a second time changes the result for %q", text)
	})
}

// requireNoOwnSecret requires that ownSecret is in text in none of the promised notations.
func requireNoOwnSecret(t *testing.T, text string) {
	t.Helper()
	for _, spelling := range ownSpellings {
		require.NotContains(t, text, spelling)
	}
}

// requireNoSecret requires that decoded JSON contains neither ownSecret nor the value of a key that names a secret.
func requireNoSecret(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case object:
		for _, m := range value {
			requireNoOwnSecret(t, m.key)
			require.True(t, !isSensitive(m.key) || m.value == Redacted, "%q: %q", m.key, m.value)
			requireNoSecret(t, m.value)
		}
	case []any:
		for _, element := range value {
			requireNoSecret(t, element)
		}
	case string:
		requireNoOwnSecret(t, value)
		requireNoSecret(t, decodeInner(value))
	}
}

// object is a JSON object in its order and with duplicate keys: one that a map drops may hold a secret.
type object []member

type member struct {
	key   string
	value any
}

// decode returns what JSON means, with numbers as their text; nil if it is not JSON.
func decode(text string) any {
	if !json.Valid([]byte(text)) {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return decodeNext(decoder)
}

func decodeNext(decoder *json.Decoder) any {
	token, _ := decoder.Token()
	switch token {
	case json.Delim('{'):
		members := object{}
		for decoder.More() {
			key, _ := decoder.Token()
			members = append(members, member{key.(string), decodeNext(decoder)})
		}
		decoder.Token()
		return members
	case json.Delim('['):
		elements := []any{}
		for decoder.More() {
			elements = append(elements, decodeNext(decoder))
		}
		decoder.Token()
		return elements
	}
	return token
}

// decodeInner returns what a string means that holds an object, an array or a string as JSON; nil if it does not.
func decodeInner(text string) any {
	if trimmed := strings.TrimSpace(text); trimmed != "" && strings.Contains(`{["`, trimmed[:1]) {
		return decode(text)
	}
	return nil
}

// inner is a string that holds JSON, as what that means.
type inner struct{ value any }

// meaning returns decoded JSON with the strings that hold JSON replaced by what they hold, since redaction
// may remove blanks there. With redact, it returns what redaction has to make of the value.
func meaning(value any, redact bool) any {
	switch value := value.(type) {
	case object:
		members := object{}
		for _, m := range value {
			if redact && isSensitive(m.key) {
				m.value = Redacted
			}
			members = append(members, member{m.key, meaning(m.value, redact)})
		}
		return members
	case []any:
		elements := []any{}
		for _, element := range value {
			elements = append(elements, meaning(element, redact))
		}
		return elements
	case string:
		held := decodeInner(value)
		switch {
		case redact && !containsSecret(held) && assignment.MatchString(value):
			return Redacted
		case held != nil:
			return inner{meaning(held, redact)}
		}
	}
	return value
}

var assignment = regexp.MustCompile(`(?i)(password|passwd|secret|token|credential)[ '"\\]*[=:]`)

// containsSecret reports whether decoded JSON has a key that names a secret, or a string that assigns a value
// to one.
func containsSecret(value any) bool {
	switch value := value.(type) {
	case object:
		return slices.ContainsFunc(value, func(m member) bool {
			return isSensitive(m.key) || containsSecret(m.value)
		})
	case []any:
		return slices.ContainsFunc(value, containsSecret)
	case string:
		return assignment.MatchString(value) || containsSecret(decodeInner(value))
	}
	return false
}
