package sanitize

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRedactParamsRedactsValuesOfKeysThatNameSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"password":"x"}`:                                     `{"password":"***"}`,
		`{"passwd":"x","secret":"x","token":"x"}`:              `{"passwd":"***","secret":"***","token":"***"}`,
		`{"credential":"x","credentials":["x"]}`:               `{"credential":"***","credentials":"***"}`,
		`{"adminPassWord":"x","X-Auth-TOKEN":"x"}`:             `{"adminPassWord":"***","X-Auth-TOKEN":"***"}`,
		`{"password":{"a":["x"]},"b":1}`:                       `{"password":"***","b":1}`,
		`{"password":null,"secret":true,"token":1.10}`:         `{"password":"***","secret":"***","token":"***"}`,
		`{"a":{"b":[{"c":{"secret_key":"x"}},{"d":1}]}}`:       `{"a":{"b":[{"c":{"secret_key":"***"}},{"d":1}]}}`,
		`[{"token":"x"},["token",{"token":[]}]]`:               `[{"token":"***"},["token",{"token":"***"}]]`,
		`{"token":"x","token":"y","a":1,"a":2}`:                `{"token":"***","token":"***","a":1,"a":2}`,
		`{ "z" : 1.10 , "token" : "x" , "a" : 1E400 }`:         `{"z":1.10,"token":"***","a":1E400}`,
		`{"\u0070assword":"x","\u0054OKEN":"y"}`:               `{"password":"***","TOKEN":"***"}`,
		`{"a":"{\"token\":\"x\",\"n\":1.10}"}`:                 `{"a":"{\"token\":\"***\",\"n\":1.10}"}`,
		`{"a":" [ {\"token\":\"x\"} ] "}`:                      `{"a":"[{\"token\":\"***\"}]"}`,
		`{"a":"{\"\\u0074oken\":\"x\"}"}`:                      `{"a":"{\"token\":\"***\"}"}`,
		`{"a":"{\"b\":\"{\\\"token\\\":\\\"x\\\"}\"}"}`:        `{"a":"{\"b\":\"{\\\"token\\\":\\\"***\\\"}\"}"}`,
		`{"token":"x","t":true,"f":false,"n":null}`:            `{"token":"***","t":true,"f":false,"n":null}`,
		`["{\"token\":\"x\"}"]`:                                `["{\"token\":\"***\"}"]`,
		`"{\"\\u0074oken\":\"x\"}"`:                            `"{\"token\":\"***\"}"`,
		`"password=x"`:                                         `"***"`,
		` "\u0070assword=x" `:                                  `"***"`,
		`{"token":"x","html":"<a href='?a&b'>","u":"é\u00e9"}`: `{"token":"***","html":"<a href='?a&b'>","u":"éé"}`,
	} {
		got, isJSON := RedactParams(text, nil)
		assert.True(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestRedactParamsRedactsTextWithSecretWordsWhole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "",
		"expand to 300 GB":        "expand to 300 GB",
		"{'a': 1}":                "{'a': 1}",
		"two\nlines":              "two\nlines",
		"password=x":              "***",
		"PASSWD x":                "***",
		"user&Secret":             "***",
		"a token":                 "***",
		"CREDENTIALS":             "***",
		`{"password":"x"`:         "***",
		`{"a":1}{"password":"x"}`: "***",
		`{"password":"x"},`:       "***",
	} {
		got, isJSON := RedactParams(text, nil)
		assert.False(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestRedactParamsRedactsStringsThatAssignSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"c":"password=p3"}`:                    `{"c":"***"}`,
		`{"d":"{'password':'p4'}"}`:              `{"d":"***"}`,
		`{"e":"\"{\\\"token\\\":\\\"p5\\\"}\""}`: `{"e":"\"{\\\"token\\\":\\\"***\\\"}\""}`,
		`{"name":"rotate-secret-of-topic"}`:      `{"name":"rotate-secret-of-topic"}`,
	} {
		got, isJSON := RedactParams(text, nil)
		assert.True(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestRedactParamsRedactsOwnSecretsHoweverEscaped(t *testing.T) {
	t.Parallel()
	own := NewSecrets(`hunter2&"/x`)
	for text, want := range map[string]string{
		`{"a":"hunter2\u0026\"\/x"}`:           `{"a":"***"}`,
		`{"hunter2\u0026\u0022/x":1.10}`:       `{"***":1.10}`,
		`["{\"a\":\"hunter2&\\u0022/x\"}", 1]`: `["{\"a\":\"***\"}", 1]`,
		// HTML within a form within JSON.
		`{"hunter2\u002526amp;\u002526quot;/x":["hunter2\u002526amp;\u002526quot;/x"]}`: `{"***":["***"]}`,
		`"hunter\u0032&\"/x"`:                       `"***"`,
		`{"a":"\u0068unter2","b": "hunter2\u0026"}`: `{"a":"\u0068unter2","b": "hunter2\u0026"}`,
	} {
		got, isJSON := RedactParams(text, own)
		assert.True(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestRedactParamsKeepsParamsWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{ "b" : 1.10, "a": [ 12345678901234567890 ] }`,
		`{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`,
		`{"a":" {  \"b\" : \"\\u0041\" } "}`,
		`{"a":"my token","b":"{\"a\":\"password\"}"}`,
		`{"a":"{token"}`, " null\n", "true", "-1.10e+5", `"a b"`, "[]",
	} {
		for _, own := range []*Secrets{nil, NewSecrets("hunter2x")} {
			got, isJSON := RedactParams(text, own)
			assert.True(t, isJSON, text)
			assert.Equal(t, text, got)
		}
	}
}

// Go's parser takes 10,000 levels, and params become a value within other JSON. The limit of time is for an
// algorithm that takes the square of the size; this one takes a few milliseconds.
func TestRedactParamsHandlesAnyNesting(t *testing.T) {
	t.Parallel()
	const maxDepth = 10_000
	start := time.Now()
	for _, depth := range []int{maxDepth - 1000, maxDepth - 2, maxDepth - 1, maxDepth, 10 * maxDepth} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			nested := func(inner string) string {
				return strings.Repeat(brackets[0], depth) + inner + strings.Repeat(brackets[1], depth)
			}
			got, isJSON := RedactParams(nested(`{"token":"hunter2"}`), nil)
			fits := depth+2 <= maxDepth // with the innermost object and what the params become a value of
			assert.Equal(t, fits, isJSON, "%d levels", depth)
			if fits {
				assert.True(t, nested(`{"token":"***"}`) == got, "%d levels: only the value is redacted", depth)
				assert.True(t, json.Valid([]byte("["+got+"]")), "%d levels: other JSON can hold the result", depth)
			} else {
				assert.Equal(t, Redacted, got, "%d levels", depth)
			}
		}
	}
	text := `{"token":"hunter2"}`
	for range 12 { // each level doubles the backslashes
		text = `{"a":` + QuoteJSON(text) + `}`
	}
	got, isJSON := RedactParams(text, nil)
	assert.True(t, isJSON)
	assert.NotContains(t, got, "hunter2")
	assert.Less(t, time.Since(start), 30*time.Second)
}

func TestRedactParamsRedactsOwnSecretsAtAnyDepth(t *testing.T) {
	t.Parallel()
	const secret = `hunter2&"/x`
	text, want := `{`+QuoteJSON(secret)+`:[`+QuoteJSON("a "+secret)+`]}`, `{"***":["a ***"]}`
	for depth := range 8 { // strings that hold JSON, one within another
		got, isJSON := RedactParams(text, NewSecrets(secret))
		assert.True(t, isJSON)
		assert.Equal(t, want, got, "%d levels", depth)
		text, want = `{"a":`+QuoteJSON(text)+`}`, `{"a":`+QuoteJSON(want)+`}`
	}
}
