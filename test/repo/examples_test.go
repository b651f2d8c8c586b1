//go:build unix

package repo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/test/trial"
)

// exampleTests are the tests of each file in examples/; every file has one. Files for Kubernetes,
// Tekton and Argo are also decoded into those systems' types in internal/conformance/manifests, and
// .ci/gitlab runs GitLab's.
var exampleTests = map[string]func(*testing.T, string){
	"README.md":                testExamplesReadme,
	"github/wait.yml":          testWorkflow,
	"github/matrix.yml":        testWorkflow,
	"github/by-name.yml":       testWorkflow,
	"github/several.yml":       testWorkflow,
	"gitlab/.gitlab-ci.yml":    testGitLabJobs,
	"jenkins/Jenkinsfile":      testJenkinsfile,
	"woodpecker/wait.yaml":     testWoodpecker,
	"tekton/task.yaml":         testTekton,
	"argo/workflow.yaml":       testArgo,
	"kubernetes/cronjob.yaml":  testCronJob,
	"kubernetes/job.yaml":      testIndexedJob,
	"systemd/dmswait@.service": testSystemdService,
	"systemd/dmswait@.timer":   testSystemdTimer,
	"cron/crontab":             testCrontab,
	"shell/wait.sh":            testShellScript,
}

func TestEveryExampleWorks(t *testing.T) {
	t.Parallel()
	for path, text := range exampleFiles(t) {
		test := exampleTests[path]
		require.NotNil(t, test, "examples/%s has no test", path)
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			test(t, text)
		})
	}
	for path := range exampleTests {
		assert.Contains(t, exampleFiles(t), path, "does not exist")
	}
}

// exampleFiles returns the texts of the files in examples/ by their paths.
func exampleFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	folder := os.DirFS(inRepository(t, "examples"))
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path] = read(t, filepath.Join("examples", path))
		return nil
	})
	require.NoError(t, err)
	return files
}

func testExamplesReadme(t *testing.T, readme string) {
	for path := range exampleFiles(t) {
		if path != "README.md" {
			assert.Contains(t, readme, "("+path+")", "it links every example")
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readme, -1) {
		assert.FileExists(t, inRepository(t, filepath.Join("examples", link[1])))
	}
	assert.Contains(t, readme, "not published yet")
}

func TestExamplesNameOnlyFlagsAndVariablesThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, in := range config.Inputs() {
		known[in.Env()] = true
		if in.Secret {
			known[in.Env()+"_FILE"] = true
		} else {
			known["--"+in.Flag()] = true
		}
	}
	named := 0
	pattern := regexp.MustCompile(`\bDMSWAIT_\w+|(?:^|[^\w-])(--[a-z][a-z-]*)`)
	for path, text := range exampleFiles(t) {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			name := match[0]
			if match[1] != "" {
				name = match[1]
			}
			assert.True(t, known[name], "%s: %s does not exist", path, name)
			named++
		}
	}
	assert.Greater(t, named, 50)
}

func TestExamplesUseOnlyOutputsThatExist(t *testing.T) {
	t.Parallel()
	// These look like outputs, but are files, or variables of the pipeline.
	foreign := map[string]bool{
		"wait.json": true, "dms.env": true, "DMS_INSTANCE": true, "DMS_TASK": true, "DMS_INSTANCE_ID": true,
		"RESTART_ID": true, "RESIZE_ID": true,
	}
	output := regexp.MustCompile(`\b(?:steps\.wait\.outputs|steps\.wait\.outputs\.parameters|dms)\.([a-z_]+)\b`)
	variable := regexp.MustCompile(`\b(?:DMS|RESTART|RESIZE)_([A-Z_]*[A-Z])\b`)
	for path, text := range exampleFiles(t) {
		for _, match := range output.FindAllStringSubmatch(text, -1) {
			if !foreign[match[0]] && match[1] != "parameters" {
				assert.True(t, isOutput(match[1]), "%s: %s is not an output", path, match[0])
			}
		}
		for _, match := range variable.FindAllStringSubmatch(text, -1) {
			if !foreign[match[0]] {
				name := strings.ToLower(match[1])
				assert.True(t, isOutput(name) && name != "message", "%s: %s is not in dotenv", path, match[0])
			}
		}
	}
}

func isOutput(name string) bool {
	return slices.Contains(trial.OutputNames(), name)
}

func TestExamplesUseOnlyExitCodesAndResultsThatExist(t *testing.T) {
	t.Parallel()
	codes, results := map[string]bool{"74": true}, map[string]bool{}
	for _, m := range result.Meanings() {
		results[m.Result] = true
		for code := range strings.SplitSeq(m.Code, ", ") {
			codes[code] = true
		}
	}
	places := map[string]string{ // where the exit codes are in each file
		"gitlab/.gitlab-ci.yml":    `(?m)^ +exit_codes: (\d+)`,
		"jenkins/Jenkinsfile":      `(?m)^ +case (\d+):$`,
		"argo/workflow.yaml":       `asInt\(lastRetry\.exitCode\) == (\d+)`,
		"kubernetes/job.yaml":      `(?m)^ +values: \[([\d, ]+)\]$`,
		"systemd/dmswait@.service": `(?m)^SuccessExitStatus=([\d ]+)$`,
		"shell/wait.sh":            `(?m)^(\d[\d |]*)\)`,
	}
	files := exampleFiles(t)
	for path, place := range places {
		matches := regexp.MustCompile(place).FindAllStringSubmatch(files[path], -1)
		assert.NotEmpty(t, matches, path)
		for _, match := range matches {
			for _, code := range regexp.MustCompile(`\d+`).FindAllString(match[1], -1) {
				assert.True(t, codes[code], "%s: %s is not an exit code", path, code)
			}
		}
	}
	for path, text := range files {
		if _, ok := places[path]; !ok {
			assert.NotRegexp(t, `(?i)exit_?codes?: *\[?\d`, text, "%s has exit codes that nothing checks", path)
		}
		for _, match := range regexp.MustCompile(`outputs\.result [!=]= '(\w+)'`).FindAllStringSubmatch(text, -1) {
			assert.True(t, results[match[1]], "%s: %s is not a result", path, match[1])
		}
	}
}
