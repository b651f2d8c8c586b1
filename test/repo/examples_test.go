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

// exampleTests are what each file in examples/ is held to, beyond the names it uses. An example that nobody tests is none.
// Files for Kubernetes, Tekton and Argo are held to those systems' own types in internal/conformance/manifests, GitLab's is run by .ci/gitlab.
var exampleTests = map[string]func(*testing.T, string){
	"README.md":                testExamplesReadme,
	"github/wait.yml":          testWorkflow,
	"github/matrix.yml":        testWorkflow,
	"github/by-name.yml":       testWorkflow,
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

func TestEveryExampleDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for path, text := range exampleFiles(t) {
		test := exampleTests[path]
		require.NotNil(t, test, "nobody tests examples/%s", path)
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			test(t, text)
		})
	}
	for path := range exampleTests {
		assert.Contains(t, exampleFiles(t), path, "is tested and not there")
	}
}

func exampleFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(inRepository(t, "examples")), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path] = read(t, filepath.Join("examples", path))
		return nil
	}))
	return files
}

func testExamplesReadme(t *testing.T, readme string) {
	for path := range exampleFiles(t) {
		if path != "README.md" {
			assert.Contains(t, readme, "("+path+")", "it links all examples")
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
	for path, text := range exampleFiles(t) {
		for _, match := range regexp.MustCompile(`\bDMSWAIT_\w+|(?:^|[^\w-])(--[a-z][a-z-]*)`).FindAllStringSubmatch(text, -1) {
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
	// What is no output of dmswait, but of the place: a file, an input of the pipeline.
	foreign := map[string]bool{"wait.json": true, "dms.env": true, "DMS_INSTANCE": true, "DMS_TASK": true, "DMS_INSTANCE_ID": true, "RESTART_ID": true, "RESIZE_ID": true}
	for path, text := range exampleFiles(t) {
		for _, match := range regexp.MustCompile(`\b(?:steps\.wait\.outputs|steps\.wait\.outputs\.parameters|dms)\.([a-z_]+)\b`).FindAllStringSubmatch(text, -1) {
			if !foreign[match[0]] && match[1] != "parameters" {
				assert.True(t, isOutput(match[1]), "%s: %s is no output", path, match[0])
			}
		}
		for _, match := range regexp.MustCompile(`\b(?:DMS|RESTART|RESIZE)_([A-Z_]*[A-Z])\b`).FindAllStringSubmatch(text, -1) {
			if !foreign[match[0]] {
				assert.True(t, isOutput(strings.ToLower(match[1])) && match[1] != "MESSAGE", "%s: %s is no output in dotenv", path, match[0])
			}
		}
	}
}

func isOutput(name string) bool {
	return slices.Contains(trial.OutputNames(), name)
}

func TestExamplesGoByExitCodesAndResultsThatExist(t *testing.T) {
	t.Parallel()
	codes, results := map[string]bool{"74": true}, map[string]bool{}
	for _, m := range result.Meanings() {
		results[m.Result] = true
		for code := range strings.SplitSeq(m.Code, ", ") {
			codes[code] = true
		}
	}
	places := map[string]string{ // file to where its exit codes are
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
				assert.True(t, codes[code], "%s: nothing ends with %s", path, code)
			}
		}
	}
	for path, text := range files {
		if _, ok := places[path]; !ok {
			assert.NotRegexp(t, `(?i)exit_?codes?: *\[?\d`, text, "%s goes by exit codes that this test does not know of", path)
		}
		for _, match := range regexp.MustCompile(`outputs\.result [!=]= '(\w+)'`).FindAllStringSubmatch(text, -1) {
			assert.True(t, results[match[1]], "%s: %s is no result", path, match[1])
		}
	}
}
