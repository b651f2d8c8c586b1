package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// examples are a valid value of each input, and what it sets in the Config.
var examples = map[string]struct {
	value string
	want  any
	field func(*Config) any
}{
	"instance_id": {"i1", "i1", func(c *Config) any { return strings.Join(c.instances, ",") }},
	"task_id":     {"t1", "t1", func(c *Config) any { return strings.Join(c.tasks, ",") }},
	"task_name": {"bindInstancePublicIp", "bindInstancePublicIp",
		func(c *Config) any { return c.taskName }},
	"until":      {"ready", "ready", func(c *Config) any { return c.until }},
	"settle":     {"5s", 5 * time.Second, func(c *Config) any { return c.Settle }},
	"fail_fast":  {"true", true, func(c *Config) any { return c.FailFast }},
	"since":      {"5m", Since{Ago: 5 * time.Minute}, func(c *Config) any { return c.Since }},
	"region":     {"eu-west-101", "eu-west-101", func(c *Config) any { return c.Region }},
	"project_id": {"p1", "p1", func(c *Config) any { return c.ProjectID }},
	"endpoint": {"https://dms.example.com", "https://dms.example.com",
		func(c *Config) any { return c.Endpoint }},
	"timeout":         {"2h", 2 * time.Hour, func(c *Config) any { return c.Timeout }},
	"interval":        {"3", 3 * time.Second, func(c *Config) any { return c.Interval }},
	"max_interval":    {"40s", 40 * time.Second, func(c *Config) any { return c.MaxInterval }},
	"not_found_grace": {"5s", 5 * time.Second, func(c *Config) any { return c.NotFoundGrace }},
	"max_outage":      {"6m", 6 * time.Minute, func(c *Config) any { return c.MaxOutage }},
	"request_timeout": {"7s", 7 * time.Second, func(c *Config) any { return c.RequestTimeout }},
	"access_key":      {"AKAKAK", "AKAKAK", func(c *Config) any { return c.Login.Values["access_key"] }},
	"secret_key":      {"SKSKSK", "SKSKSK", func(c *Config) any { return c.Login.Values["secret_key"] }},
	"security_token":  {"STSTST", "STSTST", func(c *Config) any { return c.Login.Values["security_token"] }},
	"auth_token":      {"ATATAT", "ATATAT", func(c *Config) any { return c.Login.Values["auth_token"] }},
	"succeed_on":      {"timeout", []string{"timeout"}, func(c *Config) any { return c.SucceedOn }},
	"format":          {"json", "json", func(c *Config) any { return c.Format }},
	"log_format":      {"json", "json", func(c *Config) any { return c.LogFormat }},
	"quiet":           {"yes", true, func(c *Config) any { return c.Quiet }},
	"debug":           {"on", true, func(c *Config) any { return c.Debug }},
	"output_file":     {"out.json", "out.json", func(c *Config) any { return c.OutputFile }},
	"output_prefix":   {"WAIT_", "WAIT_", func(c *Config) any { return c.OutputPrefix }},
	"results_dir":     {"/tekton/results", "/tekton/results", func(c *Config) any { return c.ResultsDir }},
	"dry_run":         {"true", true, func(c *Config) any { return c.DryRun }},

	"project_name": {"cn-north-4_prod", "cn-north-4_prod", func(c *Config) any { return c.ProjectName }},
	"iam_endpoint": {"https://iam.example.com/", "https://iam.example.com",
		func(c *Config) any { return c.IAMEndpoint }},
	"sts_endpoint": {"https://sts.example.com/", "https://sts.example.com",
		func(c *Config) any { return c.STSEndpoint }},
	"provider_urn": {"iam::a:oidcProvider:b", "iam::a:oidcProvider:b",
		func(c *Config) any { return c.Login.Values["provider_urn"] }},
	"agency_urn": {"iam::a:agency:b", "iam::a:agency:b",
		func(c *Config) any { return c.Login.Values["agency_urn"] }},
	"oidc_audience": {"somebody else", "somebody else", func(c *Config) any { return c.Login.Audience }},
	"idp_id":        {"gitlab", "gitlab", func(c *Config) any { return c.Login.Values["idp_id"] }},
	"id_token":      {"eyeyey", "eyeyey", idTokenOf},
	"username":      {"a user", "a user", func(c *Config) any { return c.Login.Values["username"] }},
	"domain_name": {"an account", "an account",
		func(c *Config) any { return c.Login.Values["domain_name"] }},
	"password": {" a pass word ", " a pass word ",
		func(c *Config) any { return c.Login.Values["password"] }},
	"ecs_metadata":     {"true", true, func(c *Config) any { return c.Login.Values["ecs_metadata"] == "true" }},
	"pod_identity":     {"on", true, func(c *Config) any { return c.Login.Values["pod_identity"] == "true" }},
	"credentials_file": {"a file", "a file", func(c *Config) any { return c.Login.profile }},
}

// idTokenOf returns the ID token, from its file where it is not in the Config.
func idTokenOf(c *Config) any {
	if c.Login.IDToken.File == "" {
		return c.Login.IDToken.Value
	}
	content, err := os.ReadFile(c.Login.IDToken.File)
	return strings.TrimSuffix(fmt.Sprint(string(content), err), "<nil>")
}

func TestEveryInputReachesItsFieldFromEverySource(t *testing.T) {
	t.Parallel()
	for _, in := range Inputs() {
		example, ok := examples[in.Name]
		require.True(t, ok, "example of %s", in.Name)
		upper := strings.ToUpper(in.Name)
		type source struct {
			from string
			args []string
			vars vars
		}
		sources := []source{
			{"DMSWAIT_" + upper, nil, vars{"DMSWAIT_" + upper: example.value}},
			{"INPUT_" + upper, nil, inActions(t).with(vars{"INPUT_" + upper: example.value})},
			{"PLUGIN_" + upper, nil, vars{"CI": "woodpecker", "PLUGIN_" + upper: example.value}},
			{"PLUGIN_" + upper, nil, vars{"DRONE": "true", "PLUGIN_" + upper: example.value}},
		}
		flag := "--" + strings.ReplaceAll(in.Name, "_", "-")
		if in.Secret {
			sources = append(sources, source{"DMSWAIT_" + upper + "_FILE", nil,
				vars{"DMSWAIT_" + upper + "_FILE": tempFile(t, example.value)}})
		} else {
			sources = append(sources, source{flag, []string{flag, example.value}, nil},
				source{flag, []string{flag + "=" + example.value}, nil})
		}
		for _, source := range sources {
			c, faults := parse(source.vars, source.args...)
			assert.Equal(t, example.want, example.field(c), "%s from %s", in.Name, source.from)
			assert.Equal(t, source.from, c.Source(in.Name))
			// An ID token is not enough alone, and the credentials file does not exist.
			if in.Name != "id_token" && in.Name != "credentials_file" {
				assert.Empty(t, faultsOf(faults, in.Name))
			}
		}
		c, _ := parse(nil)
		assert.Empty(t, c.Source(in.Name), "%s is not given", in.Name)
		assert.NotEqual(t, example.want, example.field(c), "%s: the example must differ from the default",
			in.Name)
	}
}

func TestPrecedenceIsFlagThenCIVariableThenOwnVariable(t *testing.T) {
	t.Parallel()
	actions := inActions(t)
	for name, test := range map[string]struct {
		want string
		args []string
		vars vars
	}{
		"flag": {"flag", []string{"--task-id", "flag"},
			actions.with(vars{"INPUT_TASK_ID": "input", "DMSWAIT_TASK_ID": "own"})},
		"INPUT_": {"input", nil,
			actions.with(vars{"INPUT_TASK_ID": "input", "DMSWAIT_TASK_ID": "own"})},
		"PLUGIN_ of Woodpecker": {"plugin", nil, vars{"CI": "woodpecker", "PLUGIN_TASK_ID": "plugin",
			"DMSWAIT_TASK_ID": "own"}},
		"PLUGIN_ of Drone": {"plugin", nil, vars{"DRONE": "true", "PLUGIN_TASK_ID": "plugin",
			"DMSWAIT_TASK_ID": "own"}},
		"DMSWAIT_":                {"own", nil, actions.with(vars{"DMSWAIT_TASK_ID": "own"})},
		"the same flag, repeated": {"a b", []string{"--task-id", "a", "--task-id=b"}, nil},
		"INPUT_ outside of Actions": {"own", nil, vars{"GITHUB_ACTIONS": "false", "INPUT_TASK_ID": "input",
			"DMSWAIT_TASK_ID": "own"}},
		"PLUGIN_ in another CI": {"own", nil, vars{"CI": "true", "DRONE": "false",
			"PLUGIN_TASK_ID": "plugin", "DMSWAIT_TASK_ID": "own"}},
		"INPUT_ alone, elsewhere":  {"", nil, vars{"INPUT_TASK_ID": "input"}},
		"PLUGIN_ alone, elsewhere": {"", nil, vars{"PLUGIN_TASK_ID": "plugin"}},
		"a name with a hyphen":     {"", nil, actions.with(vars{"INPUT_TASK-ID": "input"})},
	} {
		c, _ := parse(test.vars, test.args...)
		assert.Equal(t, test.want, strings.Join(c.tasks, " "), name)
	}
}

func TestEmptyValueCountsAsUnsetAtEveryLevel(t *testing.T) {
	t.Parallel()
	for _, empty := range []string{"", " ", "\t \n"} {
		environment := inActions(t).with(vars{"INPUT_TIMEOUT": empty, "DMSWAIT_TIMEOUT": "5m"})
		c, _ := parse(environment, "--timeout="+empty)
		assert.Equal(t, 5*time.Minute, c.Timeout, "%q", empty)
		assert.Equal(t, "DMSWAIT_TIMEOUT", c.Source("timeout"))
		c, _ = parse(environment.with(vars{"DMSWAIT_TIMEOUT": empty}), "--timeout", empty)
		assert.Equal(t, time.Hour, c.Timeout, "%q", empty)
		assert.Empty(t, c.Source("timeout"))
	}
	c, faults := parse(complete().with(inActions(t)).with(vars{"INPUT_SECRET_KEY": "", "INPUT_AUTH_TOKEN": "\n",
		"DMSWAIT_SECURITY_TOKEN_FILE": ""}))
	assert.Empty(t, faults, "an empty secret counts as unset, and is no second login method")
	assert.Equal(t, "SK", c.Login.Values["secret_key"])
}

func TestBlanksAroundAValueAreRemoved(t *testing.T) {
	t.Parallel()
	c, faults := parse(complete().with(vars{"DMSWAIT_TASK_ID": "\n t2 \n"}), "--timeout", " 5m ")
	assert.Empty(t, faults)
	assert.Equal(t, []string{"t2"}, c.tasks)
	assert.Equal(t, 5*time.Minute, c.Timeout)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, faults := parse(complete())
	assert.Empty(t, faults)
	assert.Equal(t, time.Hour, c.Timeout)
	assert.Equal(t, time.Second, c.Interval)
	assert.Equal(t, 25*time.Second, c.MaxInterval)
	assert.Equal(t, 30*time.Second, c.NotFoundGrace)
	assert.Equal(t, 15*time.Minute, c.MaxOutage)
	assert.Equal(t, 10*time.Second, c.RequestTimeout)
	assert.Equal(t, "text", c.Format)
	assert.Empty(t, c.SucceedOn)
	assert.Equal(t, "https://dms.cn-north-4.myhuaweicloud.com", c.Endpoint)
}

func TestTableOfInputsIsConsistent(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, in := range Inputs() {
		assert.Regexp(t, `^[a-z]+(_[a-z]+)*$`, in.Name)
		assert.False(t, names[in.Name], "%s is declared once", in.Name)
		names[in.Name] = true
		assert.Equal(t, strings.ReplaceAll(in.Name, "_", "-"), in.Flag())
		assert.Equal(t, "DMSWAIT_"+strings.ToUpper(in.Name), in.Env())
		assert.Contains(t, []string{GroupTarget, GroupWaiting, GroupLogin, GroupResult}, in.Group, in.Name)
		assert.NotEmpty(t, in.Meaning, in.Name)
		assert.NotContains(t, in.Meaning+in.Default, "\n", in.Name)
		assert.NotNil(t, in.set, in.Name)
	}
	assert.True(t, slices.IsSortedFunc(Inputs(), func(a, b Input) int {
		order := []string{GroupTarget, GroupWaiting, GroupLogin, GroupResult}
		return slices.Index(order, a.Group) - slices.Index(order, b.Group)
	}), "groups are contiguous")
}

func TestTableOfInputsDoesNotChangeSilently(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, in := range Inputs() {
		mark := func(is bool, letter string) string {
			if is {
				return letter
			}
			return "-"
		}
		line := fmt.Sprintf("%-16s %s%s %s", in.Name, mark(in.Action, "A"), mark(in.Secret, "S"), in.Default)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	golden(t, "inputs", b.String())
}
