package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHelpAndVersionTakePrecedence(t *testing.T) {
	t.Parallel()
	wrong := vars{"GITHUB_ACTIONS": "true", "HTTPS_PROXY": "::", "DMSWAIT_TIMEOUT": "soon"}
	for _, rest := range [][]string{
		nil, {"--bogus"}, {"stray"}, {"-"}, {"---x"}, {"--=x"}, {"-x=y"}, {"-test.v"},
		{"--timeout", "soon"}, {"--secret-key", "s"},
	} {
		for _, flag := range []string{"--help", "-h", "--version"} {
			for _, args := range [][]string{append([]string{flag}, rest...),
				append(rest[:len(rest):len(rest)], flag)} {
				c, faults := parse(wrong, args...)
				assert.Equal(t, flag != "--version", c.Help, "%q", args)
				assert.Equal(t, flag == "--version", c.Version, "%q", args)
				assert.Empty(t, faults, "%q", args)
			}
		}
	}
	c, _ := parse(complete())
	assert.False(t, c.Help || c.Version)
}

func TestArgumentsThatAreNotFlagsAreFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		faults []string
	}{
		{[]string{"t1"}, []string{`unexpected argument "t1": every input is a flag, see dmswait --help`}},
		{[]string{""}, []string{`unexpected argument "": every input is a flag, see dmswait --help`}},
		{[]string{"-"}, []string{`unexpected argument "-": every input is a flag, see dmswait --help`}},
		{[]string{"a", "b"}, []string{`unexpected argument "a": every input is a flag, see dmswait --help`,
			`unexpected argument "b": every input is a flag, see dmswait --help`}},
		{[]string{"a\nb"}, []string{`unexpected argument "a\nb": every input is a flag, see dmswait --help`}},
		{[]string{"--bogus"}, []string{"unknown flag --bogus; see dmswait --help"}},
		{[]string{"-b"}, []string{"unknown flag -b; see dmswait --help"}},
		{[]string{"---x"}, []string{"unknown flag ---x; see dmswait --help"}},
		{[]string{"--bogus", "a", "b"}, []string{"unknown flag --bogus; see dmswait --help",
			`unexpected argument "b": every input is a flag, see dmswait --help`}},
		{[]string{"--bogus=a", "b"}, []string{"unknown flag --bogus; see dmswait --help",
			`unexpected argument "b": every input is a flag, see dmswait --help`}},
		{[]string{"--bogus", "--timeout", "5m", "b"}, []string{"unknown flag --bogus; see dmswait --help",
			`unexpected argument "b": every input is a flag, see dmswait --help`}},
		{[]string{"--=x"}, []string{"unknown flag (not shown, it may contain a value); see dmswait --help"}},
		{[]string{"--a\nb"}, []string{"unknown flag (not shown, it may contain a value); see dmswait --help"}},
		{[]string{"--" + strings.Repeat("x", 40)},
			[]string{"unknown flag (not shown, it may contain a value); see dmswait --help"}},
		{[]string{"-test.v"}, []string{"unknown flag (not shown, it may contain a value); see dmswait --help"}},
		{[]string{"-bogus"}, []string{"unknown flag with a single dash; see dmswait --help"}},
		{[]string{"--task_id=t1"}, []string{"unknown flag --task_id: did you mean --task-id?"}},
		{[]string{"-task-id", "t1"}, []string{"unknown flag -task-id: did you mean --task-id?"}},
		{[]string{"--help=x"}, []string{"--help takes no value"}},
		{[]string{"--timeout"}, []string{"--timeout requires a value"}},
		{[]string{"--not-found-grace"}, []string{"--not-found-grace requires a value"}},
		{[]string{"--timeout", "-5m"}, []string{`timeout "-5m" is negative (from --timeout)`}},
		{[]string{"--"}, []string{}},
		{[]string{"--", "t1", "t2"}, []string{"-- is not supported: every input is a flag, see dmswait --help"}},
		{[]string{"--", "--timeout", "5m"},
			[]string{"-- is not supported: every input is a flag, see dmswait --help"}},
	} {
		_, faults := parse(complete(), test.args...)
		assert.Equal(t, test.faults, faults, "%q", test.args)
	}
}

func TestValueOfAnUnknownFlagIsNotShown(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--password", "hunter"}, {"--password=hunter"}, {"-p", "hunter"}, {"-p=hunter"}, {"-phunter"},
		{"--password=hunter two"}, {"--", "hunter"}, {"--token", "-hunter"},
	} {
		_, faults := parse(complete(), args...)
		assert.NotEmpty(t, faults, "%q", args)
		assert.NotContains(t, strings.Join(faults, "\n"), "hunter", "%q", args)
	}
}

func TestFlagsAfterAFaultyOneAreRead(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"--bogus=x", "---x=y", "--=x", "-x=y", "stray", "--help=x"} {
		c, faults := parse(vars{"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "SK"},
			first, "--region", "cn-north-4", "--project-id=p1", "--instance-id", "i1",
			"--task-id", "t1", "--timeout", "soon")
		assert.Len(t, faults, 2, "%q", faults)
		assert.Equal(t, "t1", c.Targets[0].TaskID)
	}
}

func TestInputWithAFaultyFlagIsNotReportedAsRequired(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--task-id"}, {"--task_id", "t1"}, {"-task-id=t1"}} {
		_, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": ""}), args...)
		assert.Len(t, faults, 1, "%q", args)
	}
	_, faults := parse(complete().with(vars{"DMSWAIT_SECRET_KEY": ""}), "--secret-key", "s")
	assert.Len(t, faults, 1)
}

func TestFlagIsNotTheValueOfThePreviousFlag(t *testing.T) {
	t.Parallel()
	_, faults := Parse(t.Context(), []string{"--task-id", "--timeout", "5m"}, func(string) string { return "" }, nil)
	var texts []string
	for _, fault := range faults {
		texts = append(texts, fault.Text)
	}
	assert.Contains(t, texts, "--task-id requires a value")
	assert.NotContains(t, strings.Join(texts, "\n"), "5m")
}
