package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestExactlyOneOfTaskIDAndTaskNameIsRequired(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		vars  vars
		input string // at fault; empty: none
	}{
		"id":                 {vars{"DMSWAIT_TASK_ID": "t1"}, ""},
		"name and since":     {vars{"DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m"}, ""},
		"name without since": {vars{"DMSWAIT_TASK_NAME": "restart"}, "since"},
		"both": {vars{"DMSWAIT_TASK_ID": "t1", "DMSWAIT_TASK_NAME": "restart",
			"DMSWAIT_SINCE": "5m"}, "task_id"},
		"both, without since": {vars{"DMSWAIT_TASK_ID": "t1", "DMSWAIT_TASK_NAME": "restart"}, "task_id"},
		"none":                {nil, "task_id"},
		"since alone":         {vars{"DMSWAIT_SINCE": "5m"}, "task_id"},
	} {
		_, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": ""}).with(test.vars))
		if test.input == "" {
			assert.Empty(t, faults, name)
			continue
		}
		assert.Len(t, faults, 1, name)
		assert.Len(t, faultsOf(faults, test.input), 1, name)
	}
}

func TestTaskNameIsUsedUnchanged(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bindInstancePublicIp", "with blanks", "名字", "::error::", "a/b", `"`} {
		c, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": name,
			"DMSWAIT_SINCE": "5m"}))
		assert.Empty(t, faults)
		assert.Equal(t, name, c.Targets[0].TaskName)
	}
	_, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": "two\nlines",
		"DMSWAIT_SINCE": "5m"}))
	assert.Len(t, faultsOf(faults, "task_name"), 1)
}

func TestRequiredInputsAreNamed(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"instance_id", "task_id", "region", "access_key", "secret_key"} {
		_, faults := parse(complete().with(vars{"DMSWAIT_" + strings.ToUpper(input): ""}))
		assert.Len(t, faults, 1, input)
		assert.Len(t, faultsOf(faults, input), 1, input)
		assert.Contains(t, faults[0], "DMSWAIT_"+strings.ToUpper(input), "the fault says how to set it")
	}
}

func TestMaxIntervalIsNotShorterThanInterval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interval, maxInterval string
		want                  time.Duration // 0: a fault
	}{
		"neither":                             {"", "", 25 * time.Second},
		"a short interval":                    {"5s", "", 25 * time.Second},
		"an interval longer than the default": {"90s", "", 90 * time.Second},
		"given, longer":                       {"5s", "6s", 6 * time.Second},
		"given, equal":                        {"5s", "5s", 5 * time.Second},
		"given, shorter":                      {"5s", "4999ms", 0},
		"given, shorter than the default":     {"", "500ms", 0},
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_INTERVAL": test.interval,
			"DMSWAIT_MAX_INTERVAL": test.maxInterval}))
		if test.want == 0 {
			assert.Len(t, faults, 1, name)
			assert.Len(t, faultsOf(faults, "max_interval"), 1, name)
			continue
		}
		assert.Empty(t, faults, name)
		assert.Equal(t, test.want, c.MaxInterval, name)
	}
}

func TestLoginMethodIsOneAndComplete(t *testing.T) {
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
		_, faults := parse(environment)
		assert.Len(t, faults, len(inputs), given)
		for _, input := range inputs {
			assert.Len(t, faultsOf(faults, input), 1, given)
		}
		if strings.HasSuffix(given, " auth_token") {
			assert.Contains(t, faults[0], " cannot be combined with auth_token", "both methods are named")
		}
	}
}

func TestTwoLoginMethodsFromDifferentSourcesAreAFault(t *testing.T) {
	t.Parallel()
	_, faults := parse(complete().with(inActions(t)).with(vars{"INPUT_AUTH_TOKEN": "AT"}))
	assert.Equal(t, []string{"access_key cannot be combined with auth_token: use one login method"}, faults)
}

func TestProxyVariableIsTheURLOfAProxy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		for _, value := range []string{
			"http://proxy.example.com:3128", "https://proxy.example.com", "socks5://127.0.0.1:1080",
			"socks5h://proxy:1080", "http://proxy:3128/",
			"proxy.example.com:3128", "proxy:3128", "proxy", "127.0.0.1:3128", "[::1]:3128",
			"http://user:p%40ss@proxy:3128", "user:pass@proxy:3128", "HTTP://proxy",
		} {
			_, faults := parse(complete().with(vars{name: value}))
			assert.Empty(t, faults, "%s=%s", name, value)
		}
		for _, value := range []string{
			"http://", "http:", "://proxy", "http://:3128", ":3128", "http://hunter2:port",
			"ftp://hunter2", "file:///hunter2",
			"not a hunter2", "http://hunter2:0", "http://hunter2:65536", "hunter2:65536", "http://[::1",
			" http://hunter2", "http://hunter2\n",
		} {
			_, faults := parse(complete().with(vars{name: value}))
			assert.Equal(t, []string{name + " is not the URL of a proxy: use one such as " +
				"http://proxy.example.com:3128"}, faults, "%s=%s", name, value)
		}
		for _, value := range []string{ // a password that is not escaped
			"http://user:hunter2%@proxy:3128", "http://user:hunter2#1@proxy:3128", "http://user:hunter2/1@proxy:3128",
			"http://user:2/hunter@proxy:3128", "http://user:2#hunter@proxy:3128", "http://user:2?hunter@proxy:3128",
			"http://corp\\user:hunter2@proxy:3128", "user:2#hunter@proxy:3128",
		} {
			_, faults := parse(complete().with(vars{name: value}))
			assert.Equal(t, []string{name + " is not the URL of a proxy: use one such as http://proxy.example.com:3128; " +
				"in its user and password, write %40 for @, %3A for :, %2F for /, %23 for #, %25 for %, %5C for a backslash"},
				faults, "%s=%s", name, value)
		}
	}
	_, faults := parse(complete().with(vars{"NO_PROXY": "*, ::", "FTP_PROXY": "::", "ALL_PROXY": "::"}))
	assert.Empty(t, faults, "variables that are not used")
}

func TestStepOutputsAreRequiredInActions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "output")
	c, faults := parse(complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": path}))
	assert.Empty(t, faults)
	assert.Equal(t, Actions{On: true, Output: path}, c.Actions)
	assert.NoFileExists(t, path, "files are checked elsewhere")

	c, faults = parse(complete().with(vars{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": path}))
	assert.Equal(t, []string{"GITHUB_OUTPUT is not set although GITHUB_ACTIONS is true: " +
		"a container that you start yourself needs the variable, and the file that it names"}, faults)
	assert.Equal(t, Actions{On: true, StepSummary: path}, c.Actions)
}

func TestStepOutputsAreOnlyWrittenInActions(t *testing.T) {
	t.Parallel()
	for _, actions := range []string{"", "false", "1"} {
		path := filepath.Join(t.TempDir(), "output")
		c, faults := parse(complete().with(vars{
			"GITHUB_ACTIONS": actions, "GITHUB_OUTPUT": path, "GITHUB_STEP_SUMMARY": path,
		}))
		assert.Empty(t, faults)
		assert.Zero(t, c.Actions)
	}
}
