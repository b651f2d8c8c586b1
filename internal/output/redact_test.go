package output

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/result"
)

func withParams(params string) result.Report {
	return reportOf(&client.Task{ID: "t1", Status: client.Success, Params: params}, nil)
}

func TestSecretsInParamsAreRedactedInEveryOutput(t *testing.T) {
	t.Parallel()
	for _, params := range []string{
		`{"a":1,"password":"hunter2"}`, `{"a":"{\"token\":\"hunter2\"}"}`, `{"\u0070asswd":"hunter2"}`,
		`"secret hunter2"`, "secret: hunter2", `{"token":["hunter2"]`,
	} {
		r := withParams(params)
		for _, o := range values(&r) {
			assert.NotContains(t, o.text+o.json, "hunter2", "%s of %s", o.name, params)
		}
		assert.NotContains(t, JSON(&r), "hunter2", params)
		assert.Contains(t, valueOf(t, &r, "params").text, "***")
		assert.Contains(t, valueOf(t, &r, "task").text, "***")
	}
}

func TestParamsWithoutSecretsKeepEveryCharacterButBlanksBetween(t *testing.T) {
	t.Parallel()
	for params, want := range map[string]string{
		`{ "b" : 1.10, "a": [ 12345678901234567890 ] }`: `{"b":1.10,"a":[12345678901234567890]}`,
		`{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`:     `{"a":"\u0041\/ x","A":"` + "\u2028" + `"}`,
		`{"a":" {  \"b\" : \"\\u0041\" } "}`:            `{"a":" {  \"b\" : \"\\u0041\" } "}`,
		`{"a":"my token","b":"{\"a\":\"password\"}"}`:   `{"a":"my token","b":"{\"a\":\"password\"}"}`,
		" null\n":    "null",
		"-1.10e+5":   "-1.10e+5",
		`"a b"`:      `"a b"`,
		`{"a":"{t"}`: `{"a":"{t"}`,
	} {
		r := withParams(params)
		assert.Equal(t, value{want, want}, valueOf(t, &r, "params"))
		var task struct{ Params string }
		require.NoError(t, json.Unmarshal([]byte(valueOf(t, &r, "task").text), &task))
		assert.Equal(t, params, task.Params, "the task's params stay as the API gives them")
	}
}

func TestDeeplyNestedParamsStayParsable(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{9_000, 9_999, 10_000, 100_000} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			params := strings.Repeat(brackets[0], depth) + `{"token":"hunter2"}` + strings.Repeat(brackets[1], depth)
			line := JSON(new(withParams(params)))
			assert.NotContains(t, line, "hunter2")
			var parsed struct{ Params any }
			require.NoError(t, json.Unmarshal([]byte(line), &parsed), "%d levels", depth)
		}
	}
}
