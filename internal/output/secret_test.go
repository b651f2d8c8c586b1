package output

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/sanitize"
)

// ownSecret is a secret of ours that a service sends back. Every notation writes it differently.
const ownSecret = `hunter2"&\hunter3`

// ownNotations are the texts that programs make of ownSecret when they quote it.
var ownNotations = notations(ownSecret)

func notations(secret string) []string {
	inJSON := func(text string) string { return strings.Trim(sanitize.QuoteJSON(text), `"`) }
	encoded, _ := json.Marshal(secret)
	escaped := strings.Trim(string(encoded), `"`)
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	texts := []string{
		secret,
		escaped, inJSON(secret), inJSON(escaped),
		query, lowerHex(query), url.QueryEscape(query),
		path, lowerHex(path),
		html.EscapeString(secret), html.EscapeString(escaped), inJSON(html.EscapeString(secret)),
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		texts = append(texts, encoding.EncodeToString([]byte(secret)))
	}
	return texts
}

// lowerHex returns text with %2F written as %2f.
func lowerHex(text string) string {
	parts := strings.Split(text, "%")
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1][:2]) + parts[i+1][2:]
	}
	return strings.Join(parts, "%")
}

// plant returns text with "@a", "@b" and so on replaced by the notations of ownSecret, and any other "@" by the
// secret: fuzzing would not find them by itself.
func plant(text string) string { return planter.Replace(text) }

var planter = func() *strings.Replacer {
	var pairs []string
	for i, notation := range ownNotations {
		pairs = append(pairs, "@"+string(rune('a'+i)), notation)
	}
	return strings.NewReplacer(append(pairs, "@", ownSecret)...)
}()

// requireNoOwnSecret requires that a text contains ownSecret in no notation.
func requireNoOwnSecret(t *testing.T, text string) {
	t.Helper()
	for _, notation := range ownNotations {
		require.NotContains(t, text, notation)
	}
}

var sensitiveKey = regexp.MustCompile(`(?i)password|passwd|secret|token|credential`)

// requireRedacted requires that a decoded JSON value contains neither ownSecret nor a value under a key that
// names a secret, also in JSON within strings.
func requireRedacted(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case object:
		for _, m := range value {
			requireNoOwnSecret(t, m.key)
			if sensitiveKey.MatchString(m.key) {
				require.Equal(t, sanitize.Redacted, m.value, "%q", m.key)
			}
			requireRedacted(t, m.value)
		}
	case []any:
		for _, element := range value {
			requireRedacted(t, element)
		}
	case string:
		requireNoOwnSecret(t, value)
		if within := decodeWithin(value); within != nil {
			requireRedacted(t, within)
		}
	}
}
