package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marker ends each secret of a fuzzed environment, so that it can be found in other texts.
const marker = "hunter2hunter3"

// pathVariables name files that Parse opens. They get one of two paths, depending on the first letter of their
// value.
var pathVariables = []string{
	"HOME", "USERPROFILE", "CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
}

// secretVariables are the secrets among the variables of other tools.
var secretVariables = []string{"HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECRET_KEY",
	"HW_SECURITY_TOKEN", "HUAWEI_CLOUD_SECRET_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN",
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN"}

// FuzzParse checks that every fault names what is at fault in one line without a secret, and that a Config
// without faults has what the other packages rely on. Variables are NAME=value; they and the arguments are
// separated by \x01.
func FuzzParse(f *testing.F) {
	for _, args := range [][]string{
		{},
		{"--timeout", "5m", "--quiet"},
		{"--secret-key=x"},
		{"--Secret_Key", "--help"},
		{"-x", "y", "--", "z"},
		{"--version=1"},
		{"--interval=2s", "--max-interval=1s"},
	} {
		for _, environment := range seedEnvironments() {
			f.Add(strings.Join(args, "\x01"), strings.Join(environment, "\x01"))
		}
	}
	folder := f.TempDir()
	require.NoError(f, os.Mkdir(filepath.Join(folder, ".huaweicloud"), 0o700))
	profile := filepath.Join(folder, "profile")
	for _, path := range []string{profile, filepath.Join(folder, ".huaweicloud", "credentials")} {
		content := "[basic]\nak = AK\nsk = " + marker + "\nproject_id = p1\n"
		require.NoError(f, os.WriteFile(path, []byte(content), 0o600))
	}
	f.Fuzz(func(t *testing.T, arguments, environment string) {
		getenv := safeEnvironment(folder, profile, environment)
		args := plant(arguments)
		c, faults := Parse(t.Context(), args, getenv, nil)
		var texts []string
		for _, fault := range faults {
			texts = append(texts, fault.Text)
			requireShort(t, fault.Text)
			require.NotContains(t, fault.Text, marker)
			requireNamed(t, fault.Input)
		}
		again, more := Parse(t.Context(), args, getenv, nil)
		require.Equal(t, faults, more)
		require.Equal(t, c.Secrets(), again.Secrets())
		for _, secret := range []string{
			c.Login.Values["secret_key"], c.Login.Values["security_token"], c.Login.Values["auth_token"],
			c.Login.Values["password"], c.Login.IDToken.Value, c.Login.IDToken.ActionsRequestToken,
		} {
			require.True(t, secret == "" || slices.Contains(c.Secrets(), secret),
				"a secret that would not be masked")
		}
		if c.Help || c.Version {
			require.Empty(t, faults)
			return
		}
		if len(texts) == 0 {
			requireSound(t, c)
		}
	})
}

// seedEnvironments returns environments of every sort.
func seedEnvironments() [][]string {
	target := []string{"DMSWAIT_INSTANCE_ID=i1", "DMSWAIT_TASK_ID=t1", "DMSWAIT_REGION=cn-north-4"}
	keys := append(slices.Clip(target), "DMSWAIT_ACCESS_KEY=AK", "DMSWAIT_SECRET_KEY=SK")
	with := func(start []string, more ...string) []string { return append(slices.Clip(start), more...) }
	return [][]string{
		keys,
		with(target, "HW_ACCESS_KEY=AK", "HW_SECRET_KEY=SK", "HW_REGION_NAME=x y", "HW_PROJECT_NAME=p",
			"HW_ASSUME_ROLE_DOMAIN_ID=d"),
		with(target, "OS_ACCESS_KEY=AK", "OS_SECRET_KEY=SK", "OS_AUTH_URL=https://u:p@iam.x", "OS_CLOUD=x"),
		with(target, "HW_ACCESS_KEY=AK", "HW_SECRET_KEY=SK", "HW_CLOUD=hc.example", "HW_AUTH_URL=https://iam.x.hc.example"),
		with(target, "HUAWEICLOUD_SDK_IDP_ID=i", "HUAWEICLOUD_SDK_ID_TOKEN_FILE=a"),
		with(target, "HOME=b"),
		with(target, "HC_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.1.1/x", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE=a"),
		with(target, "DMSWAIT_POD_IDENTITY=on", "HC_CONTAINER_CREDENTIALS_FULL_URI=https://x", "SSL_CERT_FILE=b"),
		with(target, "HUAWEICLOUD_SDK_CREDENTIALS_FILE=a", "DMSWAIT_SECRET_KEY=x"),
		with(target, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT=b", "INPUT_PROVIDER_URN=p", "INPUT_AGENCY_URN=a",
			"ACTIONS_ID_TOKEN_REQUEST_URL=https://x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=x"),
		with(target, "DMSWAIT_IDP_ID=i", "ACTIONS_ID_TOKEN_REQUEST_URL=http://x",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN=x"),
		{"DRONE=true", "PLUGIN_AUTH_TOKEN=x y", "DMSWAIT_AUTH_TOKEN_FILE=b", "HTTPS_PROXY=http://u:p@",
			"DMSWAIT_ENDPOINT=http://localhost", "DMSWAIT_PASSWORD=", "DMSWAIT_TASK_NAME=n", "DMSWAIT_SINCE=5m"},
		with(target, "DMSWAIT_USERNAME=u", "DMSWAIT_PASSWORD=p\n", "DMSWAIT_DOMAIN_NAME=d", "DMSWAIT_ID_TOKEN=x",
			"DMSWAIT_ID_TOKEN_FILE=b", "RUNNER_DEBUG=1"),
		with(target, "DMSWAIT_AUTH_TOKEN_FILE=b"),
		with(target, "HUAWEICLOUD_SDK_CREDENTIALS_FILE=b"),
		with(keys, "DMSWAIT_ECS_METADATA=on", "DMSWAIT_PROJECT_ID=p1", "HUAWEI_CLOUD_ACCESS_KEY_ID=x"),
	}
}

// safeEnvironment returns a fuzzed environment with the marker in each secret, and with paths that the test may
// open.
func safeEnvironment(folder, profile, environment string) func(string) string {
	all := vars{"GITHUB_OUTPUT": filepath.Join(folder, "output")}
	for _, line := range strings.Split(environment, "\x01") {
		name, value, _ := strings.Cut(line, "=")
		isPath := slices.ContainsFunc(pathVariables, func(path string) bool { return strings.HasSuffix(name, path) })
		switch {
		case name == "HOME" || name == "USERPROFILE":
			value = folder
		case (strings.HasSuffix(name, "CREDENTIALS_FILE") || name == "SSL_CERT_FILE") && !strings.HasPrefix(value, "a"):
			value = filepath.Join(folder, "none") // errors show these paths
		case isPath || strings.HasSuffix(name, "_FILE"):
			value = map[bool]string{true: profile, false: profile + marker}[strings.HasPrefix(value, "a")]
		case slices.Contains(secretVariables, name) || isSecretVariable(name):
			if value != "" {
				value += marker
			}
		}
		all[name] = value
	}
	return all.get
}

func isSecretVariable(name string) bool {
	for _, in := range Inputs() {
		if in.Secret && strings.HasSuffix(name, "_"+in.upper()) {
			return true
		}
	}
	return false
}

// plant returns the fuzzed arguments, with the marker after the values of flags that would set secrets, if
// there were any.
func plant(arguments string) []string {
	var args []string
	for _, arg := range strings.Split(arguments, "\x01") {
		name, value, hasValue := strings.Cut(arg, "=")
		if !strings.Contains(strings.ToLower(arg), "credentials") && arg != "" {
			args = append(args, arg)
		}
		variable := "_" + strings.ReplaceAll(strings.Trim(strings.ToUpper(name), "-"), "-", "_")
		if isSecretVariable(variable) && hasValue && strings.HasPrefix(name, "-") && len(args) > 0 {
			args[len(args)-1] = name + "=" + value + marker
		}
	}
	return args
}

// requireNamed checks that a fault names an input, or a variable that a user may have set.
func requireNamed(t *testing.T, name string) {
	t.Helper()
	known := []string{
		"arguments", "credentials", "GITHUB_OUTPUT", "ACTIONS_ID_TOKEN_REQUEST_URL",
		"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "SSL_CERT_FILE", podURI, podTokenFile,
	}
	for _, in := range Inputs() {
		known = append(known, in.Name)
	}
	for _, f := range families {
		known = append(known, f.refused...)
		for _, variable := range f.variables {
			known = append(known, variable[1])
		}
		known = append(known, f.elsewhere...)
	}
	if strings.HasPrefix(name, "HUAWEICLOUD_SDK_REGION_") {
		return
	}
	require.Contains(t, known, name)
}

func requireSound(t *testing.T, c *Config) {
	t.Helper()
	require.NotEmpty(t, c.Targets)
	require.LessOrEqual(t, len(c.Targets), 1000)
	keys := map[string]bool{}
	for _, target := range c.Targets {
		require.Regexp(t, `^[A-Za-z0-9_-]{1,64}$`, target.InstanceID)
		ways := 0
		for _, way := range []string{target.TaskID, target.TaskName, string(target.Until)} {
			if way != "" {
				ways++
			}
		}
		require.Equal(t, 1, ways, "%v", target)
		require.True(t, target.TaskName == "" || !c.Since.At.IsZero() || c.Source("since") != "")
		require.False(t, keys[target.Key()], "%v", target)
		keys[target.Key()] = true
	}
	require.True(t, c.Timeout == 0 || c.Settle < c.Timeout)
	require.True(t, c.ProjectID != "" || c.ProjectName != "")
	for _, endpoint := range append([]string{c.Endpoint}, c.LoginEndpoints()...) {
		base, err := baseURL(endpoint)
		require.NoError(t, err)
		require.Equal(t, endpoint, base)
	}
	require.True(t, c.Timeout >= 0 && c.NotFoundGrace >= 0 && c.MaxOutage >= 0)
	require.GreaterOrEqual(t, c.Interval, time.Millisecond)
	require.GreaterOrEqual(t, c.MaxInterval, c.Interval)
	require.GreaterOrEqual(t, c.RequestTimeout, time.Millisecond)
	require.NotEqual(t, "", methodOf(c))
	require.NotEmpty(t, c.Login.From)
	require.Contains(t, []string{"text", "json", "none"}, c.Format)
	require.Regexp(t, `^[A-Za-z_][A-Za-z0-9_]*$`, c.OutputPrefix)
	require.True(t, c.Actions.Output != "" || !c.Actions.On)
	for _, input := range c.Login.Method.Required {
		require.NotEmpty(t, c.Login.Values[input])
	}
	if token := c.Login.IDToken; c.Login.Method.IDToken {
		inActions := token.ActionsURL != "" && token.ActionsRequestToken != ""
		require.True(t, token.Value != "" || token.File != "" || inActions)
	}
}
