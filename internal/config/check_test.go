package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExactlyOneOfTaskIdAndTaskName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		vars  vars
		input string // at fault; empty: none
	}{
		"id":                          {vars{"DMSWAIT_TASK_ID": "t1"}, ""},
		"name and since":              {vars{"DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m"}, ""},
		"name without since":          {vars{"DMSWAIT_TASK_NAME": "restart"}, "since"},
		"both":                        {vars{"DMSWAIT_TASK_ID": "t1", "DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m"}, "task_id"},
		"both, since is not the care": {vars{"DMSWAIT_TASK_ID": "t1", "DMSWAIT_TASK_NAME": "restart"}, "task_id"},
		"none":                        {nil, "task_id"},
		"since alone":                 {vars{"DMSWAIT_SINCE": "5m"}, "task_id"},
	} {
		_, faults := read(complete().with(vars{"DMSWAIT_TASK_ID": ""}).with(test.vars))
		if test.input == "" {
			assert.Empty(t, faults, name)
			continue
		}
		assert.Len(t, faults, 1, name)
		assert.Len(t, about(faults, test.input), 1, name)
	}
}

func TestATaskNameIsTakenToTheLetter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bindInstancePublicIp", "with blanks", "名字", "::error::", "a/b", `"`} {
		c, faults := read(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": name, "DMSWAIT_SINCE": "5m"}))
		assert.Empty(t, faults)
		assert.Equal(t, name, c.TaskName)
	}
	_, faults := read(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": "two\nlines", "DMSWAIT_SINCE": "5m"}))
	assert.Len(t, about(faults, "task_name"), 1)
}

func TestTheInputsEverybodyNeedsAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"instance_id", "task_id", "region", "access_key", "secret_key"} {
		_, faults := read(complete().with(vars{"DMSWAIT_" + strings.ToUpper(input): ""}))
		assert.Len(t, faults, 1, input)
		assert.Len(t, about(faults, input), 1, input)
		assert.Contains(t, faults[0], "DMSWAIT_"+strings.ToUpper(input), "it says how")
	}
}

func TestMaxIntervalIsNotShorterThanInterval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interval, longest string
		want              time.Duration // 0: a fault
	}{
		"neither":                           {"", "", 25 * time.Second},
		"a short interval":                  {"5s", "", 25 * time.Second},
		"an interval longer than the other": {"90s", "", 90 * time.Second},
		"given, longer":                     {"5s", "6s", 6 * time.Second},
		"given, equal":                      {"5s", "5s", 5 * time.Second},
		"given, shorter":                    {"5s", "4999ms", 0},
		"given, shorter than the default":   {"", "500ms", 0},
	} {
		c, faults := read(complete().with(vars{"DMSWAIT_INTERVAL": test.interval, "DMSWAIT_MAX_INTERVAL": test.longest}))
		if test.want == 0 {
			assert.Len(t, faults, 1, name)
			assert.Len(t, about(faults, "max_interval"), 1, name)
			continue
		}
		assert.Empty(t, faults, name)
		assert.Equal(t, test.want, c.MaxInterval, name)
	}
}

func TestThereIsExactlyOneWholeWayToLogIn(t *testing.T) {
	t.Parallel()
	values := vars{"access_key": "AK", "secret_key": "SK", "security_token": "ST", "auth_token": "AT"}
	for given, inputs := range map[string][]string{ // the inputs at fault
		"access_key secret_key":                nil,
		"access_key secret_key security_token": nil,
		"auth_token":                           nil,
		"":                                     {"credentials"},
		"access_key":                           {"secret_key"},
		"secret_key":                           {"access_key"},
		"security_token":                       {"access_key", "secret_key"},
		"access_key security_token":            {"secret_key"},
		"secret_key security_token":            {"access_key"},
		"access_key secret_key auth_token":     {"access_key"},
		"access_key secret_key security_token auth_token": {"access_key"},
		"access_key auth_token":                           {"access_key"},
		"secret_key auth_token":                           {"secret_key"},
		"security_token auth_token":                       {"security_token"},
	} {
		environment := complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": ""})
		for _, input := range strings.Fields(given) {
			environment["DMSWAIT_"+strings.ToUpper(input)] = values[input]
		}
		_, faults := read(environment)
		assert.Len(t, faults, len(inputs), given)
		for _, input := range inputs {
			assert.Len(t, about(faults, input), 1, given)
		}
		if strings.HasSuffix(given, " auth_token") {
			assert.Contains(t, faults[0], " cannot be combined with auth_token", "both ways are named")
		}
	}
}

func TestTwoWaysToLogInAreAFaultFromWhateverLevel(t *testing.T) {
	t.Parallel()
	_, faults := read(complete().with(inActions(t)).with(vars{"INPUT_AUTH_TOKEN": "AT"}))
	assert.Equal(t, []string{"access_key cannot be combined with auth_token: use one login method"}, faults)
}

func TestAProxyVariableIsTheAddressOfAProxy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		for _, value := range []string{
			"http://proxy.example.com:3128", "https://proxy.example.com", "socks5://127.0.0.1:1080", "socks5h://proxy:1080", "http://proxy:3128/",
			"proxy.example.com:3128", "proxy:3128", "proxy", "127.0.0.1:3128", "[::1]:3128", "http://user:p%40ss@proxy:3128", "user:pass@proxy:3128", "HTTP://proxy",
		} {
			_, faults := read(complete().with(vars{name: value}))
			assert.Empty(t, faults, "%s=%s", name, value)
		}
		for _, value := range []string{
			"http://", "http:", "://proxy", "http://:3128", ":3128", "http://hunter2:port", "http://user:hunter2%@proxy:3128", "ftp://hunter2", "file:///hunter2",
			"not a hunter2", "http://hunter2:0", "http://hunter2:65536", "hunter2:65536", "http://[::1", " http://hunter2", "http://hunter2\n",
		} {
			_, faults := read(complete().with(vars{name: value}))
			assert.Equal(t, []string{name + " is not the URL of a proxy: use one such as http://proxy.example.com:3128"}, faults, "%s=%s", name, value)
		}
	}
	_, faults := read(complete().with(vars{"NO_PROXY": "*, ::", "FTP_PROXY": "::", "ALL_PROXY": "::"}))
	assert.Empty(t, faults, "variables that mean nothing to us")
}

func TestTheFileOfOutputsIsTriedBeforehand(t *testing.T) {
	t.Parallel()
	present, folder := file(t, "a=b\n"), t.TempDir()
	missing := filepath.Join(folder, "output")
	for _, path := range []string{present, missing} {
		c, faults := read(complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": path}))
		assert.Empty(t, faults)
		assert.Equal(t, path, c.Actions.Output)
	}
	content, err := os.ReadFile(present)
	require.NoError(t, err)
	assert.Equal(t, "a=b\n", string(content), "what is there stays")

	for name, path := range map[string]string{
		"unset": "", "a folder": folder, "in a folder that is missing": filepath.Join(folder, "no", "output"), "below a file": filepath.Join(present, "output"),
	} {
		c, faults := read(complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": path}))
		assert.Len(t, faults, 1, name)
		assert.Len(t, about(faults, "GITHUB_OUTPUT"), 1, name)
		assert.Empty(t, c.Actions.Output, "nothing is written there later: %s", name)
		assert.True(t, c.Actions.On)
	}
}

func TestOutsideOfActionsThereAreNoOutputsOfAStep(t *testing.T) {
	t.Parallel()
	for _, actions := range []string{"", "false", "1"} {
		path := filepath.Join(t.TempDir(), "output")
		c, faults := read(complete().with(vars{"GITHUB_ACTIONS": actions, "GITHUB_OUTPUT": path}))
		assert.Empty(t, faults)
		assert.False(t, c.Actions.On)
		assert.Empty(t, c.Actions.Output)
		assert.NoFileExists(t, path)
	}
}
