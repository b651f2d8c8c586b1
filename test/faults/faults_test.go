package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const (
	temporaryKey    = "FAKETEMPORARYKEY0001"
	temporarySecret = "fakeTemporarySecretForTestsOnly987654321"
	securityToken   = "fakeSecurityToken+/0123456789=="
	readyToken      = "MIIFakeTokenOfTheProject+/0123456789=="
)

// logins are the ways to ask, each with what must be shown nowhere.
var logins = map[string]map[string]string{
	"keys":           {"DMSWAIT_ACCESS_KEY": trial.AccessKey, "DMSWAIT_SECRET_KEY": trial.SecretKey},
	"temporary keys": {"DMSWAIT_ACCESS_KEY": temporaryKey, "DMSWAIT_SECRET_KEY": temporarySecret, "DMSWAIT_SECURITY_TOKEN": securityToken},
	"token":          {"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "", "DMSWAIT_AUTH_TOKEN": readyToken},
}

func secretsOf(login string) (secrets []string) {
	for _, name := range []string{"DMSWAIT_SECRET_KEY", "DMSWAIT_SECURITY_TOKEN", "DMSWAIT_AUTH_TOKEN"} {
		if secret := logins[login][name]; secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// encounter is one run of the program that meets a fault at a place, and what came of it.
type encounter struct {
	name  string // of the fault, in full
	row   faultRow
	want  outcome
	login string
	fault *simulator.Response

	requests atomic.Int64 // about the task
	took     time.Duration
	*trial.Trial
}

// placeArgs make the place, as testdata/faults.md describes it.
func (e *encounter) placeArgs() []string {
	args := map[string][]string{
		"first":    {"--max-outage", "1m", "--not-found-grace", "1m"},
		"middle":   {"--max-outage", "1m", "--not-found-grace", "1m"},
		"last":     {"--max-outage", "50ms", "--not-found-grace", "50ms"},
		"deadline": {"--max-outage", "1m", "--not-found-grace", "1m", "--timeout", "1s", "--interval", "1m", "--max-interval", "1m"},
		"only":     {"--timeout", "0"},
	}[e.want.place]
	if e.want.kind == "silence" {
		args = append(args, "--request-timeout", "2s")
	}
	return args
}

// answer is what the next request about the task is answered with; nil is the ordinary answer, that the task is EXECUTING.
func (e *encounter) answer() *simulator.Response {
	n := int(e.requests.Add(1)) - 1
	tries := 1 // that meet the fault in one poll
	if e.row.tries.least == 2 {
		tries = 2
	}
	good, end := (*simulator.Response)(nil), &simulator.Response{Body: filled(endedBody, "")}
	var script []*simulator.Response
	switch faults := slices.Repeat([]*simulator.Response{e.fault}, tries); e.want.place {
	case "first":
		script = append(faults, good, end)
	case "middle":
		script = append(append(script, good), append(faults, end)...)
	case "last", "deadline":
		script = []*simulator.Response{good, e.fault}
	case "only":
		script = faults
	}
	return script[min(n, len(script)-1)]
}

// prepare makes the run, as a step of GitHub Actions whose files are in that folder.
func (e *encounter) prepare(server *simulator.Server, folder string) error {
	e.requests.Store(0)
	e.Trial = trial.New(server, e.placeArgs()...)
	e.OutputPath = filepath.Join(folder, "output")
	e.Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", e.OutputPath).Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary"))
	for name, value := range logins[e.login] {
		e.Set(name, value)
	}
	return errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(e.OutputPath, []byte("before=1\n"), 0o600))
}

// runLabelled runs it in this process. All goroutines that it starts inherit the label.
func (e *encounter) runLabelled(ctx context.Context) {
	pprof.Do(ctx, pprof.Labels("fault", e.name+", "+e.want.place), func(ctx context.Context) { e.RunContext(ctx) })
}

func TestFaults(t *testing.T) {
	t.Parallel()
	encounters := allEncounters(t, func(e *encounter) bool { return e.row.mostMemory == 0 })
	meet(t, encounters, 32, (*encounter).runLabelled)
	assert.Empty(t, leftGoroutines("fault"), "goroutines are left")
	for _, e := range encounters {
		e.judge(t)
	}
}

// meet runs them, so many at a time.
func meet(t *testing.T, all []*encounter, workers int, run func(*encounter, context.Context)) {
	t.Helper()
	folder := t.TempDir()
	var next atomic.Int64
	var working sync.WaitGroup
	for range workers {
		var current atomic.Pointer[encounter]
		server := trial.Start(t, simulator.Simulator{
			Keys:           map[string]string{trial.AccessKey: trial.SecretKey, temporaryKey: temporarySecret},
			SecurityTokens: map[string]string{temporaryKey: securityToken},
			Tokens:         []string{readyToken},
			Tasks:          trial.Cloud(trial.At(0, "EXECUTING")).Tasks,
			Intercept: func(r simulator.Request) *simulator.Response {
				if r.Kind != "task" {
					return nil
				}
				return current.Load().answer()
			},
		})
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				e := all[i]
				current.Store(e)
				for range 5 {
					if !assert.NoError(t, e.prepare(server, filepath.Join(folder, strconv.Itoa(i)))) {
						return
					}
					began := time.Now()
					run(e, t.Context())
					e.took = time.Since(began)
					if e.want.place != "deadline" || e.requests.Load() > 1 {
						break
					} // else the machine is so slow that the first answer came after the deadline: the fault was not met
				}
			}
		})
	}
	working.Wait()
}

// leftGoroutines are those that runs with this label have left, each with the label's value; they get some time to end.
func leftGoroutines(label string) (left []string) {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var profile strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
		left = nil
		for stack := range strings.SplitSeq(profile.String(), "\n\n") {
			if strings.Contains(stack, `# labels: {"`+label+`":`) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

func TestNoLoginLeavesAGoroutine(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(50, "SUCCESS")))
	onECS := trial.NewLogin(server).Set("DMSWAIT_ECS_METADATA", "true")
	pprof.Do(t.Context(), pprof.Labels("login", "the metadata service"), func(ctx context.Context) { onECS.RunContext(ctx) })
	assert.Equal(t, 0, onECS.Code, onECS.Log.String())
	byAgency := trial.NewLogin(server).ByAgency(server)
	pprof.Do(t.Context(), pprof.Labels("login", "STS and IAM"), func(ctx context.Context) { byAgency.RunContext(ctx) })
	assert.Equal(t, 0, byAgency.Code, byAgency.Log.String())
	assert.Empty(t, leftGoroutines("login"))
}

// judge holds what came of it to its row.
func (e *encounter) judge(t *testing.T) {
	t.Helper()
	var wrong []string
	expect := func(what string, right bool, want, got any) {
		if !right {
			wrong = append(wrong, fmt.Sprintf("%s: expected %v, got %v", what, want, got))
		}
	}
	outputs := e.Outputs(t)
	polls, _ := strconv.ParseFloat(outputs["polls"], 64)
	expect("result", outputs["result"] == e.want.result, e.want.result, outputs["result"])
	expect("exit code", e.Code == e.want.code, e.want.code, e.Code)
	expect("exit_code", outputs["exit_code"] == strconv.Itoa(e.want.code), e.want.code, outputs["exit_code"])
	expect("status", outputs["status"] == e.lastStatus(), strconv.Quote(e.lastStatus()), strconv.Quote(outputs["status"]))
	expect("polls", e.want.polls.holds(polls), e.want.polls, polls)
	expect("requests", e.triesFor(polls).holds(float64(e.requests.Load())), e.triesFor(polls), e.requests.Load())
	expect("seconds", e.want.seconds.holds(e.took.Seconds()), e.want.seconds, e.took.Seconds())
	for _, output := range trial.OutputNames() {
		_, there := outputs[output]
		expect("outputs", there, output, "none")
	}
	expect("outputs", len(outputs) == len(trial.OutputNames())+1 && outputs["before"] == "1", "what was there before, and ours", outputs)
	summary, _ := os.ReadFile(filepath.Join(filepath.Dir(e.OutputPath), "summary"))
	expect("summary", len(summary) > 0, "one", "none")
	for _, secret := range secretsOf(e.login) {
		log := strings.Replace(e.Log.String(), "::add-mask::"+secret+"\n", "", 1)
		for place, text := range map[string]string{"log": log, "stdout": e.Out.String(), "outputs": fmt.Sprint(outputs), "summary": string(summary)} {
			expect("the "+place, !strings.Contains(text, secret), "no secret", secret)
		}
	}
	if len(wrong) > 0 {
		t.Errorf("testdata/faults.md: %s | %s\nat place %s, asked with %s:\n  %s\nstdout: %.2000s\nlog:\n%.4000s",
			e.name, e.want.kind, e.want.place, e.login, strings.Join(wrong, "\n  "), e.Out.String(), e.Log.String())
	}
}

func (e *encounter) lastStatus() string {
	if e.want.status == itsOwn {
		return e.row.status
	}
	return e.want.status
}

// triesFor are the requests that so many polls take: one each, but for those that meet the fault.
func (e *encounter) triesFor(polls float64) span {
	met := 1.0
	if e.want.place == "last" || e.want.place == "deadline" {
		met = polls - 1
	}
	return span{polls + (e.row.tries.least-1)*met, polls + (e.row.tries.most-1)*met}
}
