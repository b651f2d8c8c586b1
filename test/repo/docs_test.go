package repo_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/test/trial"
)

func TestActionFileFollowsFromTheTableOfInputs(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Generated from the tables in internal/config and internal/output by: go test ./test/repo -update
name: dmswait
description: Waits for a background task of a Huawei Cloud DMS instance (RocketMQ, Kafka, RabbitMQ) and reports how it ended
branding:
  icon: clock
  color: red
# No input has a default here, which would override the environment. None is required, since the environment may set it.
inputs:
`)
	for _, in := range config.Inputs() {
		if in.Action {
			fmt.Fprintf(&b, "  %s:\n    description: %s\n", in.Name, yamlString(in.Meaning+defaultOf(in)))
		}
	}
	b.WriteString("outputs:\n")
	for _, o := range output.Outputs() {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", o.Name, yamlString(o.Meaning))
	}
	b.WriteString("runs:\n  using: docker\n")
	// A release's own commit names the image that was built for it instead: see .ci/release.
	image := imageLine.FindString(read(t, "action.yml"))
	if image == "" {
		image = "  image: Dockerfile"
	}
	b.WriteString(image + "\n")
	trial.Golden(t, inRepository(t, "action.yml"), b.String())
}

var imageLine = regexp.MustCompile(`(?m)^  image: docker://ghcr\.io/dmswait/dmswait@sha256:[0-9a-f]{64}$`)

func defaultOf(in config.Input) string {
	switch shown := in.ShownDefault(); shown {
	case "":
		return ""
	case "required":
		return " (required)"
	default:
		return " (default: " + shown + ")"
	}
}

func yamlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestReadmeTablesFollowFromTheCode(t *testing.T) {
	readme := read(t, "README.md")
	for name, table := range map[string]string{
		"inputs": inputsTable(), "outputs": outputsTable(), "results": resultsTable(),
	} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
		require.Regexp(t, block, readme)
		readme = block.ReplaceAllString(readme, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	}
	trial.Golden(t, inRepository(t, "README.md"), readme)
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
		fmt.Fprintf(&b, "| `%s` | %s | %s%s |\n", in.Name, in.ShownDefault(), in.Meaning, notes)
	}
	return b.String()
}

func outputsTable() string {
	var b strings.Builder
	b.WriteString("| output | value |\n| --- | --- |\n")
	for _, o := range output.Outputs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.Name, o.Meaning)
	}
	return b.String()
}

func resultsTable() string {
	var b strings.Builder
	b.WriteString("| result | exit code | when | run it again? |\n| --- | --- | --- | --- |\n")
	for _, m := range result.Meanings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Result, m.Code, m.When, m.Again)
	}
	return b.String()
}
