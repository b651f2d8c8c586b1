package report

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

// ownSecret is a secret of ours that a service sends back to us. Fuzzing finds no such word, so that a "@" of its texts stands for it,
// and one with a letter behind it for the secret in another notation.
const ownSecret = `hunter2"&\hunter3`

var ownSpellings = slices.Sorted(maps.Values(spellings(ownSecret)))

func planted(text string) string { return planter.Replace(text) }

var planter = func() *strings.Replacer {
	var pairs []string
	for i, spelling := range ownSpellings {
		pairs = append(pairs, "@"+string(rune('a'+i)), spelling)
	}
	return strings.NewReplacer(append(pairs, "@", ownSecret)...)
}()

// requireNoSpelling holds a text to have a secret of ours in no notation that is promised.
func requireNoSpelling(t *testing.T, text string) {
	t.Helper()
	for _, spelling := range ownSpellings {
		require.NotContains(t, text, spelling)
	}
}

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{
		"", "a\r\n::error::b", "  ::x", "###[x]", "#\u200b#[", "\x1b[31m", "\xff\xfe", "\u202e", ":\u200b:x", strings.Repeat("#", 50) + "[",
		"\u034f::error::x", ":\ufe0f:error::x", "#\u3164#[error]x", "\u00a0::x", "❤\ufe0f", "x ##vso[task.x]", "##a##B##[", "##teamcity[", "👩\u200d💻",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := visible(text)
		if !utf8.ValidString(line) {
			t.Errorf("%q is no text", line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) || unicode.In(r, unweighed...) {
				t.Errorf("%q holds %U", line, r)
			}
		}
		if agentCommand.MatchString(line) {
			t.Errorf("%q has an agent's command", line)
		}
		if found, _ := commands(line + "::"); len(found) > 0 {
			t.Errorf("%q is a command", line)
		}
		if again := visible(line); again != line {
			t.Errorf("%q became %q, and that %q", text, line, again)
		}
		if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == ':' || r == '#' }) && line != text {
			t.Errorf("%q became %q", text, line)
		}
	})
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		"", "null", `"a token"`, "password", `{"password":1}`, `{"\u0070assword":[1.10,{}]}`, `{"a":"{\"token\":1}"}`, `{"a":"{\"\\u0074oken\":\"x\"}","b":-0}`,
		`[" [1 , 2] ","\ud800",12345678901234567890,1E400]`, `{"a":1,"a":{"secret":null}}`, "{\"a\":\"\xff\"}",
		`{"secret":1,"secret":2,"Secret":{}}`, `["password=x","a token : y"]`, `["\"\\\"token\\\":1\"","TOKEN","token, x"]`, `{"a":"{\"b\":\"secret='x'\"}"}`,
		"@", "@d %@f &@a", `{"@":["@a","@b @c",{"@d":"{\"@e\":\"@f@g\"}"}]}`, `["@h@i@j","\u0040@k","\\@l","@m","n@n","@o@p"]`,
	} {
		f.Add(seed)
	}
	own := NewHider([]string{ownSecret})
	f.Fuzz(func(t *testing.T, text string) {
		hidden, _ := redact(planted(text), own)
		requireNoSpelling(t, hidden)
		requireHidden(t, decoded(hidden))
		got, isJSON := redact(text, nil)
		if isJSON != isNestable(text) {
			t.Fatalf("%q is JSON: %v", text, isJSON)
		}
		if !isJSON {
			want := text
			if isSensitive(text) {
				want = stars
			}
			if got != want {
				t.Errorf("%q became %q", text, got)
			}
			return
		}
		if !json.Valid([]byte(got)) {
			t.Fatalf("%q became %q, which is no JSON", text, got)
		}
		before, after := decoded(text), decoded(got)
		if scalar, ok := before.(string); ok && isSensitive(scalar) {
			before = stars
		}
		if !reflect.DeepEqual(meaning(before, true), meaning(after, false)) {
			t.Errorf("%q became %q", text, got)
		}
		if again, _ := redact(got, nil); again != got {
			t.Errorf("%q became %q, and that %q", text, got, again)
		}
	})
}

// member is a key of an object with its value. Objects keep their order here, and keys that are there twice: one that a map drops may hold a secret.
type member struct {
	key   string
	value any
}

type object []member

// decoded is what JSON means; nil if it is none.
func decoded(text string) any {
	if !json.Valid([]byte(text)) {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return next(decoder)
}

func next(decoder *json.Decoder) any {
	token, _ := decoder.Token()
	switch token {
	case json.Delim('{'):
		all := object{}
		for decoder.More() {
			key, _ := decoder.Token()
			all = append(all, member{key.(string), next(decoder)})
		}
		decoder.Token()
		return all
	case json.Delim('['):
		all := []any{}
		for decoder.More() {
			all = append(all, next(decoder))
		}
		decoder.Token()
		return all
	}
	return token
}

// holding is a string that holds JSON, and what that means.
type holding struct{ value any }

// meaning is a value with strings that hold JSON taken for what they hold, since redaction may take blanks out of them.
// With redacted, it is what redaction has to make of the value.
func meaning(value any, redacted bool) any {
	switch value := value.(type) {
	case object:
		all := object{}
		for _, m := range value {
			if redacted && isSensitive(m.key) {
				m.value = stars
			}
			all = append(all, member{m.key, meaning(m.value, redacted)})
		}
		return all
	case []any:
		all := []any{}
		for _, member := range value {
			all = append(all, meaning(member, redacted))
		}
		return all
	case string:
		held := held(value)
		switch {
		case redacted && !tells(held) && assignment.MatchString(value):
			return stars
		case held != nil:
			return holding{meaning(held, redacted)}
		}
	}
	return value
}

// held is what a string means that holds an object, a list or a string as JSON; nil if it does not.
func held(text string) any {
	if trimmed := strings.TrimSpace(text); trimmed != "" && strings.Contains(`{["`, trimmed[:1]) {
		return decoded(text)
	}
	return nil
}

var assignment = regexp.MustCompile(`(?i)(password|passwd|secret|token|credential)[ '"\\]*[=:]`)

// tells says whether a value tells a secret by its keys or in a string.
func tells(value any) bool {
	switch value := value.(type) {
	case object:
		for _, m := range value {
			if isSensitive(m.key) || tells(m.value) {
				return true
			}
		}
	case []any:
		for _, member := range value {
			if tells(member) {
				return true
			}
		}
	case string:
		return assignment.MatchString(value) || tells(held(value))
	}
	return false
}
