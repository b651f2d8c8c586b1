package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

var ourCommand = regexp.MustCompile(`^::(add-mask::|group::|endgroup::|(error|warning|notice) title=dmswait)`)

// assertHarmless asserts that a stream deceives no reader, be it a person or a program.
func assertHarmless(t *testing.T, stream string) {
	t.Helper()
	require.True(t, utf8.ValidString(stream))
	for line := range strings.Lines(stream) {
		line = strings.TrimSuffix(line, "\n")
		assert.NotRegexp(t, `##[A-Za-z]*\[`, line)
		assert.Equal(t, -1, strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "::") {
			assert.Regexp(t, ourCommand, trimmed)
		}
		assert.NotRegexp(t, `^\s*(result=|Task ended with SUCCESS)`, line)
	}
}

// assertSummary asserts that a summary is one table of two columns, whatever is in it, and that it has
// nothing else that Markdown, HTML or GitHub would act on.
func assertSummary(t *testing.T, summary string) {
	t.Helper()
	assertHarmless(t, summary)
	lines := strings.Split(strings.TrimSuffix(summary, "\n"), "\n")
	require.Greater(t, len(lines), 6)
	assert.Regexp(t, `^### :[a-z_]+: dmswait: [a-z ]+$`, lines[0])
	assert.Regexp(t, `^[A-Za-z0-9 ().,;&#_-]+\.$`, lines[2])
	for i, line := range lines[4:] {
		if line == "" || line == "| --- | --- |" {
			continue
		}
		assert.Equal(t, 3, strings.Count(line, "|"), "line %d: %s", i, line)
		assert.NotRegexp(t, "[<>`*_~@:!$%{}\\[\\]\\\\]|www\\.|#[^0-9]|[^&]#", line)
	}
}

// printed returns what a run printed.
func printed(tr *trial.Trial) string { return tr.Log.String() + "\n" + tr.Out.String() }

// hostileCloud returns a cloud with the text wherever a response can have one.
func hostileCloud(text string) simulator.Simulator {
	sim := trial.Cloud(trial.At(0, text))
	task := &sim.Tasks[0]
	task.Name, task.UserName, task.UserID, task.Params = text, text, text, text
	task.Progress = []simulator.ProgressStep{{Percent: 40}}
	first := trial.HostileResponse(503, text)
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		switch {
		case r.Kind == "task" && r.Nth == 1:
			return first
		case r.Kind == "progress":
			steps := []map[string]string{{"name": text, "statue": text}}
			body, _ := json.Marshal(map[string]any{"progress_percentage": "40", "step_list": steps})
			return &simulator.Response{Body: string(body)}
		}
		return nil
	}
	trial.EndAt(&sim, "task", 4)
	return sim
}

func TestHostileTextIsShownSafelyAndKeptInOutputs(t *testing.T) {
	t.Parallel()
	for _, text := range trial.HostileTexts(t) {
		t.Run(text[:min(len(text), 12)], func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, hostileCloud(text))
			folder := t.TempDir()
			tr := trial.New(server, "--format", "json", "--debug", "--results-dir", filepath.Join(folder, "results"),
				"--output-file", filepath.Join(folder, "vars")).InActions(t)
			tr.Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary")).Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			assertHarmless(t, printed(tr))
			for line := range strings.Lines(tr.Log.String()) {
				assert.Less(t, len(line), 12_000)
			}

			assert.Equal(t, 1, strings.Count(tr.Out.String(), "\n"))
			result := tr.JSON(t)
			assert.Equal(t, text, result["params"])
			assert.Equal(t, "success", result["result"])
			task := result["task"].(map[string]any)
			for _, field := range []string{"name", "user_name", "user_id", "params"} {
				assert.Equal(t, text, task[field], field)
			}
			outputs := tr.Outputs(t)
			assert.Len(t, outputs, len(trial.OutputNames())+1)
			assert.Equal(t, text, outputs["params"])
			assert.Equal(t, "success", outputs["result"])
			assert.JSONEq(t, string(must(json.Marshal(task))), outputs["task"])
			assert.NotContains(t, outputs["task"], "\n")

			summary, err := os.ReadFile(filepath.Join(folder, "summary"))
			require.NoError(t, err)
			assertSummary(t, strings.ReplaceAll(string(summary), githubactions.EOF, "\n"))
			vars, err := os.ReadFile(filepath.Join(folder, "vars"))
			require.NoError(t, err)
			assert.Regexp(t, `^(DMS_[A-Z_]+=[]["A-Za-z0-9{}:,\\._/-]*\n){13}$`, string(vars))
			if len(text) < 500 {
				params, err := os.ReadFile(filepath.Join(folder, "results", "params"))
				require.NoError(t, err)
				assert.Equal(t, text, string(params))
			}

			tr = trial.New(server, "--log-format", "json", "--debug").Run(t)
			assert.Equal(t, 0, tr.Code)
			assertHarmless(t, printed(tr))
			for line := range strings.Lines(tr.Log.String()) {
				assert.True(t, json.Valid([]byte(line)), line)
			}
		})
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func TestHostileStatusIsKeptInOutputsInUpperCase(t *testing.T) {
	t.Parallel()
	for _, text := range trial.HostileTexts(t) {
		tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, text))), "--timeout", "0", "--format", "json").InActions(t).Run(t)
		assert.Equal(t, 124, tr.Code)
		assertHarmless(t, printed(tr))
		assert.Equal(t, strings.ToUpper(strings.TrimSpace(text)), tr.Outputs(t)["status"])
		assert.Regexp(t, `^Task `+trial.TaskID+` \(bindInstancePublicIp\) is [A-Za-z0-9._-]{1,64}\.$`, tr.Outputs(t)["message"])
	}
}

func TestHostileErrorsAreOneLineAndNotInTheMessage(t *testing.T) {
	t.Parallel()
	texts := append(trial.HostileTexts(t), "not UTF-8: \xff\xc3\x28\xed\xa0\x80\x9b2J")
	for i, text := range texts {
		for _, status := range []int{400, 401, 403, 404, 503} {
			sim := trial.Cloud()
			answer := trial.HostileResponse(status, text)
			if !utf8.ValidString(text) {
				answer.Body = `{"error_code":"` + text + `","error_msg":"` + text + `"}`
			}
			if i%2 == 1 {
				answer.Body = "<html><!-- " + text + " --><h1>" + text + "</h1>"
			}
			sim.Intercept = trial.Always(answer)
			tr := trial.New(trial.Start(t, sim), "--timeout", "0", "--max-outage", "0").InActions(t).Run(t)
			assert.NotZero(t, tr.Code)
			assertHarmless(t, printed(tr))
			message := strings.TrimSuffix(tr.Out.String(), "\n")
			assert.Regexp(t, `^[A-Za-z0-9 .;']+( \(`+strconv.Itoa(status)+`\))?[A-Za-z0-9 .;']*\.$`, message, "without any code")
			assert.Equal(t, message, tr.Outputs(t)["message"])
			assert.Equal(t, 1, strings.Count(tr.Log.String(), "::error "), "%q", tr.Log.String())
		}
	}
}

func TestHostileLoginErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	for _, text := range trial.HostileTexts(t) {
		projects, err := json.Marshal(map[string]any{"projects": []map[string]string{
			{"id": "1\n" + text, "name": text}, {"id": "2", "name": "cn-north-4"}, {"id": text, "name": "cn-north-4"},
		}})
		require.NoError(t, err)
		others, err := json.Marshal(map[string]any{"projects": []map[string]string{
			{"id": text, "name": "of another name: " + text},
		}})
		require.NoError(t, err)
		for _, response := range []struct {
			kind string
			*simulator.Response
		}{
			{"id-token", &simulator.Response{Status: 400, Body: "<html>" + text}},
			{"assume", trial.HostileResponse(403, text)},
			{"projects", &simulator.Response{Body: string(projects)}},
			{"projects", &simulator.Response{Body: string(others)}},
		} {
			sim := trial.Account(trial.At(0, "SUCCESS"))
			sim.Intercept = trial.Only(response.kind, response.Response)
			server := trial.Start(t, sim)
			tr := trial.NewLogin(server, "--timeout", "0", "--max-outage", "0").ByAgency(server).InActions(t).Run(t)
			assert.Contains(t, []int{2, 77}, tr.Code, tr.Log.String())
			assertHarmless(t, printed(tr))
			assert.Regexp(t, `^[A-Za-z0-9 .;:'()]+\.\n$`, tr.Out.String())
		}
	}
}

func TestHostileInputsAreRejectedOrShownSafely(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for _, text := range trial.HostileTexts(t) {
		if strings.ContainsRune(text, 0) {
			continue // neither arguments nor variables can contain it
		}
		for name, prepare := range map[string]func(*trial.Trial){
			"task_name": func(tr *trial.Trial) {
				tr.Set("DMSWAIT_TASK_ID", "").Set("DMSWAIT_TASK_NAME", text).Set("DMSWAIT_SINCE", "1h")
			},
			"instance_id": func(tr *trial.Trial) { tr.Set("DMSWAIT_INSTANCE_ID", text) },
			"project_name": func(tr *trial.Trial) {
				tr.Set("DMSWAIT_PROJECT_ID", "").Set("DMSWAIT_PROJECT_NAME", text).Set("DMSWAIT_IAM_ENDPOINT", server.URL)
			},
			"region":         func(tr *trial.Trial) { tr.Set("DMSWAIT_REGION", text) },
			"endpoint":       func(tr *trial.Trial) { tr.Set("DMSWAIT_ENDPOINT", "https://"+text) },
			"max_outage":     func(tr *trial.Trial) { tr.Set("DMSWAIT_MAX_OUTAGE", text) },
			"access_key":     func(tr *trial.Trial) { tr.Set("DMSWAIT_ACCESS_KEY", text) },
			"output_prefix":  func(tr *trial.Trial) { tr.Set("DMSWAIT_OUTPUT_PREFIX", text) },
			"an argument":    func(tr *trial.Trial) { tr.Args = append(tr.Args, text) },
			"a flag":         func(tr *trial.Trial) { tr.Args = append(tr.Args, "--"+text) },
			"a flag's value": func(tr *trial.Trial) { tr.Args = append(tr.Args, "--task-id="+text) },
			"a user": func(tr *trial.Trial) {
				tr.Set("DMSWAIT_ACCESS_KEY", "").Set("DMSWAIT_SECRET_KEY", "").Set("DMSWAIT_PASSWORD", trial.UserPassword)
				tr.Set("DMSWAIT_USERNAME", text).Set("DMSWAIT_DOMAIN_NAME", text).Set("DMSWAIT_IAM_ENDPOINT", server.URL)
			},
		} {
			for _, args := range [][]string{{"--dry-run"}, {"--timeout", "0"}} {
				tr := trial.New(server, args...).InActions(t).Set("DMSWAIT_MAX_OUTAGE", "0")
				prepare(tr)
				tr.Run(t)
				assertHarmless(t, printed(tr))
				if args[0] != "--dry-run" {
					assert.NotZero(t, tr.Code, "%s %q", name, text)
					assert.Regexp(t, `^[A-Z][A-Za-z0-9 .;,:()_'-]+\.\n$`, tr.Out.String(), name)
				}
			}
		}
	}
}
