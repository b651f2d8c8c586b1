package sanitize

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// skipped are the characters that GitHub's runner ignores when it looks for a command, because it compares
// text by the rules of a language.
var skipped = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// agentCommand matches the start of a command anywhere in a line: ##[ in GitHub Actions and Azure Pipelines,
// ##vso[ in the latter, ##teamcity[ in TeamCity.
var agentCommand = regexp.MustCompile(`##[A-Za-z]*\[`)

// isCommand reports whether GitHub's runner or the agent of another CI system would execute a line. The
// runner accepts the names that it knows; here, every name counts.
func isCommand(line string) bool {
	seen := strings.Map(func(r rune) rune {
		if unicode.In(r, skipped...) {
			return -1
		}
		return r
	}, line)
	return strings.HasPrefix(strings.TrimSpace(seen), "::") || agentCommand.MatchString(seen)
}

// commands are lines that CI systems execute, or would if a line break in them were one in the log.
var commands = []string{
	"::error::x", "  ::error::x", "\t::error::x", "\u00a0::error::x", "\u200b::error::x", "\ufeff::error::x",
	"\u034f::error::x", ":\ufe0f:error::x", ":::error::x", "##[error]x", "###[error]x", "a ##[x] ##[y]", "a ##vso[x]y",
	"##VSO[", "##teamcity[x]", "###a##b[", "##v\u200bso[x]", "#\x00#[x]", "#\u3164#[error]x", "#\u200b#[",
}

func TestLineStartsNoCommand(t *testing.T) {
	t.Parallel()
	for _, text := range commands {
		require.True(t, isCommand(text), "the test recognizes the command %q", text)
		assert.False(t, isCommand(Line(text)), "%q becomes %q", text, Line(text))
	}
	for _, text := range []string{"a::b", ": :error::x", "##", "# #[x]", "##-[x]", "##x x[", "## a[ ##1[ #a["} {
		require.False(t, isCommand(text), "the test recognizes the ordinary text %q", text)
		assert.Equal(t, text, Line(text))
	}
}

func TestLineIsSafe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "",
		"plain text, Umläute, 中文, 🙂": "plain text, Umläute, 中文, 🙂",
		"a\nb\r\nc\td\x00\x7f":       `a\nb\r\nc\td\x00\x7f`,
		"\x1b[31mred\x1b[0m":         `\x1b[31mred\x1b[0m`,
		"\u009b31m\u0085":            `\u009b31m\u0085`,
		"\u202eabc\u2066\u200f":      `\u202eabc\u2066\u200f`,
		"a\u200bb\ufeff\u00ad":       `a\u200bb\ufeff\u00ad`,
		"a\u2028b\u2029c\u00a0":      `a\u2028b\u2029c\u00a0`,
		"\U000e0041\U000f0000":       `\U000e0041\U000f0000`,
		"\xff\xc3(\xed\xa0\x80":      `\xff\xc3(\xed\xa0\x80`,
		"\ufffd":                     "\ufffd",
		"it's":                       "it's",
		"##[error]x":                 `#\x23[error]x`,
		"###[error]x":                `##\x23[error]x`,
		"a ##[x] ##[y]":              `a #\x23[x] #\x23[y]`,
		"##":                         "##",
		"a ##vso[x]y ##VSO[":         `a #\x23vso[x]y #\x23VSO[`,
		"##teamcity[x]":              `#\x23teamcity[x]`,
		"###a##b[":                   `###a#\x23b[`,
		"##é[":                       `#\x23é[`,
		"##v\u200bso[x]":             `##v\u200bso[x]`,
		"## a[ ##1[ #a[ ##a b[":      "## a[ ##1[ #a[ ##a b[",
		"#\x00#[x]":                  `#\x00#[x]`,
		"::error::x":                 `:\x3aerror::x`,
		"  ::error::x":               `  :\x3aerror::x`,
		"\t::error::x":               `\t::error::x`,
		"\n::error::x":               `\n::error::x`,
		"\ufeff::error::x":           `\ufeff::error::x`,
		// Go regards these as printable, but they are invisible, and the runner skips them.
		"\u034f::error::x": `\u034f::error::x`,
		":\ufe0f:error::x": `:\ufe0f:error::x`,
		"#\u3164#[error]x": `#\u3164#[error]x`,
		":::error::x":      `:\x3a:error::x`,
		": :error::x":      ": :error::x",
		"a::b":             "a::b",
		"\r":               `\r`,
	} {
		assert.Equal(t, want, Line(text), "%q", text)
	}
	long := strings.Repeat("x", 1<<20)
	assert.Equal(t, long, Line(long))
	assert.Equal(t, strings.Repeat(`\n`, 1<<20), Line(strings.Repeat("\n", 1<<20)))
}

func TestASCIIHasOneBytePerColumn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"restart 100 % [ok]": "restart 100 % [ok]",
		"Umläute 中文 🙂":       "Uml?ute ?? ?",
		"a\nb\x1b[31m\xff":   `a\nb\x1b[31m\xff`,
		"\u202e\u200b":       `\u202e\u200b`,
		"::error::x":         `:\x3aerror::x`,
	} {
		assert.Equal(t, want, ASCII(text), "%q", text)
	}
}

func TestTruncateCountsCharacters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text     string
		maxChars int
		want     string
	}{
		{"", 0, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"abcd", 0, "…"},
		{"äöü", 3, "äöü"},
		{"äöü", 2, "äö…"},
		{"a🙂b", 1, "a…"},
		{"a🙂b", 2, "a🙂…"},
		{"a🙂b", 3, "a🙂b"},
		{"\xff\xfeb", 2, "\xff\xfe…"},
	} {
		assert.Equal(t, test.want, Truncate(test.text, test.maxChars), "%q to %d", test.text, test.maxChars)
	}
}

func TestWordConsistsOfWhatIDsConsistOf(t *testing.T) {
	t.Parallel()
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	for r := range rune(0x300) {
		want := "_"
		if strings.ContainsRune(allowed, r) {
			want = string(r)
		}
		assert.Equal(t, want, Word(string(r)), "%q", r)
		assert.Equal(t, want == string(r), IsWord(string(r)), "%q", r)
	}
	assert.Equal(t, "DMS.10240407", Word("DMS.10240407"))
	assert.Equal(t, "a_b__c_", Word("a b\r\nc\xff"))
	assert.Equal(t, strings.Repeat("x", 64), Word(strings.Repeat("x", 65)))
	assert.True(t, IsWord(strings.Repeat("x", 64)))
	assert.False(t, IsWord(strings.Repeat("x", 65)))
	assert.False(t, IsWord(""))
}

func TestMarkdownIsPlainTextInACell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "",
		"expand (300 GB), 1/2; a?": "expand (300 GB), 1/2; a?",
		"Umläute 中文 🙂":             "Umläute 中文 🙂",
		"a|b":                      "a&#124;b",
		"`x` *y* _z_ ~s~":          "&#96;x&#96; &#42;y&#42; &#95;z&#95; &#126;s&#126;",
		"<b>&amp;":                 "&#60;b&#62;&#38;amp;",
		"[x](y) ![z]":              "&#91;x&#93;(y) &#33;&#91;z&#93;",
		"@user #1 $x$":             "&#64;user &#35;1 &#36;x&#36;",
		"https://example.org":      "https&#58;//example.org",
		"www.example.org":          "www&#46;example.org",
		`\|`:                       "&#92;&#124;",
		"a\nb":                     "a&#92;nb",
		"\u202e":                   "&#92;u202e",
	} {
		assert.Equal(t, want, Markdown(text), "%q", text)
	}
}
