package jsontext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzSameAsEncodingJSON checks that results are those of encoding/json.
func FuzzSameAsEncodingJSON(f *testing.F) {
	for _, text := range []string{
		`{"a":[1.10,-0,1E4],"b":"{\"c\":1}","a":null}`, ` [ ] `, `{}`, `null`, `"\ud83d\ude42\ud800x\ud800\u0041\/"`, `1`, `tru`,
		"\"\xff\u2028\u007f\"", `{"a":{"b":[{},[],""]},"":true}`, `[1,"]",{"}":2} , 3]`, `"a\\"`, `1e400`, "\"\x01\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var quoted bytes.Buffer
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(false)
		require.NoError(t, encoder.Encode(text))
		require.Equal(t, strings.TrimSuffix(quoted.String(), "\n"), Quote(text))

		var want map[string]json.RawMessage
		err := json.Unmarshal([]byte(text), &want)
		got, ok := ParseObject([]byte(text))
		require.Equal(t, err == nil, ok)
		if ok {
			require.Equal(t, want, got)
		}
		value, ok := Parse([]byte(text))
		if !ok {
			return
		}
		var wantText string
		err = json.Unmarshal([]byte(text), &wantText)
		gotText, isText := String(value)
		require.Equal(t, err == nil, isText)
		require.Equal(t, wantText, gotText)
		var wantAny any
		err = json.Unmarshal([]byte(text), &wantAny)
		gotAny, ok := NewReader([]byte(text)).Decode()
		require.Equal(t, err == nil, ok)
		if ok {
			require.Equal(t, wantAny, gotAny)
		}
	})
}
