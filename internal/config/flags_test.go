package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHelpAndVersionGoBeforeEverythingElse(t *testing.T) {
	t.Parallel()
	wrong := vars{"GITHUB_ACTIONS": "true", "HTTPS_PROXY": "::", "DMSWAIT_TIMEOUT": "nonsense"}
	for _, rest := range [][]string{
		nil, {"--bogus"}, {"stray"}, {"-"}, {"---x"}, {"--=x"}, {"-x=y"}, {"-test.v"}, {"--timeout", "nonsense"}, {"--secret-key", "s"},
	} {
		for _, flag := range []string{"--help", "-h", "--version"} {
			for _, args := range [][]string{append([]string{flag}, rest...), append(rest[:len(rest):len(rest)], flag)} {
				c, faults := read(wrong, args...)
				assert.Equal(t, flag != "--version", c.Help, "%q", args)
				assert.Equal(t, flag == "--version", c.Version, "%q", args)
				assert.Empty(t, faults, "%q", args)
			}
		}
	}
	c, _ := read(complete())
	assert.False(t, c.Help || c.Version)
}

func TestWhatIsNoFlagIsAFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		faults []string
	}{
		{[]string{"t1"}, []string{`arguments: "t1" is not a flag; every input has one, see dmswait --help`}},
		{[]string{""}, []string{`arguments: "" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"-"}, []string{`arguments: "-" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"a", "b"}, []string{`arguments: "a" is not a flag; every input has one, see dmswait --help`, `arguments: "b" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"a\nb"}, []string{`arguments: "a\nb" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"--bogus"}, []string{"--bogus: is not a flag; dmswait --help lists all"}},
		{[]string{"-b"}, []string{"-b: is not a flag; dmswait --help lists all"}},
		{[]string{"---x"}, []string{"---x: is not a flag; dmswait --help lists all"}},
		{[]string{"--bogus", "a", "b"}, []string{"--bogus: is not a flag; dmswait --help lists all", `arguments: "b" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"--bogus=a", "b"}, []string{"--bogus: is not a flag; dmswait --help lists all", `arguments: "b" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"--bogus", "--timeout", "5m", "b"}, []string{"--bogus: is not a flag; dmswait --help lists all", `arguments: "b" is not a flag; every input has one, see dmswait --help`}},
		{[]string{"--=x"}, []string{"arguments: there is a flag of an odd name; dmswait --help lists all"}},
		{[]string{"--a\nb"}, []string{"arguments: there is a flag of an odd name; dmswait --help lists all"}},
		{[]string{"--" + strings.Repeat("x", 40)}, []string{"arguments: there is a flag of an odd name; dmswait --help lists all"}},
		{[]string{"-test.v"}, []string{"arguments: there is a flag of an odd name; dmswait --help lists all"}},
		{[]string{"-bogus"}, []string{"arguments: a flag has two dashes; dmswait --help lists all"}},
		{[]string{"--task_id=t1"}, []string{"task_id: its flag is --task-id"}},
		{[]string{"-task-id", "t1"}, []string{"task_id: its flag is --task-id"}},
		{[]string{"--help=x"}, []string{"arguments: --help and --version take no value"}},
		{[]string{"--timeout"}, []string{"timeout: the flag needs a value"}},
		{[]string{"--not-found-grace"}, []string{"not_found_grace: the flag needs a value"}},
		{[]string{"--timeout", "-5m"}, []string{`timeout: "-5m" is negative (from --timeout)`}},
		{[]string{"--"}, []string{}},
		{[]string{"--", "t1", "t2"}, []string{"arguments: nothing may stand behind --: every input has a flag, see dmswait --help"}},
		{[]string{"--", "--timeout", "5m"}, []string{"arguments: nothing may stand behind --: every input has a flag, see dmswait --help"}},
	} {
		_, faults := read(complete(), test.args...)
		assert.Equal(t, test.faults, faults, "%q", test.args)
	}
}

func TestTheValueOfAnUnknownFlagIsNotShown(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--password", "hunter"}, {"--password=hunter"}, {"-p", "hunter"}, {"-p=hunter"}, {"-phunter"},
		{"--password=hunter two"}, {"--", "hunter"}, {"--token", "-hunter"},
	} {
		_, faults := read(complete(), args...)
		assert.NotEmpty(t, faults, "%q", args)
		assert.NotContains(t, strings.Join(faults, "\n"), "hunter", "%q", args)
	}
}

func TestAFaultInAFlagHidesNothingThatStandsBehindIt(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"--bogus=x", "---x=y", "--=x", "-x=y", "stray", "--help=x"} {
		c, faults := read(vars{"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "SK"},
			first, "--region", "cn-north-4", "--project-id=p1", "--instance-id", "i1", "--task-id", "t1", "--timeout", "nonsense")
		assert.Len(t, faults, 2, "%q", faults)
		assert.Equal(t, "t1", c.TaskID)
	}
}

func TestAnInputWhoseFlagIsWrongIsNotCalledMissingToo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--task-id"}, {"--task_id", "t1"}, {"-task-id=t1"}} {
		_, faults := read(complete().with(vars{"DMSWAIT_TASK_ID": ""}), args...)
		assert.Len(t, faults, 1, "%q", args)
	}
	_, faults := read(complete().with(vars{"DMSWAIT_SECRET_KEY": ""}), "--secret-key", "s")
	assert.Len(t, faults, 1)
}

func TestAFlagIsNotTheValueOfTheOneBeforeIt(t *testing.T) {
	t.Parallel()
	_, faults := Parse(t.Context(), []string{"--task-id", "--timeout", "5m"}, func(string) string { return "" })
	var texts []string
	for _, fault := range faults {
		texts = append(texts, fault.Error())
	}
	assert.Contains(t, texts, "task_id: the flag needs a value")
	assert.NotContains(t, strings.Join(texts, "\n"), "5m")
}
