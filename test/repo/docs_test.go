package cli

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/report"
)

var update = flag.Bool("update", false, "write action.yml and README.md's tables anew")

// golden holds a file of the repository to what the code says, or brings it there.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	wanted, got := strings.Split(want, "\n"), strings.Split(string(content), "\n")
	for i := range min(len(wanted), len(got)) {
		require.Equal(t, wanted[i], got[i], "%s, line %d: go test . -update brings it up to date", path, i+1)
	}
	assert.Len(t, got, len(wanted), path)
}

func TestActionFileFollowsFromTheTableOfInputs(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Made from the tables in internal/config and internal/report by: go test . -update
name: dmswait
description: Waits for a background task of a Huawei Cloud DMS instance (RocketMQ, Kafka, RabbitMQ) to end, and tells how it ended
branding:
  icon: clock
  color: red
# No input has a default here: that would count before the environment. None is required either, since the environment may have it.
inputs:
`)
	for _, in := range config.Inputs() {
		if in.Action {
			fmt.Fprintf(&b, "  %s:\n    description: %s\n", in.Name, yamlString(in.Meaning+defaultOf(in)))
		}
	}
	b.WriteString("outputs:\n")
	for _, output := range report.OutputMeanings() {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", output[0], yamlString(output[1]))
	}
	b.WriteString("runs:\n  using: docker\n")
	// A release's own commit names the image that was built for it instead: see .ci/release.
	content, err := os.ReadFile("action.yml")
	require.NoError(t, err)
	image := imageLine.FindString(string(content))
	if image == "" {
		image = "  image: Dockerfile"
	}
	b.WriteString(image + "\n")
	golden(t, "action.yml", b.String())
}

var imageLine = regexp.MustCompile(`(?m)^  image: docker://ghcr\.io/dmswait/dmswait@sha256:[0-9a-f]{64}$`)

func defaultOf(in config.Input) string {
	switch in.Default {
	case "":
		return ""
	case "required":
		return " (required)"
	}
	return " (default: " + in.Default + ")"
}

func yamlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestReadmeTablesFollowFromTheCode(t *testing.T) {
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(content)
	for name, table := range map[string]string{
		"inputs": inputsTable(), "outputs": outputsTable(), "results": resultsTable(),
	} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
		require.Regexp(t, block, readme)
		readme = block.ReplaceAllString(readme, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	}
	golden(t, "README.md", readme)
}

func inputsTable() string {
	var b strings.Builder
	b.WriteString("| input | default | meaning |\n| --- | --- | --- |\n")
	group := ""
	for _, in := range config.Inputs() {
		if in.Group != group {
			group = in.Group
			fmt.Fprintf(&b, "| **%s** | | |\n", group)
		}
		var notes string
		switch {
		case in.Secret:
			notes = "; a secret, no flag"
		case !in.Action:
			notes = "; not in `action.yml`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s%s |\n", in.Name, in.Default, in.Meaning, notes)
	}
	return b.String()
}

func outputsTable() string {
	var b strings.Builder
	b.WriteString("| output | value |\n| --- | --- |\n")
	for _, output := range report.OutputMeanings() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", output[0], output[1])
	}
	return b.String()
}

func resultsTable() string {
	var b strings.Builder
	b.WriteString("| result | exit code | when | run it again? |\n| --- | --- | --- | --- |\n")
	for _, m := range report.Meanings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Result, m.Code, m.When, m.Again)
	}
	return b.String()
}

func TestNoOutputHasTheEnvironmentNameOfAnInput(t *testing.T) {
	inputs := map[string]bool{}
	for _, in := range config.Inputs() {
		inputs[in.Env()] = true
		assert.False(t, strings.HasPrefix(in.Env(), "DMS_"), in.Name)
	}
	for _, output := range report.OutputMeanings() {
		assert.NotContains(t, inputs, "DMS_"+strings.ToUpper(output[0]))
	}
}
