package report

import (
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
