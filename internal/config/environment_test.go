package config

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vars is an environment.
type vars map[string]string

func (v vars) get(name string) string { return v[name] }

// with is v with others on top of it; an empty one counts as unset.
func (v vars) with(others vars) vars {
	all := maps.Clone(v)
	maps.Copy(all, others)
	return all
}

// complete is an environment that nothing is wrong with.
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

// anonymous is an environment that only credentials are missing of.
func anonymous() vars {
	return complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": ""})
}

// read parses, and returns the faults as people see them.
func read(v vars, args ...string) (*Config, []string) {
	c, faults := Parse(context.Background(), args, v.get)
	lines := []string{}
	for _, fault := range faults {
		lines = append(lines, fault.Text)
	}
	return c, lines
}

// about are the faults of one input.
func about(faults []string, input string) []string {
	lines := []string{}
	for _, fault := range faults {
		if strings.HasPrefix(fault, input+" ") {
			lines = append(lines, fault)
		}
	}
	return lines
}

// inActions is an environment of a step of GitHub Actions.
func inActions(t *testing.T) vars {
	t.Helper()
	return vars{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": filepath.Join(t.TempDir(), "output")}
}

// file makes a file with that content and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
