package report

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// smallPlace is how much fits where outputs go by file, in bytes: GitLab takes 5 KB of dotenv, Tekton some 4 KB of results.
const smallPlace = 4000

// shedding are the outputs to leave out where not all fit, the first one first.
var shedding = []string{"task", "params"}

// Dotenv is the report as lines of NAME=value, for GitLab and for shells: nothing in a value can run when a shell sources the file,
// whatever the service sent. The message is left out, since it has blanks. It tells which outputs did not fit and are empty.
func (r Report) Dotenv(prefix string) (content string, left []string) {
	outputs := r.shortOutputs()
	return r.shed(outputs, func() string {
		var b strings.Builder
		for _, output := range outputs {
			if output.Name != "message" {
				b.WriteString(prefix + strings.ToUpper(output.Name) + "=" + dotenvValue(output) + "\n")
			}
		}
		return b.String()
	})
}

// Results are the report as one value for each output, for Tekton and Argo, and which of them did not fit and are empty.
func (r Report) Results() (outputs []Output, left []string) {
	outputs = r.shortOutputs()
	_, left = r.shed(outputs, func() string {
		var b strings.Builder
		for _, output := range outputs {
			b.WriteString(output.Text)
		}
		return b.String()
	})
	return outputs, left
}

// shortOutputs are the outputs for where little fits: only a status can be long and is never left out. One of DMS's own is not cut.
func (r Report) shortOutputs() []Output {
	outputs := r.Outputs()
	outputs[0] = text("status", shorten(outputs[0].Text))
	return outputs
}

// shed empties outputs until what is made of them fits.
func (r Report) shed(outputs []Output, make func() string) (content string, left []string) {
	for _, name := range shedding {
		if content = make(); len(content) <= smallPlace {
			return content, left
		}
		for i := range outputs {
			if outputs[i].Name == name {
				outputs[i].Text, outputs[i].JSON = "", "null"
			}
		}
		left = append(left, name)
	}
	return make(), left
}

// dotenvValue writes a value with nothing in it that a shell would act on.
func dotenvValue(output Output) string {
	switch {
	case output.Text == "":
		return ""
	case output.Name == "status":
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
				return r
			}
			return '_'
		}, output.Text)
	case output.Name == "params" || output.Name == "task":
		return shellSafeJSON(output.JSON)
	}
	return output.Text // a number, an id, or a word of ours
}

// shellSafeJSON writes the same JSON with all but the plainest characters of its strings escaped.
func shellSafeJSON(encoded string) string {
	var b strings.Builder
	for i := 0; i < len(encoded); {
		if encoded[i] != '"' {
			b.WriteByte(encoded[i])
			i++
			continue
		}
		end := i + 1
		for ; encoded[end] != '"'; end++ {
			if encoded[end] == '\\' {
				end++
			}
		}
		var text string
		json.Unmarshal([]byte(encoded[i:end+1]), &text) // it is valid JSON of our own making
		b.WriteString(shellSafeString(text))
		i = end + 1
	}
	return b.String()
}

func shellSafeString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(text)) {
		switch {
		case unit < 0x80 && (unit >= 'a' && unit <= 'z' || unit >= 'A' && unit <= 'Z' || unit >= '0' && unit <= '9' || strings.ContainsRune("-_.:/", rune(unit))):
			b.WriteByte(byte(unit))
		default:
			writeEscape(&b, rune(unit))
		}
	}
	b.WriteByte('"')
	return b.String()
}
