package output

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file has the rules by which runners read what a step prints and writes, taken from their sources.

// agentCommand matches the start of a command anywhere in a line: ##[ in GitHub Actions and Azure Pipelines,
// ##vso[ in the latter, ##teamcity[ in TeamCity.
var agentCommand = regexp.MustCompile(`##[A-Za-z]*\[`)

// command is a line that a runner acts on.
type command struct {
	name       string
	properties map[string]string
	data       string
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// ignored are the characters that the runner skips when it looks for a command, because it compares text by the
// rules of a language.
var ignored = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// parseCommands returns the commands in what a step prints, and the other lines. The runner knows some names
// only; here whatever has the form of a command is one.
func parseCommands(printed string) (found []command, rest []string) {
	for _, line := range strings.Split(lineEnds.Replace(printed), "\n") {
		compared := strings.Map(func(r rune) rune {
			if unicode.In(r, ignored...) {
				return -1
			}
			return r
		}, line)
		after, isCommand := strings.CutPrefix(strings.TrimSpace(compared), "::")
		head, data, isComplete := strings.Cut(after, "::")
		switch {
		case isCommand && isComplete:
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
		name:       name,
		properties: map[string]string{},
		data:       unescape(data, "\r", "%0D", "\n", "%0A", "%", "%25"),
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

// stepOutput is an output that a runner has read from GITHUB_OUTPUT.
type stepOutput struct{ name, text string }

// parseStepOutputs reads the file of a step's outputs as the runner does. On Windows a line may end with \r\n
// as well.
func parseStepOutputs(text string, windows bool) (outputs []stepOutput, err error) {
	text = string([]rune(text)) // invalid UTF-8 is replaced
	at := 0
	next := func() (line, end string, ok bool) {
		if at >= len(text) {
			return "", "", false
		}
		line, _, ended := strings.Cut(text[at:], "\n")
		at += len(line)
		if ended {
			end = "\n"
			at++
		}
		if windows && ended && strings.HasSuffix(line, "\r") {
			line, end = line[:len(line)-1], "\r\n"
		}
		return line, end, true
	}
	for line, _, ok := next(); ok; line, _, ok = next() {
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals > 0 && (heredoc < 0 || equals < heredoc):
			outputs = append(outputs, stepOutput{line[:equals], line[equals+1:]})
		case heredoc > 0 && (equals < 0 || heredoc < equals) && line[heredoc+2:] != "":
			from, to := at, at
			for {
				last, end, ok := next()
				if !ok {
					return nil, fmt.Errorf("matching delimiter not found: %q", line[heredoc+2:])
				}
				if last == line[heredoc+2:] {
					break
				}
				to = at - len(end)
			}
			outputs = append(outputs, stepOutput{line[:heredoc], text[from:to]})
		default: // the runner refuses the whole file
			return nil, fmt.Errorf("invalid format: %q", line)
		}
	}
	return outputs, nil
}

func TestParserOfTheTestsKnowsTheRunnersCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"::error::x": true, " \t::error title=a::x": true, "\u00a0::error::x": true, "a\r::error::x": true,
		"\u200b:\u034f:error::": true, "::x:: ": true, "##[error]x": true, "a ##[x": true, "a ##vso[x": true,
		"###TeamCity[x": true, "##v\u200bso[x": true, "#\ufe0f#[error]": true,
		"a ::error::x": false, "::error:x": false, ":: x": false, "# #[x]": false, "##-[x]": false, "##x x[": false,
		"": false, ":\u0301:error::": false,
	} {
		found, _ := parseCommands(line)
		require.Equal(t, want, len(found) == 1, "%q", line)
	}
	found, rest := parseCommands("a\n::error title=b%3A c,line=1::50%25 %0Ad\r\ne")
	require.Equal(t, []command{{"error", map[string]string{"title": "b: c", "line": "1"}, "50% \nd"}}, found)
	require.Equal(t, []string{"a", "e"}, rest)
}

func TestParserOfTheTestsKnowsTheRunnersOutputs(t *testing.T) {
	t.Parallel()
	outputs, err := parseStepOutputs("a=b<<c\n\nd<<e=f\nx\r\n\ne=f\ng<<h\nh\ni=j", false)
	require.NoError(t, err)
	require.Equal(t, []stepOutput{{"a", "b<<c"}, {"d", "x\r\n"}, {"g", ""}, {"i", "j"}}, outputs)
	outputs, err = parseStepOutputs("d<<e\r\nx\r\ny\r\r\ne\r\n", true)
	require.NoError(t, err)
	require.Equal(t, []stepOutput{{"d", "x\r\ny\r"}}, outputs)
	for _, refused := range []string{"a\n", "=a\n", "<<a\na\n", "a<<\n\n", "a<<b\nc\n"} {
		_, err := parseStepOutputs(refused, false)
		assert.Error(t, err, "%q", refused)
	}
}
