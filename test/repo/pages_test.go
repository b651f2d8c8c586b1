//go:build unix

package repo_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/test/trial"
)

// maxReadmeWords keeps README to what someone with a failing pipeline reads; everything else is in
// docs/.
const maxReadmeWords = 1200

// pages returns README.md and docs/, by their paths.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"README.md": read(t, "README.md")}
	for _, name := range trial.List(t, inRepository(t, "docs")) {
		all["docs/"+name] = read(t, "docs/"+name)
	}
	return all
}

// block is a fenced block of a page. A comment before it says what a test does with it: <!-- run:
// name -->.
type block struct {
	page, language, text string
	action, name         string // of the comment; empty: there is none
}

var fenced = regexp.MustCompile("(?ms)^(?:<!-- (\\w+): ([\\w ]+) -->\n)?( *)```(\\w*)\n(.*?)^ *```$")

// blocks returns the pages' blocks of a language.
func blocks(t *testing.T, language string) (found []block) {
	t.Helper()
	for page, content := range pages(t) {
		for _, match := range fenced.FindAllStringSubmatch(content, -1) {
			if match[4] == language {
				text := strings.ReplaceAll("\n"+match[5], "\n"+match[3], "\n")
				found = append(found, block{page, language, text[1:], match[1], match[2]})
			}
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	isMarkup := func(r rune) bool { return r == '|' || unicode.IsSpace(r) } // the edges of a table's cells are no words
	assert.LessOrEqual(t, len(strings.FieldsFunc(read(t, "README.md"), isMarkup)), maxReadmeWords)
}

func TestEveryBlockSaysWhatItIs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"sh": true, "yaml": true, "json": true, "crontab": true, "text": true}
	for page, content := range pages(t) {
		for _, match := range fenced.FindAllStringSubmatch(content, -1) {
			assert.True(t, known[match[4]], "%s: nobody tests blocks of %q", page, match[4])
		}
		assert.Equal(t, strings.Count(content, "```"), 2*len(fenced.FindAllString(content, -1)), page)
	}
}

// foreignFlags are flags of other programs.
var foreignFlags = map[string]bool{
	"--cli-waiter": true, "--arg": true, "--jq": true, "--network": true, "--env-file": true, "--now": true,
	"--check": true, "--ignore-missing": true, "--repo": true, "--signer-workflow": true, "--bundle": true,
}

func TestPagesNameOnlyFlagsAndVariablesThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"--help": true, "--version": true}
	for _, in := range config.Inputs() {
		known[in.Env()] = true
		if in.Action {
			known["INPUT_"+strings.ToUpper(in.Name)] = true
		}
		known["PLUGIN_"+strings.ToUpper(in.Name)] = true
		if in.Secret {
			known[in.Env()+"_FILE"] = true
		} else {
			known["--"+in.Flag()] = true
		}
	}
	named := regexp.MustCompile("\\b(?:DMSWAIT|INPUT|PLUGIN)_[A-Z_]*[A-Z]\\b|(?:^|[\\s`(])(--[a-z][a-z-]*)")
	count := 0
	for page, content := range pages(t) {
		for _, match := range named.FindAllStringSubmatch(content, -1) {
			name := match[0]
			if match[1] != "" {
				name = match[1]
			}
			assert.True(t, known[name] || foreignFlags[name], "%s: %s does not exist", page, name)
			count++
		}
	}
	assert.Greater(t, count, 80)
}

var (
	stepOutput  = regexp.MustCompile(`steps\.wait\.outputs\.(\w+)`)
	dotenvName  = regexp.MustCompile("(?:\\$\\{?|[\\s`\"])DMS_([A-Z_]*[A-Z])\\b")
	resultsName = regexp.MustCompile(`outputs\.result [!=]= '(\w+)'`)
)

func TestPagesNameOnlyOutputsAndResultsThatExist(t *testing.T) {
	t.Parallel()
	results := map[string]bool{}
	for _, m := range result.Meanings() {
		results[m.Result] = true
	}
	count := 0
	for page, content := range pages(t) {
		for _, match := range stepOutput.FindAllStringSubmatch(content, -1) {
			assert.True(t, isOutput(match[1]), "%s: %s is no output", page, match[1])
			count++
		}
		// Variables of a repository (vars.DMS_INSTANCE_ID) are the user's.
		for _, match := range dotenvName.FindAllStringSubmatch(content, -1) {
			name := strings.ToLower(match[1])
			assert.True(t, isOutput(name) && name != "message", "%s: DMS_%s is no output in dotenv", page, match[1])
			count++
		}
		for _, match := range resultsName.FindAllStringSubmatch(content, -1) {
			assert.True(t, results[match[1]], "%s: %s is no result", page, match[1])
		}
	}
	assert.Greater(t, count, 8)
}

// TestPagesStateTheDefaultsOfTheTable holds "`interval` (1s)" and rows like "| `timeout` | … | 1h
// |" to the table of inputs.
func TestPagesStateTheDefaultsOfTheTable(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{}
	for _, in := range config.Inputs() {
		defaults[in.Name] = in.Default
	}
	stated := regexp.MustCompile("`([a-z_]+)` \\((\\d\\w*)\\)" +
		"|(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| (\\d\\w*) \\|")
	count := 0
	for page, content := range pages(t) {
		for _, match := range stated.FindAllStringSubmatch(content, -1) {
			assert.Equal(t, defaults[match[1]+match[3]], match[2]+match[4], "%s: %s", page, match[0])
			count++
		}
	}
	assert.GreaterOrEqual(t, count, 7)
}

// TestLoginPageNamesTheVariablesOfOtherTools holds docs/login.md to the variables that the program
// reads, in both directions.
func TestLoginPageNamesTheVariablesOfOtherTools(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`\b(?:HUAWEICLOUD_SDK|HW|HUAWEI_CLOUD|OS|HC_CONTAINER)_[A-Z_]*[A-Z]\b`)
	page, families := read(t, "docs/login.md"), read(t, "internal/config/family.go")
	sources := families + read(t, "internal/config/profile.go") + read(t, "internal/config/pod.go")
	for _, name := range variable.FindAllString(page, -1) {
		if strings.HasPrefix(name, "HUAWEICLOUD_SDK_REGION_") {
			name = strings.TrimSuffix(name, "CN_NORTH")
		}
		assert.True(t, strings.Contains(sources, name), "the program does not read %s", name)
	}
	read := variable.FindAllString(families, -1)
	assert.Greater(t, len(read), 15)
	for _, name := range read {
		if !strings.HasPrefix(name, "HW_ASSUME_ROLE_") {
			assert.True(t, strings.Contains(page, "`"+name+"`"), "%s is not on the page", name)
		}
	}
}

// TestEveryLinkLeadsSomewhere follows the relative links of all Markdown files, and those to this
// repository's own pages, to files and headings.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
	count := 0
	for path, content := range markdownFiles(t) {
		for _, match := range link.FindAllStringSubmatch(withoutBlocks(content), -1) {
			target := match[1] + match[2]
			target = strings.Replace(target, "https://github.com/dmswait/dmswait/blob/main/", relativeRoot(path), 1)
			if strings.Contains(target, ":") {
				continue // another host
			}
			count++
			file, anchor, _ := strings.Cut(target, "#")
			where := path
			if file != "" {
				where = filepath.Join(filepath.Dir(path), file)
			}
			if !assert.FileExists(t, inRepository(t, where), "%s: %s", path, target) || anchor == "" {
				continue
			}
			anchor, err := url.PathUnescape(anchor)
			require.NoError(t, err)
			found := slices.Contains(anchors(read(t, where)), anchor)
			assert.True(t, found, "%s: %s has no such heading", path, target)
		}
	}
	assert.Greater(t, count, 80)
}

// TestIssueFormsLinkPagesThatExist follows the links of .github/ISSUE_TEMPLATE.
func TestIssueFormsLinkPagesThatExist(t *testing.T) {
	t.Parallel()
	for _, name := range trial.List(t, inRepository(t, ".github/ISSUE_TEMPLATE")) {
		form := read(t, filepath.Join(".github/ISSUE_TEMPLATE", name))
		linked := regexp.MustCompile(`github\.com/dmswait/dmswait/blob/main/([^\s#)]+)`)
		for _, match := range linked.FindAllStringSubmatch(form, -1) {
			assert.FileExists(t, inRepository(t, match[1]), name)
		}
	}
}

func markdownFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := inRepository(t, ".")
	skipped := []string{".git", "node_modules", "testdata"}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			files[path] = read(t, path)
		}
		return nil
	})
	require.NoError(t, err)
	return files
}

func relativeRoot(path string) string { return strings.Repeat("../", strings.Count(path, "/")) }

func withoutBlocks(content string) string { return fenced.ReplaceAllString(content, "") }

// anchors returns the anchors that GitHub gives the headings of a page.
func anchors(content string) (all []string) {
	removed := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	headings := regexp.MustCompile(`(?m)^#+ (.*)$`)
	for _, heading := range headings.FindAllStringSubmatch(withoutBlocks(content), -1) {
		text := regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(heading[1], "]")
		all = append(all, strings.ReplaceAll(removed.ReplaceAllString(strings.ToLower(text), ""), " ", "-"))
	}
	return all
}
