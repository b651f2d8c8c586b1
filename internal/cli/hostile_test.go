package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/report"
	"github.com/dmswait/dmswait/internal/simulator"
)

// hostileTexts are those of testdata/hostile.txt, and a long one.
func hostileTexts(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "hostile.txt"))
	require.NoError(t, err)
	texts := []string{strings.Repeat("long\n::error::", 10_000)}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		text, err := strconv.Unquote(line)
		require.NoError(t, err, line)
		texts = append(texts, text)
	}
	return texts
}

var ourCommand = regexp.MustCompile(`^::(add-mask::|group::|endgroup::|(error|warning|notice) title=dmswait)`)

// assertHarmless holds that no reader of a stream, a person or a program, is led astray by it.
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

// assertSummary holds that a summary is one table of two columns, whatever is in it, and nothing else that Markdown, HTML or GitHub would act on.
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

// heard is what a trial printed.
func (tr *trial) heard() string { return tr.log.String() + "\n" + tr.out.String() }

// hostileCloud says the text wherever the service can say any.
func hostileCloud(text string) simulator.Simulator {
	sim := cloud(at(0, text), at(40, "SUCCESS"))
	task := &sim.Tasks[0]
	task.Name, task.UserName, task.UserID, task.Params = text, text, text, text
	task.Progress = []simulator.ProgressStep{{Percent: 40}}
	first := hostileAnswer(503, text)
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
	return sim
}

func hostileAnswer(status int, text string) *simulator.Response {
	answer := simulator.Fault(status, text, text)
	// A header takes no control characters on its way.
	inHeader := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text[:min(len(text), 2000)])
	answer.Header = http.Header{"X-Request-Id": {inHeader}, "Retry-After": {inHeader}}
	return answer
}

func TestHostileTextIsShownSafelyAndKeptAsItWas(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts(t) {
		t.Run(text[:min(len(text), 12)], func(t *testing.T) {
			t.Parallel()
			server := start(t, hostileCloud(text))
			folder := t.TempDir()
			tr := newTrial(server, "--format", "json", "--debug", "--results-dir", filepath.Join(folder, "results"), "--output-file", filepath.Join(folder, "vars")).inActions(t)
			tr.set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary")).run(t)
			assert.Equal(t, 0, tr.code, tr.log.String())
			assertHarmless(t, tr.heard())

			assert.Equal(t, 1, strings.Count(tr.out.String(), "\n"))
			result := tr.json(t)
			assert.Equal(t, text, result["params"])
			assert.Equal(t, "success", result["result"])
			task := result["task"].(map[string]any)
			for _, field := range []string{"name", "user_name", "user_id", "params"} {
				assert.Equal(t, text, task[field], field)
			}
			outputs := tr.outputs(t)
			assert.Len(t, outputs, len(report.OutputMeanings())+1)
			assert.Equal(t, text, outputs["params"])
			assert.Equal(t, "success", outputs["result"])
			assert.JSONEq(t, string(must(json.Marshal(task))), outputs["task"])
			assert.NotContains(t, outputs["task"], "\n")

			summary, err := os.ReadFile(filepath.Join(folder, "summary"))
			require.NoError(t, err)
			assertSummary(t, string(summary))
			vars, err := os.ReadFile(filepath.Join(folder, "vars"))
			require.NoError(t, err)
			assert.Regexp(t, `^(DMS_[A-Z_]+=["A-Za-z0-9{}:,\\._/-]*\n){10}$`, string(vars))
			if len(text) < 500 {
				params, err := os.ReadFile(filepath.Join(folder, "results", "params"))
				require.NoError(t, err)
				assert.Equal(t, text, string(params))
			}

			tr = newTrial(server, "--log-format", "json", "--debug").run(t)
			assert.Equal(t, 0, tr.code)
			assertHarmless(t, tr.heard())
			for line := range strings.Lines(tr.log.String()) {
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

func TestAHostileStatusIsAnOutputAsItWasInUpperCase(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts(t) {
		tr := newTrial(start(t, cloud(at(0, text))), "--timeout", "0", "--format", "json").inActions(t).run(t)
		assert.Equal(t, 124, tr.code)
		assertHarmless(t, tr.heard())
		assert.Equal(t, strings.ToUpper(strings.TrimSpace(text)), tr.outputs(t)["status"])
		assert.Regexp(t, `^Task `+taskID+` is [A-Za-z0-9._-]{1,64}\.$`, tr.outputs(t)["message"])
	}
}

func TestHostileErrorsAreToldInOneLineAndInNoMessage(t *testing.T) {
	t.Parallel()
	texts := append(hostileTexts(t), "not UTF-8: \xff\xc3\x28\xed\xa0\x80\x9b2J")
	for i, text := range texts {
		for _, status := range []int{400, 401, 403, 404, 503} {
			sim := cloud()
			answer := hostileAnswer(status, text)
			if !utf8.ValidString(text) {
				answer.Body = `{"error_code":"` + text + `","error_msg":"` + text + `"}`
			}
			if i%2 == 1 {
				answer.Body = "<html><!-- " + text + " --><h1>" + text + "</h1>"
			}
			sim.Intercept = always(answer)
			tr := newTrial(start(t, sim), "--timeout", "0").inActions(t).run(t)
			assert.NotZero(t, tr.code)
			assertHarmless(t, tr.heard())
			message := strings.TrimSuffix(tr.out.String(), "\n")
			assert.Regexp(t, `^[A-Za-z0-9 .;]+( \(`+strconv.Itoa(status)+`\))?[A-Za-z0-9 .;]*\.$`, message, "without any code")
			assert.Equal(t, message, tr.outputs(t)["message"])
			assert.Equal(t, 1, strings.Count(tr.log.String(), "::error "), "%q", tr.log.String())
		}
	}
}

func TestHostileLoginsAreToldInOneLine(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts(t) {
		projects, err := json.Marshal(map[string]any{"projects": []map[string]string{{"id": "1\n" + text, "name": text}, {"id": "2", "name": "cn-north-4"}, {"id": text, "name": "cn-north-4"}}})
		require.NoError(t, err)
		others, err := json.Marshal(map[string]any{"projects": []map[string]string{{"id": text, "name": "of another name: " + text}}})
		require.NoError(t, err)
		for _, c := range []struct {
			kind   string
			answer *simulator.Response
		}{
			{"id-token", &simulator.Response{Status: 400, Body: "<html>" + text}}, {"assume", hostileAnswer(403, text)},
			{"projects", &simulator.Response{Body: string(projects)}}, {"projects", &simulator.Response{Body: string(others)}},
		} {
			sim := account(at(0, "SUCCESS"))
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				if r.Kind == c.kind {
					return c.answer
				}
				return nil
			}
			server := start(t, sim)
			tr := newLogin(server, "--timeout", "0").byAgency(server).inActions(t).run(t)
			assert.Contains(t, []int{2, 77}, tr.code, tr.log.String())
			assertHarmless(t, tr.heard())
			assert.Regexp(t, `^[A-Za-z0-9 .;'()]+\.\n$`, tr.out.String())
		}
	}
}

func TestHostileInputsAreRefusedOrShownSafely(t *testing.T) {
	t.Parallel()
	server := start(t, cloud(at(0, "SUCCESS")))
	for _, text := range hostileTexts(t) {
		if strings.ContainsRune(text, 0) {
			continue // nobody can say that: neither arguments nor variables have it
		}
		for name, prepare := range map[string]func(*trial){
			"task_name": func(tr *trial) {
				tr.set("DMSWAIT_TASK_ID", "").set("DMSWAIT_TASK_NAME", text).set("DMSWAIT_SINCE", "1h")
			},
			"instance_id": func(tr *trial) { tr.set("DMSWAIT_INSTANCE_ID", text) },
			"project_name": func(tr *trial) {
				tr.set("DMSWAIT_PROJECT_ID", "").set("DMSWAIT_PROJECT_NAME", text).set("DMSWAIT_IAM_ENDPOINT", server.URL)
			},
			"region":         func(tr *trial) { tr.set("DMSWAIT_REGION", text) },
			"endpoint":       func(tr *trial) { tr.set("DMSWAIT_ENDPOINT", "https://"+text) },
			"max_outage":     func(tr *trial) { tr.set("DMSWAIT_MAX_OUTAGE", text) },
			"access_key":     func(tr *trial) { tr.set("DMSWAIT_ACCESS_KEY", text) },
			"output_prefix":  func(tr *trial) { tr.set("DMSWAIT_OUTPUT_PREFIX", text) },
			"an argument":    func(tr *trial) { tr.args = append(tr.args, text) },
			"a flag":         func(tr *trial) { tr.args = append(tr.args, "--"+text) },
			"a flag's value": func(tr *trial) { tr.args = append(tr.args, "--task-id="+text) },
			"a user": func(tr *trial) {
				tr.set("DMSWAIT_ACCESS_KEY", "").set("DMSWAIT_SECRET_KEY", "").set("DMSWAIT_USERNAME", text).set("DMSWAIT_DOMAIN_NAME", text).set("DMSWAIT_PASSWORD", userPassword).set("DMSWAIT_IAM_ENDPOINT", server.URL)
			},
		} {
			for _, args := range [][]string{{"--dry-run"}, {"--timeout", "0"}} {
				tr := newTrial(server, args...).inActions(t)
				prepare(tr)
				tr.run(t)
				assertHarmless(t, tr.heard())
				if args[0] != "--dry-run" {
					assert.NotZero(t, tr.code, "%s %q", name, text)
					assert.Regexp(t, `^[A-Z][A-Za-z0-9 .;,:()_'-]+\.\n$`, tr.out.String(), name)
				}
			}
		}
	}
}
