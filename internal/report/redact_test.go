package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parsed is what a JSON text means, numbers as their text.
func parsed(t *testing.T, text string) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value), text)
	return value
}

func TestValuesUnderKeysThatNameASecretAreStars(t *testing.T) {
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
		got, isJSON := redact(text, nil)
		assert.True(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestParamsWithoutSecretsKeepEveryCharacterButBlanksBetween(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{ "b" : 1.10, "a": [ 12345678901234567890 ] }`: `{"b":1.10,"a":[12345678901234567890]}`,
		`{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`:     `{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`,
		`{"a":" {  \"b\" : \"\\u0041\" } "}`:            `{"a":" {  \"b\" : \"\\u0041\" } "}`,
		`{"a":"my token","b":"{\"a\":\"password\"}"}`:   `{"a":"my token","b":"{\"a\":\"password\"}"}`,
		`{"a":"{token"}`: `{"a":"{token"}`,
		" null\n":        "null",
		"true":           "true",
		"-1.10e+5":       "-1.10e+5",
		`"a b"`:          `"a b"`,
		"[]":             "[]",
	} {
		r := withParams(text)
		assert.Equal(t, want, output(r, "params").Text)
		assert.Equal(t, want, output(r, "params").JSON)
		var task struct{ Params string }
		require.NoError(t, json.Unmarshal([]byte(output(r, "task").Text), &task))
		assert.Equal(t, text, task.Params, "the task's stay as the API gives them")
	}
}

func TestParamsThatAreNotJSONAreStarsIfTheyMayHoldASecret(t *testing.T) {
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
		got, isJSON := redact(text, nil)
		assert.False(t, isJSON, text)
		assert.Equal(t, want, got, text)
	}
}

func TestRedactionHoldsInEveryOutput(t *testing.T) {
	t.Parallel()
	for _, params := range []string{
		`{"a":1,"password":"hunter2"}`, `{"a":"{\"token\":\"hunter2\"}"}`, `{"\u0070asswd":"hunter2"}`, `"secret hunter2"`, "secret: hunter2", `{"token":["hunter2"]`,
	} {
		r := withParams(params)
		for _, o := range r.Outputs() {
			assert.NotContains(t, o.Text+o.JSON, "hunter2", "%s of %s", o.Name, params)
		}
		assert.NotContains(t, r.JSON(), "hunter2", params)
		assert.Contains(t, output(r, "params").Text, "***")
		assert.Contains(t, output(r, "task").Text, "***")
	}
}

func TestDeepNestingIsBorne(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, deep := range []int{9_000, 9_999, 10_000, 100_000} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := strings.Repeat(brackets[0], deep) + `{"token":"hunter2"}` + strings.Repeat(brackets[1], deep)
			r := withParams(text)
			line := r.JSON()
			assert.NotContains(t, line, "hunter2")
			var any struct{ Params any }
			require.NoError(t, json.Unmarshal([]byte(line), &any), "%d levels: what we print can be parsed", deep)
			if deep == 9_000 {
				want := strings.Repeat(brackets[0], deep) + `{"token":"***"}` + strings.Repeat(brackets[1], deep)
				assert.True(t, want == output(r, "params").Text)
			}
		}
	}
	inner := `{"token":"hunter2"}`
	for range 12 { // each level doubles the backslashes
		inner = fmt.Sprintf(`{"a":%s}`, quoteJSON(inner))
	}
	got, isJSON := redact(inner, nil)
	assert.True(t, isJSON)
	assert.NotContains(t, got, "hunter2")
	assert.Less(t, time.Since(start), 30*time.Second)
}

func TestAStringForJSONIsQuotedWithoutHTMLEscapes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "<&>", "\"\\\n", "\u2028", "\x00"} {
		quoted := quoteJSON(text)
		assert.Equal(t, text, parsed(t, quoted))
		assert.False(t, bytes.Contains([]byte(quoted), []byte(`\u003c`)))
	}
}

func TestASecretInAnotherNotationIsHidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"c":"password=p3"}`:                    `{"c":"***"}`,
		`{"d":"{'password':'p4'}"}`:              `{"d":"***"}`,
		`{"e":"\"{\\\"token\\\":\\\"p5\\\"}\""}`: `{"e":"\"{\\\"token\\\":\\\"***\\\"}\""}`,
		`{"name":"rotate-secret-of-topic"}`:      `{"name":"rotate-secret-of-topic"}`,
	} {
		got, isJSON := redact(text, nil)
		assert.True(t, isJSON)
		assert.Equal(t, want, got)
	}
}

func TestASecretWithAQuoteIsHiddenInJSON(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `{"a":"***"}`, NewHider([]string{`hunter"22x`}).Hide(`{"a":"hunter\"22x"}`))
}

func TestASecretOfOursIsHiddenHoweverJSONEscapesIt(t *testing.T) {
	t.Parallel()
	own := NewHider([]string{`hunter2&"/x`})
	for text, want := range map[string]string{
		`{"a":"hunter2\u0026\"\/x"}`:                `{"a":"***"}`,
		`{"hunter2\u0026\u0022/x":1.10}`:            `{"***":1.10}`,
		`["{\"a\":\"hunter2&\\u0022/x\"}", 1]`:      `["{\"a\":\"***\"}", 1]`,
		`"hunter\u0032&\"/x"`:                       `"***"`,
		`{"a":"\u0068unter2","b": "hunter2\u0026"}`: `{"a":"\u0068unter2","b": "hunter2\u0026"}`,
	} {
		got, isJSON := redact(text, own)
		assert.True(t, isJSON)
		assert.Equal(t, want, got)
	}
}
