package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestVisibleMakesOneHarmlessLineOfAnyText(t *testing.T) {
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
		"\u034f::error::x":           `\u034f::error::x`, // Go takes these for printable; nobody sees them, and the runner passes over them
		":\ufe0f:error::x":           `:\ufe0f:error::x`,
		"#\u3164#[error]x":           `#\u3164#[error]x`,
		":::error::x":                `:\x3a:error::x`,
		": :error::x":                ": :error::x",
		"a::b":                       "a::b",
		"\r":                         `\r`,
	} {
		assert.Equal(t, want, visible(text), "%q", text)
	}
	long := strings.Repeat("x", 1<<20)
	assert.Equal(t, long, visible(long))
	assert.Equal(t, strings.Repeat(`\n`, 1<<20), visible(strings.Repeat("\n", 1<<20)))
}

func TestTimesAreShownAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                    "0s",
		1499 * time.Microsecond:              "1ms",
		300 * time.Millisecond:               "300ms",
		5249 * time.Millisecond:              "5.2s",
		9960 * time.Millisecond:              "10s",
		12345 * time.Millisecond:             "12s",
		59600 * time.Millisecond:             "1m",
		90 * time.Second:                     "1m30s",
		10 * time.Minute:                     "10m",
		time.Hour:                            "1h",
		time.Hour + 4*time.Second:            "1h0m4s",
		20*time.Hour + 10*time.Minute:        "20h10m",
		2562047*time.Hour + 47*time.Minute:   "2562047h47m",
		100*time.Hour + 100*time.Microsecond: "100h",
	} {
		assert.Equal(t, want, Human(d))
	}
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		secrets    []string
		text, want string
	}{
		{nil, "text", "text"},
		{[]string{"secret1"}, "a secret1, secret1secret1", "a ***, ******"},
		{[]string{"secret1", "secret1-and-more"}, "secret1-and-more secret1", "*** ***"},
		{[]string{"secret1-and-more", "secret1"}, "secret1-and-more secret1", "*** ***"},
		{[]string{"line-one\nline-two"}, "line-one\nline-two line-two", "*** ***"},
		{[]string{"line-one\r\nline-two\r\n"}, "line-one line-two", "*** ***"},
		{[]string{"", "a", "short"}, "a short story", "a short story"},
		{[]string{"sixsix"}, "sixsix", "***"},
		{[]string{"sixsix"}, "SIXSIX SixSix", "*** SixSix"},
		{[]string{"ab\ncd\nlonger"}, "ab cd longer", "ab cd ***"},
		{[]string{"$1.*[x]"}, "$1.*[x]", "***"},
	} {
		assert.Equal(t, test.want, NewHider(test.secrets).Hide(test.text), "%q", test.secrets)
	}
	assert.Equal(t, "text", (*Hider)(nil).Hide("text"), "a nil Hider hides nothing")
}

func TestASecretIsHiddenInAnErrorThatCutsIt(t *testing.T) {
	t.Parallel()
	token := "MII" + strings.Repeat("0123456789", 400) // as long as IAM's are
	hider := NewHider([]string{token})
	e := answered(401, "APIGW.0301", "invalid token "+token)
	assert.Equal(t, `get task "t1": 401 APIGW.0301: invalid token *** (request 9f31)`, hider.Error(e))
	e = answered(401, token, "")
	e.Answer.RequestID = token
	assert.Equal(t, `get task "t1": 401 *** (request ***)`, hider.Error(e))
	assert.Equal(t, `get task "t1": bad header ***`, hider.Error(unanswered(errors.New("bad header "+token))))
	assert.Equal(t, "bad header ***", hider.Error(errors.New("bad header "+token)))

	r := ofTask(client.Task{ID: "t1", Status: client.Status(token)}, answered(401, token, ""))
	r.Hider = hider
	assert.NotContains(t, r.Message(), "0123456789")
}
