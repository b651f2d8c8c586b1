package sanitize

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parse returns what JSON means, with numbers as their text.
func parse(t *testing.T, text string) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value), text)
	return value
}

// unsafeTexts are what a terminal, a CI system or a shell would act on.
var unsafeTexts = append([]string{
	"a\nb\r\nc\td\x00\x7f", "\x1b]0;title\a", "\u009b31m\u0085", "\u202e\u200b\u2066\ufeff", "\u2028\u2029\u00a0\u3000",
	"\U000e0041\U000f0000\U00010000\U0001d173", "\xff", "\u034f\u3164\ufe0f", "🙂 中文", `"\/<&>`,
	"$(touch ran)", "`touch ran`", "'; touch ran; '", `"; touch ran; "`, "\ntouch ran\n", "a | touch ran", "& touch ran &",
	"> ran", "~root", "*", "{a,b}", "${HOME} $((1+1)) $'\\x41'", "!!", "#x", "\\\n", "%s", "=", "a b",
}, commands...)

func TestJSONIsOneSafeLineOfTheSameMeaning(t *testing.T) {
	t.Parallel()
	for _, text := range unsafeTexts {
		encoded := `{` + QuoteJSON(text) + `:[` + QuoteJSON(text) + `,1.10]}`
		safe := JSON(encoded)
		assert.Equal(t, Line(safe), safe, "%q has nothing that Line would change", text)
		assert.False(t, isCommand(safe), "%q", safe)
		assert.Equal(t, parse(t, encoded), parse(t, safe), "%q", text)
	}
	for encoded, want := range map[string]string{
		"null":                               "null",
		`{"a":"b","n":[1.10,-0,1E400]}`:      `{"a":"b","n":[1.10,-0,1E400]}`,
		"{\n\t\"a\" : 1,\r\n\t\"b\" : 2 }\n": `{"a" : 1,"b" : 2 }`,
		`"##[x]"`:                            `"#\u0023[x]"`,
		`"\u0023#[x]"`:                       `"\u0023#[x]"`,
		`"##é[ ##vso["`:                      `"#\u0023é[ #\u0023vso["`,
		"\"\u202e\U000e0041\x7f\"":           `"\u202e\udb40\udc41\u007f"`,
		"\"\ue000\U0001d173\"":               `"\ue000\ud834\udd73"`, // below and above 0xffff
		`"Umläute 中文 🙂"`:                     `"Umläute 中文 🙂"`,
	} {
		assert.Equal(t, want, JSON(encoded))
	}
}

// shellJSON matches JSON in which a shell finds nothing to expand, run or split at.
var shellJSON = regexp.MustCompile(`^([][{},:"A-Za-z0-9_./+-]|\\u[0-9a-f]{4})*$`)

func TestShellJSONHasTheSameMeaning(t *testing.T) {
	t.Parallel()
	for _, text := range unsafeTexts {
		encoded := ` { ` + QuoteJSON(text) + ` : [ ` + QuoteJSON(text) + ` , 1.10 ] } `
		safe := ShellJSON(encoded)
		assert.Regexp(t, shellJSON, safe)
		assert.Equal(t, parse(t, encoded), parse(t, safe), "%q", text)
	}
	for encoded, want := range map[string]string{
		"null":                                  "null",
		`""`:                                    `""`,
		`{"a-b_c.d":"http://e/f"}`:              `{"a-b_c.d":"http://e/f"}`,
		"[ 1.10,\n -0,\t1E400, true, \"a b\" ]": `[1.10,-0,1E400,true,"a\u0020b"]`,
		`"\"\\"`:                                `"\u0022\u005c"`,
		`"🙂"`:                                   `"\ud83d\ude42"`,
	} {
		assert.Equal(t, want, ShellJSON(encoded))
	}
}

func TestQuoteJSONKeepsHTMLReadable(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `"<a href='?b&c'>"`, QuoteJSON("<a href='?b&c'>"))
	for _, text := range []string{"", "a", "<&>", "\"\\\n", "\u2028", "\x00"} {
		assert.Equal(t, text, parse(t, QuoteJSON(text)))
	}
}

func TestCompactJSONKeepsEverySpelling(t *testing.T) {
	t.Parallel()
	for encoded, want := range map[string]string{
		`{ "b" : 1.10, "a": [ 12345678901234567890 ] }`: `{"b":1.10,"a":[12345678901234567890]}`,
		`{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`:     `{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`,
		`{"a":" {  \"b\" : \"\\u0041\" } <&>"}`:         `{"a":" {  \"b\" : \"\\u0041\" } <&>"}`,
		" null\n":                                       "null",
		"-1.10e+5":                                      "-1.10e+5",
		`"a b"`:                                         `"a b"`,
	} {
		assert.Equal(t, want, CompactJSON(encoded))
	}
}
