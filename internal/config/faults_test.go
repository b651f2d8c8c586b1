package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// invalidValues are values that each input refuses.
var invalidValues = map[string][]string{
	"instance_id": {"06a13350.4305", "../i1", "i1\n::error::", "i1/t1", ",", "i1, i.2"},
	"task_id":     {"${{ steps.bind.outputs.job_id }}", strings.Repeat("t", 100), "i1/t1/t2", "/t1", "i1/", "t1 t.2"},
	"until":       {"Ready", "running", "ready,idle"},
	"settle":      {"-1s", "soon"},
	"fail_fast":   {"maybe"},
	"task_name":   {"bind\nrestart"},
	"since":       {"yesterday", "-5m", "2026-01-02 03:04:05", "0001-01-01T00:00:00Z"},
	"region":      {"cn-north-4.example.com", "CN-North-4"},
	"project_id":  {"cn-north-4/prod"},
	"endpoint": {"dms.example.com", "http://dms.example.com", "https://dms.example.com/v2",
		"https://u:p@dms.example.com", "https://dms.example.com:0", "https://dms.例え.jp", "https://[::1"},
	"timeout":         {"5 minutes", "-1", "-0", "1e9", "99999999999999999999"},
	"interval":        {"0", "soon", "1us"},
	"max_interval":    {"0", "20 s", "500ms"},
	"not_found_grace": {"-30s"},
	"max_outage":      {"9223372037"},
	"request_timeout": {"0"},
	"succeed_on":      {"success", "timeout, Running"},
	"format":          {"yaml"},
	"log_format":      {"yaml"},
	"quiet":           {"very"},
	"debug":           {"1"},
	"output_file":     {"a\nb"},
	"output_prefix":   {"DMSWAIT_", "input_", "1", "a-b"},
	"results_dir":     {"a\x00b"},
	"dry_run":         {"maybe"},

	"project_name": {"cn-north-4\nprod"},
	"iam_endpoint": {"http://iam.example.com"},
	"sts_endpoint": {"https://sts.example.com/v5"},

	"provider_urn":     {"iam::0a1b:oidcProvider:git hub"},
	"agency_urn":       {"iam::0a1b:agency:x\niam::0a1b:agency:y"},
	"oidc_audience":    {"a\tb"},
	"idp_id":           {"git hub"},
	"id_token":         {"hunter2 hunter3"},
	"access_key":       {"AK SK", "AK\nSK"},
	"secret_key":       {"hunter2 hunter3"},
	"security_token":   {"hunter2\n\n"},
	"auth_token":       {"Bearer hunter2"},
	"username":         {"a\nb"},
	"domain_name":      {"a\x00b"},
	"password":         {"hunter2\nhunter3"},
	"ecs_metadata":     {"maybe", "1"},
	"pod_identity":     {"perhaps"},
	"credentials_file": {"a\nb"},
}

// invalid returns values that an input refuses.
func invalid(t *testing.T, input string) []string {
	t.Helper()
	require.NotEmpty(t, invalidValues[input], "add a row for %s to invalidValues in faults_test.go", input)
	return invalidValues[input]
}

// partner returns what an input requires, and would cause a second fault without.
func partner(input string) vars {
	if input == "id_token" {
		return vars{"DMSWAIT_IDP_ID": "gitlab"}
	}
	return nil
}

func TestEveryFaultNamesItsInputAndTheCorrection(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, in := range Inputs() {
		for _, value := range invalid(t, in.Name) {
			_, faults := parse(vars{in.Env(): value}.with(partner(in.Name)))
			faults = faultsOf(faults, in.Name)
			assert.Len(t, faults, 1, "%s=%q", in.Name, value)
			fmt.Fprintf(&b, "%s\n", strings.Join(faults, "\n"))
		}
	}
	golden(t, "faults", b.String())
	assert.NotContains(t, b.String(), "hunter")
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	report := func(title string, v vars, args ...string) {
		_, faults := parse(v, args...)
		fmt.Fprintf(&b, "%s\n", title)
		for _, fault := range faults {
			fmt.Fprintf(&b, "  %s\n", fault)
		}
	}
	report("nothing given", nil)
	report("nothing given, in Actions", vars{"GITHUB_ACTIONS": "true"})
	everything := vars{"HTTPS_PROXY": "http://", "http_proxy": "::"}
	for _, in := range Inputs() {
		everything[in.Env()] = invalid(t, in.Name)[0]
	}
	report("everything invalid", everything, "--bogus", "--format=", "stray", "--secret-key=hunter2", "--timeout")
	report("by name, without since", complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": "restart"}))
	report("by id and name", complete().with(vars{"DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m"}))
	report("two login methods", complete().with(vars{"DMSWAIT_AUTH_TOKEN": "hunter2"}))
	report("three login methods", complete().with(vars{"DMSWAIT_AUTH_TOKEN": "hunter2",
		"DMSWAIT_IDP_ID": "gitlab"}))
	report("keyless without an ID token", withoutCredentials().with(vars{"DMSWAIT_IDP_ID": "gitlab"}))
	report("keyless in Actions without the permission",
		withoutCredentials().with(inActions(t)).with(vars{"DMSWAIT_IDP_ID": "gitlab"}))
	report("an ID token alone", withoutCredentials().with(vars{"DMSWAIT_ID_TOKEN": "hunter2"}))
	report("a password alone", withoutCredentials().with(vars{"DMSWAIT_PASSWORD": "hunter2"}))
	report("keys without the access key", complete().with(vars{"DMSWAIT_ACCESS_KEY": ""}))
	report("keys without the secret key", complete().with(vars{"DMSWAIT_SECRET_KEY": ""}))
	report("a security token alone",
		complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "",
			"DMSWAIT_SECURITY_TOKEN": "hunter2"}))
	report("pauses that do not fit together", complete(), "--interval=30s", "--max-interval=20s")
	golden(t, "faults_together", b.String())
	assert.NotContains(t, b.String(), "hunter")
}

func TestInvalidInputIsNotReportedAsRequired(t *testing.T) {
	t.Parallel()
	for _, in := range Inputs() {
		_, faults := parse(complete().with(vars{in.Env(): invalid(t, in.Name)[0]}))
		assert.NotContains(t, strings.Join(faults, "\n"), in.Name+" is required")
	}
}

func TestMessageForEverybodySaysWhatIsWrongWithoutAnyValue(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, in := range Inputs() {
		for _, value := range invalid(t, in.Name) {
			_, faults := Parse(t.Context(), nil, complete().with(vars{in.Env(): value}).get, nil)
			require.NotEmpty(t, faults)
			fmt.Fprintln(&b, faults.Brief())
			assert.NotContains(t, faults.Brief(), value, in.Name)
		}
	}
	for _, args := range [][]string{
		{"hunter2"}, {"--hunter-two", "hunter2"}, {"-phunter"}, {"--secret-key=hunter2"}, {"--timeout"}, {"--help=hunter"},
		{"--", "hunter2"}, {"--interval=30s", "--max-interval=20s"},
	} {
		_, faults := Parse(t.Context(), args, complete().get, nil)
		fmt.Fprintln(&b, faults.Brief())
	}
	profile := filepath.Join(t.TempDir(), "hunter2")
	for _, v := range []vars{
		nil, complete().with(vars{"DMSWAIT_AUTH_TOKEN": "hunter2"}),
		withoutCredentials().with(vars{"HW_ACCESS_KEY": "hunter2 x", "HW_SECRET_KEY": "hunter2"}),
		withoutCredentials().with(vars{"HW_ACCESS_KEY": "hunter2"}),
		withoutCredentials().with(vars{"DMSWAIT_CREDENTIALS_FILE": profile}),
		complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": profile}),
		complete().with(vars{"HTTPS_PROXY": "http://hunter:hunter2@"}),
	} {
		_, faults := Parse(t.Context(), nil, v.get, nil)
		fmt.Fprintln(&b, faults.Brief())
	}
	golden(t, "faults_brief", b.String())
	assert.NotContains(t, b.String(), "hunter")
}
