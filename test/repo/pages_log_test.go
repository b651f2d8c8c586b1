//go:build unix

package repo_test

import (
	"bytes"
	"encoding/json"
	"regexp"
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
		return tr.Set("DMSWAIT_INTERVAL", "1s").Set("DMSWAIT_FORMAT", "none").Run(t)
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
		{`(?m)^dmswait: \[\d+(\.\d+)?m?s\] `, "dmswait: [210ms] "},
		{`within 100ms`, "within 30s"},
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
