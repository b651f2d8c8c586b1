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

// marker ends each secret of a fuzzed environment, so that it can be told from all else.
const marker = "hunter2hunter3"

// unsafePlaces are variables whose files Parse opens: they get one of two paths, by the first letter of their value.
var unsafePlaces = []string{"GITHUB_OUTPUT", "HOME", "USERPROFILE", "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"}

// secretVariables are those of other tools.
var secretVariables = []string{"HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HUAWEI_CLOUD_SECRET_ACCESS_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}

// FuzzParse holds every fault to name what is at fault in one line without a secret, and what is faultless to what the rest relies on.
// Variables are NAME=value, and they and the arguments are apart by \x01.
func FuzzParse(f *testing.F) {
	full := "DMSWAIT_INSTANCE_ID=i1\x01DMSWAIT_TASK_ID=t1\x01DMSWAIT_REGION=cn-north-4\x01"
	keys := "DMSWAIT_ACCESS_KEY=AK\x01DMSWAIT_SECRET_KEY=SK"
	for _, args := range []string{"", "--timeout\x015m\x01--quiet", "--secret-key=x", "--Secret_Key\x01--help", "-x\x01y\x01--\x01z", "--version=1", "--interval=2s\x01--max-interval=1s"} {
		for _, environment := range []string{
			full + keys, full + "HW_ACCESS_KEY=AK\x01HW_SECRET_KEY=SK\x01HW_REGION_NAME=x y\x01HW_PROJECT_NAME=p\x01HW_ASSUME_ROLE_DOMAIN_ID=d",
			full + "HUAWEICLOUD_SDK_IDP_ID=i\x01HUAWEICLOUD_SDK_ID_TOKEN_FILE=a", full + "HOME=b", full + "HUAWEICLOUD_SDK_CREDENTIALS_FILE=a\x01DMSWAIT_SECRET_KEY=x",
			full + "GITHUB_ACTIONS=true\x01GITHUB_OUTPUT=b\x01INPUT_PROVIDER_URN=p\x01INPUT_AGENCY_URN=a\x01ACTIONS_ID_TOKEN_REQUEST_URL=https://x\x01ACTIONS_ID_TOKEN_REQUEST_TOKEN=x",
			"DRONE=true\x01PLUGIN_AUTH_TOKEN=x y\x01DMSWAIT_AUTH_TOKEN_FILE=b\x01HTTPS_PROXY=http://u:p@\x01DMSWAIT_ENDPOINT=http://localhost\x01DMSWAIT_PASSWORD=\x01DMSWAIT_TASK_NAME=n\x01DMSWAIT_SINCE=5m",
			full + "DMSWAIT_USERNAME=u\x01DMSWAIT_PASSWORD=p\n\x01DMSWAIT_DOMAIN_NAME=d\x01DMSWAIT_ID_TOKEN=x\x01DMSWAIT_ID_TOKEN_FILE=b\x01RUNNER_DEBUG=1",
			full + "DMSWAIT_AUTH_TOKEN_FILE=b", full + "HUAWEICLOUD_SDK_CREDENTIALS_FILE=b",
			full + keys + "\x01DMSWAIT_ECS_METADATA=on\x01DMSWAIT_PROJECT_ID=p1\x01HUAWEI_CLOUD_ACCESS_KEY_ID=x",
		} {
			f.Add(args, environment)
		}
	}
	folder := f.TempDir()
	require.NoError(f, os.Mkdir(filepath.Join(folder, ".huaweicloud"), 0o700))
	profile := filepath.Join(folder, "profile")
	for _, path := range []string{profile, filepath.Join(folder, ".huaweicloud", "credentials")} {
		require.NoError(f, os.WriteFile(path, []byte("[basic]\nak = AK\nsk = "+marker+"\nproject_id = p1\n"), 0o600))
	}
	f.Fuzz(func(t *testing.T, arguments, environment string) {
		getenv := readable(folder, profile, environment)
		args := plant(arguments)
		c, faults := Parse(t.Context(), args, getenv)
		var told []string
		for _, fault := range faults {
			told = append(told, fault.Text)
			requireShort(t, fault.Text)
			require.NotContains(t, fault.Text, marker)
			requireNamed(t, fault.Input)
		}
		again, more := Parse(t.Context(), args, getenv)
		require.Equal(t, faults, more)
		require.Equal(t, c.Secrets(), again.Secrets())
		for _, secret := range []string{c.Login.Values["secret_key"], c.Login.Values["security_token"], c.Login.Values["auth_token"], c.Login.Values["password"], c.Login.IDToken.Value, c.Login.IDToken.ActionsRequestToken} {
			require.True(t, secret == "" || slices.Contains(c.Secrets(), secret), "a secret that would not be hidden")
		}
		if c.Help || c.Version {
			require.Empty(t, faults)
			return
		}
		if len(told) == 0 {
			requireRight(t, c)
		}
	})
}

// readable is a fuzzed environment with a mark in each secret, and nothing in it that makes Parse open what it should leave alone.
func readable(folder, profile, environment string) func(string) string {
	all := vars{"GITHUB_OUTPUT": filepath.Join(folder, "output")}
	for _, line := range strings.Split(environment, "\x01") {
		name, value, _ := strings.Cut(line, "=")
		place := slices.ContainsFunc(unsafePlaces, func(place string) bool { return strings.HasSuffix(name, place) })
		switch {
		case name == "HOME" || name == "USERPROFILE":
			value = folder
		case name == "GITHUB_OUTPUT":
			value = filepath.Join(folder, map[bool]string{true: "output", false: "missing/output"}[strings.HasPrefix(value, "a")])
		case place || strings.HasSuffix(name, "_FILE"):
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

// plant puts the mark behind what is given to flags of secrets, which there are none of.
func plant(arguments string) []string {
	var args []string
	for _, arg := range strings.Split(arguments, "\x01") {
		name, value, hasValue := strings.Cut(arg, "=")
		if !strings.Contains(strings.ToLower(arg), "credentials") && arg != "" {
			args = append(args, arg)
		}
		if plain := strings.ReplaceAll(strings.Trim(strings.ToUpper(name), "-"), "-", "_"); isSecretVariable("_"+plain) && hasValue && strings.HasPrefix(name, "-") && len(args) > 0 {
			args[len(args)-1] = name + "=" + value + marker
		}
	}
	return args
}

// requireNamed checks that a fault names an input, or a variable that a user may have set.
func requireNamed(t *testing.T, name string) {
	t.Helper()
	known := []string{"arguments", "credentials", "GITHUB_OUTPUT", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}
	for _, in := range Inputs() {
		known = append(known, in.Name)
	}
	for _, f := range families {
		known = append(known, f.refused...)
		known = append(known, f.accessKey, f.secretKey, f.securityToken, f.idpID, f.idTokenFile, f.projectID, f.projectName, f.region, f.iamEndpoint)
	}
	require.Contains(t, known, name)
}

func requireRight(t *testing.T, c *Config) {
	t.Helper()
	require.Regexp(t, `^[A-Za-z0-9_-]{1,64}$`, c.InstanceID)
	require.NotEqual(t, c.TaskID == "", c.TaskName == "")
	require.True(t, c.TaskID != "" || !c.Since.At.IsZero() || c.Source("since") != "")
	require.True(t, c.ProjectID != "" || c.ProjectName != "")
	for _, endpoint := range append([]string{c.Endpoint}, c.LoginEndpoints()...) {
		base, err := baseURL(endpoint)
		require.NoError(t, err)
		require.Equal(t, endpoint, base)
	}
	require.True(t, c.Timeout >= 0 && c.NotFoundGrace >= 0 && c.MaxOutage >= 0)
	require.True(t, c.Interval >= time.Millisecond && c.MaxInterval >= c.Interval && c.RequestTimeout >= time.Millisecond)
	require.NotEqual(t, "", methodOf(c))
	require.NotEmpty(t, c.Login.From)
	require.Contains(t, []string{"text", "json", "none"}, c.Format)
	require.Regexp(t, `^[A-Za-z_][A-Za-z0-9_]*$`, c.OutputPrefix)
	require.True(t, c.Actions.Output != "" || !c.Actions.On)
	for _, input := range c.Login.Method.Required {
		require.NotEmpty(t, c.Login.Values[input])
	}
	if token := c.Login.IDToken; c.Login.Method.IDToken {
		require.True(t, token.Value != "" || token.File != "" || token.ActionsURL != "" && token.ActionsRequestToken != "")
	}
}
