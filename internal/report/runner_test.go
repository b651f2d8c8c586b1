package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// agentCommand begins a command anywhere in a line: ##[ of GitHub Actions and Azure Pipelines, ##vso[ of the latter, ##teamcity[.
var agentCommand = regexp.MustCompile(`##[A-Za-z]*\[`)

// command is what the runner of GitHub Actions, or the agent of another service, takes a line for.
type command struct {
	name       string
	properties map[string]string
	data       string
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// unweighed are the characters that the runner passes over where it looks for a command, since it compares by the rules of a language.
var unweighed = []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector}

// commands are what the runner acts on in the output of a step. It also knows some names only; whatever has the form counts here.
func commands(output string) (found []command, rest []string) {
	for _, line := range strings.Split(lineEnds.Replace(output), "\n") {
		weighed := strings.Map(func(r rune) rune {
			if unicode.In(r, unweighed...) {
				return -1
			}
			return r
		}, line)
		head, data, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(weighed), "::"), "::")
		switch {
		case ok && strings.HasPrefix(strings.TrimSpace(weighed), "::"):
			found = append(found, newCommand(head, data))
		case agentCommand.MatchString(weighed):
			found = append(found, command{name: "##[", data: line})
		default:
			rest = append(rest, line)
		}
	}
	return found, rest
}

func newCommand(head, data string) command {
	name, list, _ := strings.Cut(head, " ")
	c := command{name: name, properties: map[string]string{}, data: unescape(data, "\r", "%0D", "\n", "%0A", "%", "%25")}
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

// outputsFile reads a file of outputs as the runner does; on Windows it takes \r\n for the end of a line, too.
func outputsFile(t *testing.T, text string, windows bool) (names []string, values map[string]string) {
	t.Helper()
	values = map[string]string{}
	text = string([]rune(text))
	index := 0
	next := func() (line, end string, ok bool) {
		if index >= len(text) {
			return "", "", false
		}
		line, _, found := strings.Cut(text[index:], "\n")
		index += len(line)
		if found {
			end = "\n"
			index++
		}
		if windows && found && strings.HasSuffix(line, "\r") {
			line, end = line[:len(line)-1], "\r\n"
		}
		return line, end, true
	}
	for line, _, ok := next(); ok; line, _, ok = next() {
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			names = append(names, line[:equals])
			values[line[:equals]] = line[equals+1:]
		case heredoc < 0:
			require.Fail(t, "the runner refuses the whole file", "line %q", line)
		default:
			name, delimiter := line[:heredoc], line[heredoc+2:]
			require.NotEmpty(t, name)
			require.NotEmpty(t, delimiter)
			from, to := index, index
			for {
				line, end, ok := next()
				require.True(t, ok, "no end of %s", name)
				if line == delimiter {
					break
				}
				to = index - len(end)
			}
			names = append(names, name)
			values[name] = text[from:to]
		}
	}
	return names, values
}

func TestTheRunnersRulesAreThoseOfTheTests(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"::error::x": true, " \t::error title=a::x": true, "\u00a0::error::x": true, "a\r::error::x": true, "\u200b:\u034f:error::": true, "::x:: ": true,
		"##[error]x": true, "a ##[x": true, "a ##vso[x": true, "###TeamCity[x": true, "##v\u200bso[x": true, "#\ufe0f#[error]": true,
		"a ::error::x": false, "::error:x": false, ":: x": false, "# #[x]": false, "##-[x]": false, "##x x[": false, "": false, ":\u0301:error::": false,
	} {
		found, _ := commands(line)
		require.Equal(t, want, len(found) == 1, "%q", line)
	}
	found, rest := commands("a\n::error title=b%3A c,line=1::50%25 %0Ad\r\ne")
	require.Equal(t, []command{{"error", map[string]string{"title": "b: c", "line": "1"}, "50% \nd"}}, found)
	require.Equal(t, []string{"a", "e"}, rest)

	names, values := outputsFile(t, "a=b<<c\n\nd<<e=f\nx\r\n\ne=f\ng<<h\nh\n", false)
	require.Equal(t, []string{"a", "d", "g"}, names)
	require.Equal(t, map[string]string{"a": "b<<c", "d": "x\r\n", "g": ""}, values)
	_, values = outputsFile(t, "d<<e\r\nx\r\ny\r\r\ne\r\n", true)
	require.Equal(t, map[string]string{"d": "x\r\ny\r"}, values)
}
