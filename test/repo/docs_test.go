package repo_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
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
	if shown := in.ShownDefault(); shown != "" {
		return " (default: " + shown + ")"
	}
	return ""
}

// defaultCell returns what the column "default" of a table contains.
func defaultCell(in config.Input) string { return in.ShownDefault() }

func yamlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// tables are the generated tables: the page, and the comments around the table.
var tables = []struct {
	page, name string
	table      func() string
}{
	{"README.md", "results", resultsTable},
	{"README.md", "inputs", actionInputsTable},
	{"README.md", "outputs", outputsTable},
	{"docs/command-line.md", "all inputs", allInputsTable},
	{"docs/command-line.md", "events", eventsTable},
}

func TestTablesFollowFromTheCode(t *testing.T) {
	pages := map[string]string{}
	for _, table := range tables {
		content, ok := pages[table.page]
		if !ok {
			content = read(t, table.page)
		}
		block := regexp.MustCompile(`(?s)(<!-- ` + table.name + ` -->\n).*?(<!-- /` + table.name + ` -->)`)
		require.Regexp(t, block, content)
		pages[table.page] = block.ReplaceAllString(content, "${1}"+strings.ReplaceAll(table.table(), "$", "$$")+"${2}")
	}
	for page, content := range pages {
		trial.Golden(t, inRepository(t, page), content)
	}
}

// inputRows returns the rows of a table of inputs, with a heading for each group if grouped is true.
func inputRows(inputs []config.Input, grouped bool, row func(in config.Input) string) string {
	var b strings.Builder
	group := ""
	for _, in := range inputs {
		if grouped && in.Group != group {
			group = in.Group
			fmt.Fprintf(&b, "| **%s** | | |\n", group)
		}
		b.WriteString(row(in))
	}
	return b.String()
}

func actionInputsTable() string {
	isOther := func(in config.Input) bool { return !in.Action }
	return "| input | default | meaning |\n| --- | --- | --- |\n" +
		inputRows(slices.DeleteFunc(config.Inputs(), isOther), false, func(in config.Input) string {
			return fmt.Sprintf("| `%s` | %s | %s |\n", in.Name, defaultCell(in), cell(in.Meaning))
		})
}

func allInputsTable() string {
	return "| flag, or variable of a secret | default | meaning |\n| --- | --- | --- |\n" +
		inputRows(config.Inputs(), true, func(in config.Input) string {
			name := "--" + in.Flag()
			if in.Secret {
				name = in.Env()
			}
			return fmt.Sprintf("| `%s` | %s | %s |\n", name, defaultCell(in), cell(in.Meaning))
		})
}

// cell returns text as Markdown shows it: a browser would take <name> for a tag, and show nothing.
func cell(text string) string { return strings.ReplaceAll(text, "<", "&lt;") }

func outputsTable() string {
	var b strings.Builder
	b.WriteString("| output | value |\n| --- | --- |\n")
	for _, o := range output.Outputs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.Name, cell(o.Meaning))
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

func eventsTable() string {
	var b strings.Builder
	b.WriteString("| event | when |\n| --- | --- |\n")
	for _, e := range console.Events() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Name, e.When)
	}
	return b.String()
}
