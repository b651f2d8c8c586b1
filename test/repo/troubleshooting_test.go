//go:build unix

package repo_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// printedBy are runs that print the texts which docs/troubleshooting.md has as headings, by the
// heading.
var printedBy = map[string]func(*testing.T) *trial.Trial{
	"credentials are required; give one of: …":            with(nil, "ACCESS_KEY", "", "SECRET_KEY", ""),
	"region is required, e.g. cn-north-4, unless …":       with(nil, "ENDPOINT", ""),
	"task_id is required":                                 with(nil, "TASK_ID", ""),
	"since is required with task_name":                    with(nil, "TASK_ID", "", "TASK_NAME", "restart"),
	"… is not an id: …":                                   with(nil, "PROJECT_ID", `{"job_id":"1"}`),
	"… cannot be combined with …: use one login method":   with(nil, "AUTH_TOKEN", "token"),
	"… is required with …":                                with(nil, "SECRET_KEY", ""),
	"… has no flag, because command lines are public":     withArgs("--secret-key", "x"),
	"… cannot be read from its file: …":                   with(nil, "SECRET_KEY", "", "SECRET_KEY_FILE", "/nonexistent"),
	"… is not https: …":                                   with(nil, "ENDPOINT", "http://dms.example.com"),
	"unknown flag …":                                      withArgs("--timout=5"),
	"Login failed: permission denied by STS":              byAgency(simulator.Fault(403, "APIGW.0302", "refused")),
	"Login failed: STS rejected the request":              byAgency(simulator.Fault(404, "STS5.1002", "no agency")),
	"The API refused the credentials (401 APIGW.0301).":   with(nil, "SECRET_KEY", "wrong"),
	"The API refused the credentials (401 APIGW.0307).":   always(401, "APIGW.0307"),
	"The API refused the credentials (401 DMS.10240104).": always(401, "DMS.10240104"),
	"Permission denied by the API":                        always(403, "DMS.00403002"),
	"The endpoint has no such API (404 APIGW.0101).":      always(404, "APIGW.0101"),
	"The API rejected the request (400 DMS.00400070).":    with(nil, "TASK_ID", "malformed"),
	"Task … was not found":                                with(nil, "TASK_ID", otherTask, "NOT_FOUND_GRACE", "0"),
	"Task … ended with FAILED":                            with(steps("FAILED")),
	"Timed out after …: task … is still EXECUTING.":       with(steps("EXECUTING"), "TIMEOUT", "50ms"),
	"DMS does not document the status …":                  with(steps("PAUSED"), "TIMEOUT", "0"),
	"The API returned no valid response":                  always(503, "DMS.00500000"),
	"GITHUB_OUTPUT is not set although GITHUB_ACTIONS is true": func(t *testing.T) *trial.Trial {
		return trial.New(nil).Set("GITHUB_ACTIONS", "true").Run(t)
	},
	"… contains a blank, a line break or a character that no key, token or URN has: …": with(nil, "SECRET_KEY", "a b"),
	"… is enclosed in quotes: remove them":                                             with(nil, "SECRET_KEY", `"key"`),
	"credentials_file cannot be used: …":                                               with(nil, "ACCESS_KEY", "", "SECRET_KEY", "", "CREDENTIALS_FILE", "/nonexistent"),
	"… is not an input: did you mean …?":                                               with(nil, "TIMEOUTS", "5s"),
	"SSL_CERT_FILE cannot be used: …":                                                  variables(nil, "SSL_CERT_FILE", "/nonexistent"),
	"… or set endpoint and iam_endpoint":                                               variables(terraform, "HW_CLOUD", "other"),
	"HC_CONTAINER_CREDENTIALS_FULL_URI is required with pod_identity": with(nil, "ACCESS_KEY", "", "SECRET_KEY", "",
		"POD_IDENTITY", "true"),
	"task_id is an instance's id, and instance_id a task's: exchange them": with(nil,
		"INSTANCE_ID", trial.TaskID, "TASK_ID", simulator.DefaultInstanceID),
	"project_id … is the name of a project, not its id: …": with(nil, "REGION", "cn-north-4", "PROJECT_ID", "cn-north-4"),
	"… cannot be used in Open Telekom Cloud, which has no STS v5: …": with(nil, "REGION", "eu-de", "ACCESS_KEY", "",
		"SECRET_KEY", "", "PROVIDER_URN", "p", "AGENCY_URN", "a", "ID_TOKEN", "ey.J"),
	"Login failed: this is not an ECS, or a container without access to the metadata service": func(t *testing.T) *trial.Trial {
		tr := login(t, trial.Account()).Set("DMSWAIT_ECS_METADATA", "true").Set("DMSWAIT_NOT_FOUND_GRACE", "0")
		tr.MetadataAddress = "http://127.0.0.1:9"
		return tr.Run(t)
	},
	"… contains quotation marks: …":                                   with(nil, "OUTPUT_FILE", `"out.json"`),
	"… contains a variable or a command that nothing has expanded: …": with(nil, "RESULTS_DIR", "$HOME/results"),
	"GITHUB_OUTPUT cannot be written: it begins with UTF-16": func(t *testing.T) *trial.Trial {
		tr := trial.New(nil).InActions(t)
		require.NoError(t, os.WriteFile(tr.OutputPath, []byte("\xff\xfea\x00"), 0o600))
		return tr.Run(t)
	},
	"… is the same file as …: use another path": func(t *testing.T) *trial.Trial {
		tr := trial.New(nil).InActions(t)
		return tr.Set("DMSWAIT_OUTPUT_FILE", tr.OutputPath).Run(t)
	},
	"… cannot be written: …": func(t *testing.T) *trial.Trial {
		belowFile := filepath.Join(trial.WriteFile(t, ""), "result.json")
		return trial.New(nil).Set("DMSWAIT_OUTPUT_FILE", belowFile).Run(t)
	},
	"id_token cannot be requested by this job": func(t *testing.T) *trial.Trial {
		tr := login(t, trial.Account()).InActions(t)
		return tr.Set("DMSWAIT_PROVIDER_URN", trial.ProviderURN).Set("DMSWAIT_AGENCY_URN", trial.AgencyURN).Run(t)
	},
	"Login failed: IAM refused the credentials": func(t *testing.T) *trial.Trial {
		return login(t, trial.Account()).ByPassword().Set("DMSWAIT_PASSWORD", "wrong").Run(t)
	},
	"Login failed: the project was not found.": func(t *testing.T) *trial.Trial {
		return withKeys(login(t, trial.Account())).Set("DMSWAIT_PROJECT_NAME", "none").Run(t)
	},
	"Login failed: several projects have this name.": func(t *testing.T) *trial.Trial {
		sim := trial.Account()
		sim.Projects = append(sim.Projects, simulator.Project{ID: strings.Repeat("0", 32), Name: "cn-north-4"})
		return withKeys(login(t, sim)).Run(t)
	},
	"Login failed: this ECS has no agency.": func(t *testing.T) *trial.Trial {
		sim := trial.Account()
		sim.Metadata = simulator.Metadata{}
		return login(t, sim).Set("DMSWAIT_ECS_METADATA", "true").Run(t)
	},
	"The task was not found": byName("none"),
	"task … had ended … before the wait began: is since right?":    endedAnHourAgo("--since", "2h"),
	"…, … before the wait began.":                                  endedAnHourAgo(),
	"… tasks named … were created since …: waiting for the newest": byName(trial.TaskName),
	"the server's certificate is not trusted: …": func(t *testing.T) *trial.Trial {
		sim := trial.Cloud()
		server, err := sim.StartTLS("127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Close()) })
		return trial.New(server).Set("DMSWAIT_NOT_FOUND_GRACE", "0").Run(t)
	},
	"Could not reach the API": func(t *testing.T) *trial.Trial {
		return trial.New(nil, "--max-outage", "0").Run(t)
	},
	"… does not speak TLS: …": func(t *testing.T) *trial.Trial {
		server := trial.Start(t, trial.Cloud())
		tr := trial.New(server, "--not-found-grace", "0")
		return tr.Set("DMSWAIT_ENDPOINT", strings.Replace(server.URL, "http:", "https:", 1)).Run(t)
	},
	"… does not respond to the TLS handshake: …": func(t *testing.T) *trial.Trial {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { listener.Close() })
		tr := trial.New(nil, "--max-outage", "0", "--request-timeout", "3s")
		return tr.Set("DMSWAIT_ENDPOINT", "https://"+listener.Addr().String()).Run(t)
	},
	"Something in between seems to have responded instead of the API": func(t *testing.T) *trial.Trial {
		return responding(t, trial.Always(&simulator.Response{Status: 404, Body: "<html>"}))
	},
	"… did not send a whole response: …": func(t *testing.T) *trial.Trial {
		return responding(t, trial.Always(&simulator.Response{Body: `{"tasks":[]}`, Cut: 5}))
	},
	"the request was sent to the host …, but arrived for the host …": func(t *testing.T) *trial.Trial {
		return responding(t, trial.Always(simulator.Fault(401, "APIGW.0301",
			"verify aksk signature fail, canonicalRequest:GET|/v2/||host:other.test|x-sdk-date:20260102T030405Z||host|e3b0")))
	},
	"… is not the URL of a proxy: …": func(t *testing.T) *trial.Trial {
		return trial.New(nil).Set("HTTPS_PROXY", "http://").Run(t)
	},
	"… did not return the API's JSON: …": func(t *testing.T) *trial.Trial {
		return responding(t, trial.Always(&simulator.Response{Body: "<html>"}))
	},
	"throttled; polling less often: …": func(t *testing.T) *trial.Trial {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		sim.Intercept = simulator.Script(simulator.Fault(429, "APIGW.0308", "throttled"))
		return trial.New(trial.Start(t, sim)).Run(t)
	},
	"the local clock is off by …": func(t *testing.T) *trial.Trial {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		sim.Clock = func() time.Time { return time.Now().Add(time.Hour) }
		return trial.New(trial.Start(t, sim)).Run(t)
	},
	"could not write the result to …": func(t *testing.T) *trial.Trial {
		tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS"))))
		tr.Stdout = broken{}
		return tr.Run(t)
	},
	"Interrupted by …": func(t *testing.T) *trial.Trial {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(result.Interrupt{Signal: syscall.SIGTERM})
		return trial.New(nil).RunContext(ctx)
	},
}

// endedAnHourAgo returns a run for a task that had ended an hour before. With arguments, it is found by its name.
func endedAnHourAgo(args ...string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		sim.Tasks[0].UpdatedAt = time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
		sim.Tasks[0].CreatedAt = sim.Tasks[0].UpdatedAt
		tr := trial.New(trial.Start(t, sim), args...)
		if len(args) > 0 {
			tr.Set("DMSWAIT_TASK_ID", "").Set("DMSWAIT_TASK_NAME", trial.TaskName)
		}
		return tr.Run(t)
	}
}

// inSources are headings that no run prints here: what leads to them takes too long, or cannot be
// had in a test's process. The sources contain them.
var inSources = []string{
	"… when last seen; its state is now unknown",
	"the host name … does not exist: check region and endpoint",
	"… responded before: check the network, or run again later",
	"Could not get through the proxy",
	"the proxy requires a login: …",
	"The proxy refused the login",
	"… accepts logins by … only, which dmswait does not support: …",
	"could not renew the credentials: …; using the old ones until they expire",
	"Internal error: this is a bug in dmswait.",
}

func TestEveryHeadingOfTroubleshootingIsPrinted(t *testing.T) {
	t.Parallel()
	var headings []string
	heading := regexp.MustCompile("(?m)^### `(.*)`$")
	for _, match := range heading.FindAllStringSubmatch(read(t, "docs/troubleshooting.md"), -1) {
		headings = append(headings, match[1])
	}
	tested := append(slices.Collect(maps.Keys(printedBy)), inSources...)
	assert.ElementsMatch(t, tested, headings)
	for heading, run := range printedBy {
		t.Run(heading, func(t *testing.T) {
			t.Parallel()
			tr := run(t)
			assert.Regexp(t, pattern(heading), tr.Log.String()+tr.Out.String())
		})
	}
	sources := messages(t)
	for _, heading := range inSources {
		assert.Regexp(t, pattern(heading), sources)
	}
}

// pattern returns what matches a heading, in which … stands for anything within a line.
func pattern(heading string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(heading), "…", `.+`)
}

// messages returns the sources of what prints messages. They have verbs of fmt where a heading has ….
func messages(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range []string{"internal/cli", "internal/console", "internal/result"} {
		for _, name := range trial.List(t, inRepository(t, folder)) {
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				b.WriteString(read(t, filepath.Join(folder, name)))
			}
		}
	}
	return b.String()
}

// with returns a run with inputs changed. Without steps there is a cloud whose task succeeds.
func with(sim *simulator.Simulator, inputs ...string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		if sim == nil {
			sim = steps("SUCCESS")
		}
		tr := trial.New(trial.Start(t, *sim)).Set("HOME", "/nonexistent")
		for i := 0; i < len(inputs); i += 2 {
			tr.Set("DMSWAIT_"+inputs[i], inputs[i+1])
		}
		return tr.Run(t)
	}
}

// terraform are keys of another tool.
var terraform = []string{"HW_ACCESS_KEY", "AK", "HW_SECRET_KEY", "SK", "HW_REGION_NAME", "cn-north-4"}

// variables returns a run for a cloud with TLS, with variables of the environment: those, and one more.
func variables(start []string, name, value string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		tr := trial.New(nil).Set("HOME", "/nonexistent").Set("DMSWAIT_REGION", "cn-north-4").Set("DMSWAIT_ENDPOINT", "")
		if start != nil {
			tr.Set("DMSWAIT_ACCESS_KEY", "").Set("DMSWAIT_SECRET_KEY", "")
		}
		for i := 0; i < len(start); i += 2 {
			tr.Set(start[i], start[i+1])
		}
		return tr.Set(name, value).Run(t)
	}
}

func withArgs(args ...string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial { return trial.New(nil, args...).Run(t) }
}

func steps(status string) *simulator.Simulator {
	sim := trial.Cloud(trial.At(0, status))
	return &sim
}

// always returns a run in which DMS responds to everything with an error.
func always(status int, code string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		return responding(t, trial.Always(simulator.Fault(status, code, "the service's words")))
	}
}

func responding(t *testing.T, intercept func(simulator.Request) *simulator.Response) *trial.Trial {
	sim := trial.Cloud()
	sim.Intercept = intercept
	tr := trial.New(trial.Start(t, sim))
	return tr.Set("DMSWAIT_NOT_FOUND_GRACE", "0").Set("DMSWAIT_MAX_OUTAGE", "0").Run(t)
}

func login(t *testing.T, sim simulator.Simulator) *trial.Trial {
	t.Helper()
	return trial.NewLogin(trial.Start(t, sim))
}

func withKeys(tr *trial.Trial) *trial.Trial {
	return tr.Set("DMSWAIT_ACCESS_KEY", trial.AccessKey).Set("DMSWAIT_SECRET_KEY", trial.SecretKey)
}

// byAgency returns a run in which STS responds with an error.
func byAgency(response *simulator.Response) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		sim := trial.Account()
		sim.Intercept = trial.Only("assume", response)
		server := trial.Start(t, sim)
		return trial.NewLogin(server).InActions(t).ByAgency(server).Run(t)
	}
}

// byName returns a run that looks for a task by its name, among two of the same name.
func byName(name string) func(*testing.T) *trial.Trial {
	return func(t *testing.T) *trial.Trial {
		sim := trial.Cloud(trial.At(0, "SUCCESS"))
		other := sim.Tasks[0]
		other.ID = otherTask
		sim.Tasks = append(sim.Tasks, other)
		tr := trial.New(trial.Start(t, sim)).Set("DMSWAIT_TASK_ID", "").Set("DMSWAIT_TASK_NAME", name)
		return tr.Set("DMSWAIT_SINCE", "1h").Set("DMSWAIT_NOT_FOUND_GRACE", "0").Run(t)
	}
}

// broken is a stdout that cannot be written.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
