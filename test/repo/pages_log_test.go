//go:build unix

package repo_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// logTests print what the pages show, by the names in the comments before it.
var logTests = map[string]func(*testing.T) *trial.Trial{
	"not found": func(t *testing.T) *trial.Trial {
		tr := sample(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))))
		tr.Set("DMSWAIT_TASK_ID", "8abfa7a77e2b4c0e017e2b4f0a2bffff").Set("DMSWAIT_NOT_FOUND_GRACE", "100ms")
		return tr.Set("DMSWAIT_INTERVAL", "1s").Run(t)
	},
	"keyless": func(t *testing.T) *trial.Trial {
		server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
		tr := trial.NewLogin(server).InActions(t).ByAgency(server)
		tr.Set("INPUT_PROVIDER_URN", trial.ProviderURN).Set("DMSWAIT_IAM_ENDPOINT", server.URL)
		return tr.Run(t)
	},
	"dry run": func(t *testing.T) *trial.Trial {
		tr := sample(nil)
		tr.Args = []string{"--dry-run"}
		delete(tr.Env, "DMSWAIT_ENDPOINT")
		delete(tr.Env, "DMSWAIT_PROJECT_ID")
		return tr.Set("DMSWAIT_TIMEOUT", "30m").Run(t)
	},
}

// sample is a run with the default pauses, in cn-north-4 as far as names go.
func sample(server *simulator.Server) *trial.Trial {
	tr := trial.New(server).Set("DMSWAIT_REGION", "cn-north-4").Set("HOME", "/nonexistent")
	delete(tr.Env, "DMSWAIT_INTERVAL")
	delete(tr.Env, "DMSWAIT_MAX_INTERVAL")
	return tr
}

func TestLogsOfPagesAreWhatTheProgramPrints(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, b := range blocks(t, "text") {
		run := logTests[b.name]
		require.True(t, run != nil && b.action == "log", "%s: nobody prints\n%s", b.page, b.text)
		shown[b.name] = true
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			tr := run(t)
			printed := tr.Log.String() + tr.Out.String()
			lines := strings.Count(b.text, "\n")
			// Masks come first, and what follows the shown lines is not shown.
			printed = regexp.MustCompile(`(?m)^::add-mask::.*\n`).ReplaceAllString(printed, "")
			printed = strings.Join(strings.SplitAfter(printed, "\n")[:lines], "")
			assert.Equal(t, typical(b.text), typical(printed))
			if lines > 1 {
				assert.Equal(t, strings.Count(tr.Log.String()+tr.Out.String(), "\n"), lines, "all of it is shown")
			}
		})
	}
	assert.Len(t, shown, len(logTests))
}

// typical returns a log with what differs from run to run replaced.
func typical(text string) string {
	for _, r := range [][2]string{
		{`127\.0\.0\.1:\d+ \(not a domain of Huawei Cloud\)`, "dms.cn-north-4.myhuaweicloud.com"},
		{`, logging in at \S+ \(not a domain of Huawei Cloud\)`, ""},
		{`http://127\.0\.0\.1:\d+`, "https://dms.cn-north-4.myhuaweicloud.com"},
		{`(?m)^dmswait: \d+(\.\d+)?m?s `, "dmswait: 210ms "},
		{`\(request [0-9a-f]{32}\)`, "(request …)"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

func TestJSONOfPages(t *testing.T) {
	t.Parallel()
	results := 0
	for _, b := range blocks(t, "json") {
		var value map[string]any
		require.NoError(t, json.Unmarshal([]byte(b.text), &value), b.page)
		if b.page != "docs/outputs.md" {
			continue
		}
		results++
		var keys []string
		decoder := json.NewDecoder(bytes.NewBufferString(b.text))
		_, _ = decoder.Token()
		for decoder.More() {
			key, err := decoder.Token()
			require.NoError(t, err)
			keys = append(keys, key.(string))
			var skipped json.RawMessage
			require.NoError(t, decoder.Decode(&skipped))
		}
		assert.Equal(t, trial.OutputNames(), keys, "in the order in which they are written")
	}
	assert.Equal(t, 1, results)
}

// TestCommandLinePageNamesAllEvents holds the table of events to the names in the code, in both
// directions.
func TestCommandLinePageNamesAllEvents(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(read(t, "docs/command-line.md"), "| event | when |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(first, -1) {
			listed = append(listed, name[1])
		}
	}
	slices.Sort(listed)
	assert.Equal(t, eventNames(t), listed)
}

// eventNames returns the names of the log's events in the sources: event{name: "…"}, and
// log.Printf("…", …) and its like.
func eventNames(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	add := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			name, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			if name != "" {
				names[name] = true
			}
		}
	}
	for _, file := range goFiles(t, "internal/console", "internal/cli") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if kind, ok := n.Type.(*ast.Ident); !ok || kind.Name != "event" {
					return true
				}
				for _, element := range n.Elts {
					if pair, ok := element.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "name" {
						add(pair.Value)
					}
				}
			case *ast.AssignStmt: // name, text := "status", ""
				if left, ok := n.Lhs[0].(*ast.Ident); ok && left.Name == "name" && len(n.Lhs) == 2 && len(n.Rhs) == 2 {
					add(n.Rhs[0])
				}
			case *ast.CallExpr:
				method, ok := n.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"Printf", "Warnf", "Changef"}, method.Sel.Name) && isLog(method.X) {
					add(n.Args[0])
				}
			}
			return true
		})
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// isLog reports whether an expression is called log, as in w.log.
func isLog(e ast.Expr) bool {
	if field, ok := e.(*ast.SelectorExpr); ok {
		return field.Sel.Name == "log"
	}
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "log"
}

// goFiles parses the sources in folders, without tests.
func goFiles(t *testing.T, folders ...string) (files []*ast.File) {
	t.Helper()
	for _, folder := range folders {
		for _, name := range trial.List(t, inRepository(t, folder)) {
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), inRepository(t, filepath.Join(folder, name)), nil, 0)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files
}
