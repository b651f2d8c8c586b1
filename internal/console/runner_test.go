package console

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// agentCommand matches what begins a command anywhere in a line: ##[ in GitHub Actions and Azure Pipelines,
// ##vso[ in the latter, ##teamcity[ in TeamCity.
var agentCommand = regexp.MustCompile(`##[A-Za-z]*\[`)

// command is what the runner of GitHub Actions, or the agent of another CI system, takes a line for.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// ignored are the characters that the runner skips where it looks for a command, since it compares by the rules of a
// language.
var ignored = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// commands returns what the runner acts on in the output of a step, and the other lines. The runner knows some names
// only; everything of the form counts here.
func commands(output string) (found []command, rest []string) {
	for _, line := range strings.Split(lineEnds.Replace(output), "\n") {
		compared := strings.Map(func(r rune) rune {
			if unicode.In(r, ignored...) {
				return -1
			}
			return r
		}, line)
		head, data, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(compared), "::"), "::")
		switch {
		case ok && strings.HasPrefix(strings.TrimSpace(compared), "::"):
			found = append(found, newCommand(head, data))
		case agentCommand.MatchString(compared):
			found = append(found, command{name: "##[", data: line})
		default:
			rest = append(rest, line)
		}
	}
	return found, rest
}

func newCommand(head, data string) command {
	name, list, _ := strings.Cut(head, " ")
	c := command{
		name: name, properties: map[string]string{},
		data: unescape(data, "\r", "%0D", "\n", "%0A", "%", "%25"),
	}
	for _, property := range strings.Split(strings.TrimSpace(list), ",") {
		if key, value, ok := strings.Cut(property, "="); ok {
			c.properties[key] = unescape(value, "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C", "%", "%25")
		}
	}
	return c
}

// unescape replaces one escape after the other, as the runner does.
func unescape(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, pairs[i+1], pairs[i])
	}
	return text
}

func TestCommandsAreFoundAsTheRunnerFindsThem(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"::error::x": true, " \t::error title=a::x": true, "\u00a0::error::x": true, "a\r::error::x": true,
		"\u200b:\u034f:error::": true, "::x:: ": true, "##[error]x": true, "a ##[x": true, "a ##vso[x": true,
		"###TeamCity[x": true, "##v\u200bso[x": true, "#\ufe0f#[error]": true,
		"a ::error::x": false, "::error:x": false, ":: x": false, "# #[x]": false, "##-[x]": false, "##x x[": false,
		"": false, ":\u0301:error::": false,
	} {
		found, _ := commands(line)
		require.Equal(t, want, len(found) == 1, "%q", line)
	}
	found, rest := commands("a\n::error title=b%3A c,line=1::50%25 %0Ad\r\ne")
	require.Equal(t, []command{{"error", map[string]string{"title": "b: c", "line": "1"}, "50% \nd"}}, found)
	require.Equal(t, []string{"a", "e"}, rest)
}
