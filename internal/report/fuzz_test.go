package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", "a\r\n::error::b", "  ::x", "###[x]", "#\u200b#[", "\x1b[31m", "\xff\xfe", "\u202e", ":\u200b:x", strings.Repeat("#", 50) + "["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := visible(text)
		if !utf8.ValidString(line) {
			t.Errorf("%q is no text", line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", line, r)
			}
		}
		if strings.Contains(line, "##[") || strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q is a command", line)
		}
	})
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		"", "null", `"a token"`, "password", `{"password":1}`, `{"\u0070assword":[1.10,{}]}`, `{"a":"{\"token\":1}"}`, `{"a":"{\"\\u0074oken\":\"x\"}","b":-0}`,
		`[" [1 , 2] ","\ud800",12345678901234567890,1E400]`, `{"a":1,"a":{"secret":null}}`, "{\"a\":\"\xff\"}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, isJSON := redact(text)
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
		if again, _ := redact(got); again != got {
			t.Errorf("%q became %q, and that %q", text, got, again)
		}
	})
}

func decoded(text string) (value any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

// holding is a string that holds JSON, and what that means.
type holding struct{ value any }

// meaning is a value with strings that hold JSON taken for what they hold, since redaction may take blanks out of them.
// With redacted, it is what redaction has to make of the value.
func meaning(value any, redacted bool) any {
	switch value := value.(type) {
	case map[string]any:
		all := map[string]any{}
		for key, member := range value {
			all[key] = meaning(member, redacted)
			if redacted && isSensitive(key) {
				all[key] = stars
			}
		}
		return all
	case []any:
		all := []any{}
		for _, member := range value {
			all = append(all, meaning(member, redacted))
		}
		return all
	case string:
		trimmed := strings.TrimSpace(value)
		if (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")) && json.Valid([]byte(value)) {
			return holding{meaning(decoded(value), redacted)}
		}
	}
	return value
}
