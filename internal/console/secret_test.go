package console

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/sanitize"
)

// ownSecret is a secret that a service repeats. Fuzzing finds no such word, so "@" in its texts stands for it,
// and "@" with a letter for the secret in another notation.
const ownSecret = `hunter2"&\hunter3`

var ownNotations = slices.Sorted(maps.Values(notations(ownSecret)))

// planted returns text with the secret in place of "@".
func planted(text string) string { return planter.Replace(text) }

var planter = func() *strings.Replacer {
	var pairs []string
	for i, notation := range ownNotations {
		pairs = append(pairs, "@"+string(rune('a'+i)), notation)
	}
	return strings.NewReplacer(append(pairs, "@", ownSecret)...)
}()

// notations returns what programs make of a secret when they quote it, by name.
func notations(secret string) map[string]string {
	encoded, _ := json.Marshal(secret)
	asJSON := strings.Trim(string(encoded), `"`)
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	texts := map[string]string{
		"as it is": secret,
		"JSON":     asJSON, "JSON of others": inJSON(secret), "JSON in JSON": inJSON(asJSON),
		"a query": query, "a query in lower case": lowerHex(query), "a query in a query": url.QueryEscape(query),
		"a path": path, "a path in lower case": lowerHex(path),
		"HTML": html.EscapeString(secret), "JSON in HTML": html.EscapeString(asJSON),
		"HTML in JSON": inJSON(html.EscapeString(secret)),
	}
	for name, encoding := range map[string]*base64.Encoding{
		"base64": base64.StdEncoding, "base64 without padding": base64.RawStdEncoding,
		"base64 for URLs": base64.URLEncoding, "base64 for URLs without padding": base64.RawURLEncoding,
	} {
		texts[name] = encoding.EncodeToString([]byte(secret))
	}
	return texts
}

// inJSON returns text within a JSON string, as most programs write it.
func inJSON(text string) string { return strings.Trim(sanitize.QuoteJSON(text), `"`) }

// lowerHex writes %2F as %2f.
func lowerHex(text string) string {
	parts := strings.Split(text, "%")
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1][:2]) + parts[i+1][2:]
	}
	return strings.Join(parts, "%")
}

// requireNoSecret requires text to contain the secret in no notation that is promised to be redacted.
func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, notation := range ownNotations {
		require.NotContains(t, text, notation)
	}
}
