package config

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vars is an environment.
type vars map[string]string

func (v vars) get(name string) string { return v[name] }

// with returns v with others on top of it. An empty variable counts as unset.
func (v vars) with(others vars) vars {
	all := maps.Clone(v)
	maps.Copy(all, others)
	return all
}

// complete returns an environment without any fault.
func complete() vars {
	return vars{
		"DMSWAIT_INSTANCE_ID": "i1",
		"DMSWAIT_TASK_ID":     "t1",
		"DMSWAIT_PROJECT_ID":  "p1",
		"DMSWAIT_REGION":      "cn-north-4",
		"DMSWAIT_ACCESS_KEY":  "AK",
		"DMSWAIT_SECRET_KEY":  "SK",
	}
}

// withoutCredentials returns an environment that lacks nothing but credentials.
func withoutCredentials() vars {
	return complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": ""})
}

// parse is Parse, with the faults as people see them.
func parse(v vars, args ...string) (*Config, []string) {
	c, faults := Parse(context.Background(), args, v.get, slices.Sorted(maps.Keys(v)))
	lines := []string{}
	for _, fault := range faults {
		lines = append(lines, fault.Text)
	}
	return c, lines
}

// faultsOf returns the faults of one input.
func faultsOf(faults []string, input string) []string {
	lines := []string{}
	for _, fault := range faults {
		if strings.HasPrefix(fault, input+" ") {
			lines = append(lines, fault)
		}
	}
	return lines
}

// inActions returns the environment of a step in GitHub Actions.
func inActions(t *testing.T) vars {
	t.Helper()
	return vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": filepath.Join(t.TempDir(), "output")}
}

// refusal returns what this system says when a path cannot be read.
func refusal(t *testing.T, path string) string {
	t.Helper()
	_, err := os.ReadFile(path)
	var fault *os.PathError
	require.ErrorAs(t, err, &fault)
	return fault.Err.Error()
}

// tempFile creates a file with that content, and returns its path.
func tempFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
