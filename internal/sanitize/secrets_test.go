package sanitize

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSecretsAreRedacted(t *testing.T) {
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
		{[]string{`hunter"22x`}, `{"a":"hunter\"22x"}`, `{"a":"***"}`},
	} {
		assert.Equal(t, test.want, NewSecrets(test.secrets...).Redact(test.text), "%q", test.secrets)
	}
	assert.Equal(t, "text", (*Secrets)(nil).Redact("text"), "nil redacts nothing")
}

func TestSecretsAreAddedWhileOthersAreRedacted(t *testing.T) {
	t.Parallel()
	secrets := NewSecrets("the-first")
	var all sync.WaitGroup
	for _, added := range []string{"the-second", "the-third", "the-fourth"} {
		all.Go(func() {
			secrets.Add(added)
			assert.Equal(t, "*** ***", secrets.Redact("the-first "+added))
		})
	}
	all.Wait()
	assert.Equal(t, "*** *** *** ***", secrets.Redact("the-first the-second the-third the-fourth"))
}

// encodings are the variants of base64.
var encodings = map[string]*base64.Encoding{
	"base64": base64.StdEncoding, "base64 without padding": base64.RawStdEncoding,
	"base64 for URLs": base64.URLEncoding, "base64 for URLs without padding": base64.RawURLEncoding,
}

// spellings returns what programs make of a secret when they quote it, by the name of the notation.
func spellings(secret string) map[string]string {
	encoded, _ := json.Marshal(secret)
	asJSON := strings.Trim(string(encoded), `"`)
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	texts := map[string]string{
		"as it is": secret,
		"JSON":     asJSON, "JSON without HTML escapes": inJSON(secret), "JSON in JSON": inJSON(asJSON),
		"a query": query, "a query in lower case": lowerHex(query), "a query in a query": url.QueryEscape(query),
		"a path": path, "a path in lower case": lowerHex(path),
		"HTML": html.EscapeString(secret), "JSON in HTML": html.EscapeString(asJSON),
		"HTML in JSON": inJSON(html.EscapeString(secret)),
	}
	for name, encoding := range encodings {
		texts[name] = encoding.EncodeToString([]byte(secret))
	}
	return texts
}

// inJSON returns text as most programs write it within a JSON string.
func inJSON(text string) string { return strings.Trim(QuoteJSON(text), `"`) }

// lowerHex returns text with %2f for %2F.
func lowerHex(text string) string {
	parts := strings.Split(text, "%")
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1][:2]) + parts[i+1][2:]
	}
	return strings.Join(parts, "%")
}

// quotable is a secret that each notation writes differently.
const quotable = `p<a>ss & "wörd"/>>>?+~'🙂\nx`

func TestSecretIsRedactedInEveryPromisedNotation(t *testing.T) {
	t.Parallel()
	secrets := NewSecrets("another-secret", quotable)
	texts := spellings(quotable)
	for name, text := range map[string]string{
		"Python's JSON": `p<a>ss & \"w\u00f6rd\"/>>>?+~'\ud83d\ude42\\nx`,
		"Java's JSON":   `p\u003Ca\u003Ess \u0026 \"w\u00F6rd\"/\u003e\u003e\u003e?+~\u0027\uD83D\uDE42\\nx`,
		"PHP's JSON":    `p<a>ss & \"w\u00f6rd\"\/>>>?+~'\ud83d\ude42\\nx`,
		"JSON, all escaped": `\u0070\u003c\u0061\u003e\u0073\u0073\u0020\u0026\u0020\u0022\u0077\u00f6\u0072\u0064` +
			`\u0022\u002f\u003e\u003e\u003e\u003f\u002b\u007e\u0027\ud83d\ude42\u005c\u006e\u0078`,
		"JavaScript's URI":         `p%3Ca%3Ess%20%26%20%22w%C3%B6rd%22%2F%3E%3E%3E%3F%2B~'%F0%9F%99%82%5Cnx`,
		"a form":                   `p%3Ca%3Ess+%26+%22w%C3%B6rd%22%2F%3E%3E%3E%3F%2B%7E%27%F0%9F%99%82%5Cnx`,
		"HTML with names":          `p&lt;a&gt;ss &amp; &quot;w&ouml;rd&quot;/&gt;&gt;&gt;?+~&apos;&#128578;\nx`,
		"HTML with numbers":        `p&#60;a&#x3E;ss &#x26; &#034;w&#xF6;rd&#34;/&#62;&#62;&#62;?+~&#x27;&#X1f642;\nx`,
		"a status":                 strings.ToUpper(quotable),
		"a status of JSON":         strings.ToUpper(texts["JSON"]),
		"JSON in JSON of Java":     `p\\u003ca\\u003ess \\u0026 \\\"wörd\\\"/\\u003e\\u003e\\u003e?+~'🙂\\\\nx`,
		"JSON in JSON, in escapes": `p\u005cu003ca\u005cu003ess \u005cu0026 \u005c"wörd\u005c"/>>>?+~'🙂\u005c\u005cnx`,
	} {
		texts[name] = text
	}
	for name, text := range texts {
		assert.Equal(t, "***", secrets.Redact(text), name)
		within := secrets.Redact(`{"a":"x ` + text + `, ` + text + `"} \ % & another-secret 100% \u00e9 &lt;`)
		assert.Equal(t, `{"a":"x ***, ***"} \ % & *** 100% \u00e9 &lt;`, within, name)
		assert.NotContains(t, secrets.Redact(`\%&`+text+`\%&`), text, name)
	}
}

// A status is shown in upper case, and so are the escapes in it.
func TestSecretIsRedactedInUpperCaseInEveryNotation(t *testing.T) {
	t.Parallel()
	const secret = "correct \"horse\" <&> battery/staple\\x\t\f\by"
	for name, text := range spellings(secret) {
		if !strings.Contains(name, "base64") { // which upper case destroys
			assert.Equal(t, "***", NewSecrets(secret).Redact(strings.ToUpper(text)), name)
		}
	}
}

func TestSecretIsRedactedWithinLongerBase64(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{quotable, "sixsix", "sixsixx", "sixsixxx"} {
		secrets := NewSecrets(secret)
		for before := range 7 {
			for after := range 4 {
				longer := strings.Repeat("u", before) + secret + strings.Repeat("v", after)
				for _, encoding := range encodings {
					text := encoding.EncodeToString([]byte(longer))
					redacted := secrets.Redact("Basic " + text + ".")
					kept := len(redacted) - len("Basic ***.")
					// A character has six bits. Those with none but the secret's are redacted.
					from, to := (before*8+5)/6, (before+len(secret))*8/6
					assert.LessOrEqual(t, kept, len(text)-(to-from), "%s in %s: %s", secret, text, redacted)
					assert.Contains(t, redacted, "***")
				}
			}
		}
	}
}

func TestRedactKeepsOtherText(t *testing.T) {
	t.Parallel()
	secrets := NewSecrets(quotable, "hunter2x", "short", "correct horse", "")
	for _, text := range []string{
		"", `\`, `\u`, `\u00`, `\u00zz`, `\ud83d`, `\ud83d\u0041`, "%", "%4", "%zz", "%+1", "&", "&;", "&#;", "&amp",
		"&nothing;", "&lt&gt;", "100%25", "short", "c2hvcnQ=", `C:\users\hunter`, `{"a":"\u0068unter2\n"}`,
		"aHVudGVy", "correct  horse",
		"correct%2Bhors", `a\\\\\\b`, "&amp;amp;amp;lt;",
	} {
		assert.Equal(t, text, secrets.Redact(text))
	}
}

func TestRedactReplacesExactlyTheSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ secrets, text, want string }{
		{"hunter2 abc-hunter2-def", "xabc-hunter2-defx", "x***x"},
		{"abcdef defghi", "xabcdefghix abcdef", "x***x ***"},
		{"abcdef abcdef&x", "abcdef%26x abcdef%26y", "*** ***%26y"},
		{"<hunter2", "&x&lt;hunter2;", "&x***;"},
		{"hunter2=", "hunter2&bne;;", "***;"}, // one sequence for two characters
	} {
		assert.Equal(t, test.want, NewSecrets(strings.Fields(test.secrets)...).Redact(test.text), test.text)
	}
}

// Each notation is undone within each other one, so text that consists of escapes takes longest. The time
// limit is for an algorithm that takes the square of the size; this one takes about a second.
func TestRedactHandlesAMegabyteOfEscapes(t *testing.T) {
	t.Parallel()
	secrets := NewSecrets(quotable, strings.Repeat("0123456789", 400))
	unit := `\u0025\\%25%5c%26amp;&amp;&#37;&#92;\"` + inJSON(quotable)
	text := strings.Repeat(unit, 1<<20/len(unit))
	start := time.Now()
	assert.NotContains(t, secrets.Redact(text), "ss & ")
	assert.Less(t, time.Since(start), 30*time.Second)
}
