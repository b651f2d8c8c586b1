package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// oddPassword has every character that some notation escapes.
const oddPassword = `Kx7q&Zv9w<0815>"41% jQ3m"/+x`

// quoters are how a service may quote a secret, or the request that contains it.
var quoters = map[string]func(secret string, r simulator.Request) string{
	"as it is":    func(secret string, _ simulator.Request) string { return secret },
	"the request": func(_ string, r simulator.Request) string { return string(r.Body) },
	"the request quoted": func(_ string, r simulator.Request) string {
		return string(must(json.Marshal(string(r.Body))))
	},
	"the request in HTML": func(_ string, r simulator.Request) string {
		return html.EscapeString(string(r.Body))
	},
	"in a query": func(secret string, _ simulator.Request) string {
		return "/?x=" + url.QueryEscape(secret) + "&y=1"
	},
	"in a path": func(secret string, _ simulator.Request) string {
		return "/" + percentCode.ReplaceAllStringFunc(url.PathEscape(secret), strings.ToLower)
	},
	"in base64": func(secret string, _ simulator.Request) string {
		return base64.StdEncoding.EncodeToString([]byte(secret))
	},
	"in JSON that nobody decodes": func(secret string, _ simulator.Request) string {
		return string(must(json.Marshal(map[string]string{"x": secret})))
	},
}

// byOddPassword makes a run log in with oddPassword.
func byOddPassword(tr *trial.Trial) *trial.Trial {
	return tr.Set("DMSWAIT_USERNAME", "waiter").Set("DMSWAIT_PASSWORD", oddPassword).
		Set("DMSWAIT_DOMAIN_NAME", "acme")
}

var percentCode = regexp.MustCompile("%[0-9A-F]{2}")

// partsOf returns what must not be left of a secret: its pieces, and the beginning of its base64.
func partsOf(secret string) (parts []string) {
	isMark := func(r rune) bool { return strings.ContainsRune(`.&<>"% /+=-_`, r) }
	for _, part := range strings.FieldsFunc(secret, isMark) {
		if len(part) >= 4 {
			parts = append(parts, part)
		}
	}
	return append(parts, base64.StdEncoding.EncodeToString([]byte(secret))[:12])
}

// assertNothingIsLeft asserts that a secret is nowhere but in masks, and that something was redacted.
func assertNothingIsLeft(t *testing.T, tr *trial.Trial, secret string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(tr.Log.String()) {
		if !strings.HasPrefix(line, "::add-mask::") {
			lines = append(lines, line)
		}
	}
	shown := strings.Join(lines, "") + tr.Out.String() + fmt.Sprint(tr.Outputs(t))
	for _, part := range partsOf(secret) {
		assert.NotContains(t, shown, part)
	}
	assert.Contains(t, shown, "***")
}

// Each login method sends a secret. The service may quote it in an error's message, code and request id.
func TestSecretsThatALoginSendsAreRedactedWhereQuoted(t *testing.T) {
	t.Parallel()
	byProvider := func(tr *trial.Trial, s *simulator.Server) {
		tr.ByAgency(s).Set("DMSWAIT_PROVIDER_URN", "").Set("DMSWAIT_AGENCY_URN", "")
		tr.Set("DMSWAIT_IDP_ID", "gitlab-idp")
	}
	for kind, prepare := range map[string]func(*trial.Trial, *simulator.Server){
		"assume":    func(tr *trial.Trial, s *simulator.Server) { tr.ByAgency(s) },
		"idp-token": byProvider, "idp-keys": byProvider,
		"metadata-keys": func(tr *trial.Trial, s *simulator.Server) { tr.Set("DMSWAIT_ECS_METADATA", "true") },
		"iam-token":     func(tr *trial.Trial, _ *simulator.Server) { byOddPassword(tr) },
	} {
		for name, quote := range quoters {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				sim := trial.Account(trial.At(0, "SUCCESS"))
				secret, server := oddPassword, (*simulator.Server)(nil)
				sim.Intercept = func(r simulator.Request) *simulator.Response {
					if r.Kind != kind {
						return nil
					}
					if kind != "iam-token" { // the request contains the newest secret
						issued := server.Issued()
						secret = issued[len(issued)-1]
					}
					text := quote(secret, r)
					if len(r.Body) == 0 && strings.HasPrefix(name, "the request") {
						text = secret // it was in a header
					}
					answer := simulator.Fault(400, text, "malformed: "+text)
					answer.Header = http.Header{"X-Request-Id": {strings.ReplaceAll(text, "\n", " ")}}
					return answer
				}
				server = trial.Start(t, sim)
				for _, format := range []string{"text", "json"} {
					tr := trial.NewLogin(server, "--debug", "--log-format", format, "--format", "json").InActions(t)
					prepare(tr, server)
					tr.Run(t)
					assert.Contains(t, []int{2, 75}, tr.Code, tr.Log.String())
					assertNothingIsLeft(t, tr, secret)
				}
			})
		}
	}
}

// What a login returned is sent with every request, so that DMS may quote it.
func TestSecretsThatALoginReturnsAreRedactedWhereQuoted(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*trial.Trial, *simulator.Server){
		"agency": func(tr *trial.Trial, s *simulator.Server) { tr.ByAgency(s) },
		"identity provider": func(tr *trial.Trial, s *simulator.Server) {
			tr.ByAgency(s).Set("DMSWAIT_PROVIDER_URN", "").Set("DMSWAIT_AGENCY_URN", "")
			tr.Set("DMSWAIT_IDP_ID", trial.IdentityProvider)
		},
		"ECS agency": func(tr *trial.Trial, _ *simulator.Server) { tr.Set("DMSWAIT_ECS_METADATA", "true") },
		"password":   func(tr *trial.Trial, _ *simulator.Server) { tr.ByPassword() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, server := trial.Account(trial.At(0, "SUCCESS")), (*simulator.Server)(nil)
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				text := strings.Join(server.Issued(), " ")
				switch {
				case r.Kind == "task" && r.Nth == 1:
					return simulator.Fault(503, "DMS.1", "you said "+text)
				case r.Kind == "task":
					task := map[string]string{"id": trial.TaskID, "name": text, "params": text, "status": "SUCCESS"}
					return &simulator.Response{Body: string(must(json.Marshal(map[string]any{"tasks": []any{task}})))}
				}
				return nil
			}
			server = trial.Start(t, sim)
			tr := trial.NewLogin(server, "--debug", "--format", "json").InActions(t)
			prepare(tr, server)
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			require.NotEmpty(t, server.Issued())
			for _, secret := range server.Issued() {
				assertNothingIsLeft(t, tr, secret)
			}
		})
	}
}

func TestSecretsAreRedactedInEveryNotationAndDestination(t *testing.T) {
	t.Parallel()
	for name, quote := range quoters {
		if strings.HasPrefix(name, "the request") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := quote(oddPassword, simulator.Request{})
			sim := trial.Account(trial.At(0, text), trial.At(20, "SUCCESS"))
			sim.Users[0].Password = oddPassword
			task := &sim.Tasks[0]
			task.Name, task.UserName, task.UserID = "name "+text, "user "+text, text
			inner := must(json.Marshal(map[string]string{"c": text}))
			task.Params = string(must(json.Marshal(map[string]any{"a": text, "b " + text: []string{string(inner)}})))
			task.Progress = []simulator.ProgressStep{{Percent: 40}}
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				if r.Kind == "task" && r.Nth == 1 {
					return simulator.Fault(503, text, "you said "+text)
				}
				return nil
			}
			folder := t.TempDir()
			tr := trial.NewLogin(trial.Start(t, sim), "--debug", "--format", "json", "--output-file", filepath.Join(folder, "vars"),
				"--results-dir", filepath.Join(folder, "results")).InActions(t)
			byOddPassword(tr).Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary")).Run(t)
			require.NotEmpty(t, tr.Outputs(t)["params"], tr.Log.String())
			assertNothingIsLeft(t, tr, oddPassword)
			require.NoError(t, filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
				if err != nil || info.IsDir() {
					return err
				}
				content, err := os.ReadFile(path)
				for _, part := range partsOf(oddPassword) {
					assert.NotContains(t, string(content), part, path)
				}
				return err
			}))
			params := must(json.Marshal(tr.JSON(t)["params"]))
			assert.JSONEq(t, tr.Outputs(t)["params"], string(params), "params stays JSON")
		})
	}
}

func TestSecretsAreRedactedWhereTheServiceRepeatsThem(t *testing.T) {
	t.Parallel()
	sim := trial.Cloud(trial.At(0, "SUCCESS"))
	sim.Tasks[0].Params = `{"note":"` + trial.SecretKey + `"}`
	sim.Intercept = simulator.Script(simulator.Fault(500, "DMS.00500000", "you said "+trial.SecretKey))
	tr := trial.New(trial.Start(t, sim), "--format", "json").InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code)
	assertSecretOnlyMasked(t, tr)
	assert.Equal(t, `{"note":"***"}`, tr.Outputs(t)["params"])
}

func TestDryRunDoesNotShowASecretThatIsGivenInTheWrongPlace(t *testing.T) {
	t.Parallel()
	tr := trial.New(nil, "--dry-run", "--task-name", trial.SecretKey, "--since", "5m").Set("DMSWAIT_TASK_ID", "").Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Contains(t, tr.Out.String(), `the newest named "***" created since`)
	assert.NotContains(t, tr.Out.String()+tr.Log.String(), trial.SecretKey)
}

// assertSecretOnlyMasked asserts that a secret is nowhere but in its mask, which is the first line of the log.
func assertSecretOnlyMasked(t *testing.T, tr *trial.Trial) {
	t.Helper()
	secret := tr.Env["DMSWAIT_SECRET_KEY"]
	mask := "::add-mask::" + secret + "\n"
	require.True(t, strings.HasPrefix(tr.Log.String(), mask), tr.Log.String())
	rest := strings.TrimPrefix(tr.Log.String(), mask)
	assert.NotContains(t, rest+tr.Out.String()+fmt.Sprint(tr.Outputs(t)), secret)
}
