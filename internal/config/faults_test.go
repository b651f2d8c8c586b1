package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// bad are wrong values of each input.
var bad = map[string][]string{
	"instance_id":     {"06a13350 4305", "../i1", "i1\n::error::"},
	"task_id":         {"${{ steps.bind.outputs.job_id }}", strings.Repeat("t", 100)},
	"task_name":       {"bind\nrestart"},
	"since":           {"yesterday", "-5m", "2026-01-02 03:04:05", "0001-01-01T00:00:00Z"},
	"region":          {"cn-north-4.example.com", "CN-North-4"},
	"project_id":      {"cn-north-4/prod"},
	"endpoint":        {"dms.example.com", "http://dms.example.com", "https://dms.example.com/v2", "https://u:p@dms.example.com", "https://dms.example.com:0", "https://dms.例え.jp", "https://[::1"},
	"timeout":         {"5 minutes", "-1", "-0", "1e9", "99999999999999999999"},
	"interval":        {"0", "soon", "1us"},
	"max_interval":    {"0", "20 s", "500ms"},
	"not_found_grace": {"-30s"},
	"max_outage":      {"9223372037"},
	"request_timeout": {"0"},
	"access_key":      {"AK SK", "AK\nSK"},
	"secret_key":      {"hunter2 hunter3"},
	"security_token":  {"hunter2\n\n"},
	"auth_token":      {"Bearer hunter2"},
	"succeed_on":      {"success", "timeout, Running"},
	"format":          {"yaml"},
}

func TestEveryFaultNamesTheInputAndSaysWhatIsRight(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, in := range Inputs() {
		assert.NotEmpty(t, bad[in.Name], "a wrong value of %s", in.Name)
		for _, value := range bad[in.Name] {
			_, faults := read(vars{in.Env(): value})
			faults = about(faults, in.Name)
			assert.Len(t, faults, 1, "%s=%q", in.Name, value)
			fmt.Fprintf(&b, "%s\n", strings.Join(faults, "\n"))
		}
	}
	golden(t, "faults", b.String())
	assert.NotContains(t, b.String(), "hunter")
}

func TestAllFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	tell := func(title string, v vars, args ...string) {
		_, faults := read(v, args...)
		fmt.Fprintf(&b, "%s\n", title)
		for _, fault := range faults {
			fmt.Fprintf(&b, "  %s\n", fault)
		}
	}
	tell("nothing given", nil)
	tell("nothing given, in Actions", vars{"GITHUB_ACTIONS": "true"})
	everything := vars{"HTTPS_PROXY": "http://", "http_proxy": "::"}
	for _, in := range Inputs() {
		everything[in.Env()] = bad[in.Name][0]
	}
	tell("everything wrong", everything, "--bogus", "--format=", "stray", "--secret-key=hunter2", "--timeout")
	tell("by name, without since", complete().with(vars{"DMSWAIT_TASK_ID": "", "DMSWAIT_TASK_NAME": "restart"}))
	tell("by id and name", complete().with(vars{"DMSWAIT_TASK_NAME": "restart", "DMSWAIT_SINCE": "5m"}))
	tell("two ways to log in", complete().with(vars{"DMSWAIT_AUTH_TOKEN": "hunter2"}))
	tell("keys without the access key", complete().with(vars{"DMSWAIT_ACCESS_KEY": ""}))
	tell("keys without the secret key", complete().with(vars{"DMSWAIT_SECRET_KEY": ""}))
	tell("a security token alone", complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECURITY_TOKEN": "hunter2"}))
	tell("pauses the wrong way round", complete(), "--interval=30s", "--max-interval=20s")
	golden(t, "faults_together", b.String())
	assert.NotContains(t, b.String(), "hunter")
}

func TestAFaultyInputIsNotCalledMissing(t *testing.T) {
	t.Parallel()
	for _, in := range Inputs() {
		_, faults := read(complete().with(vars{in.Env(): bad[in.Name][0]}))
		assert.NotContains(t, strings.Join(faults, "\n"), in.Name+": is missing")
	}
}
