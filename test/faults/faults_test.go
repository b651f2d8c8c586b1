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

// logins are the credentials that requests are sent with.
var logins = map[string]map[string]string{
	"keys": {"DMSWAIT_ACCESS_KEY": trial.AccessKey, "DMSWAIT_SECRET_KEY": trial.SecretKey},
	"temporary keys": {
		"DMSWAIT_ACCESS_KEY": temporaryKey, "DMSWAIT_SECRET_KEY": temporarySecret,
		"DMSWAIT_SECURITY_TOKEN": securityToken,
	},
	"token": {"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_SECRET_KEY": "", "DMSWAIT_AUTH_TOKEN": readyToken},
}

// secretsOf returns what must not be shown anywhere.
func secretsOf(login string) (secrets []string) {
	for _, name := range []string{"DMSWAIT_SECRET_KEY", "DMSWAIT_SECURITY_TOKEN", "DMSWAIT_AUTH_TOKEN"} {
		if secret := logins[login][name]; secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// run is one run of the program that meets a fault at a place, and afterwards its result.
type run struct {
	name  string // of the fault, in full
	row   faultRow
	want  outcome
	login string
	fault *simulator.Response

	requests atomic.Int64 // about the task
	took     time.Duration
	*trial.Trial
}

// args returns the flags that make the place, as testdata/faults.md describes it.
func (r *run) args() []string {
	long := []string{"--max-outage", "1m", "--not-found-grace", "1m"}
	args := map[string][]string{
		"first":    long,
		"middle":   long,
		"last":     {"--max-outage", "50ms", "--not-found-grace", "50ms"},
		"deadline": append(long, "--timeout", "1s", "--interval", "1m", "--max-interval", "1m"),
		"only":     {"--timeout", "0", "--max-outage", "0"},
	}[r.want.place]
	if r.want.kind == "silence" {
		args = append(args, "--request-timeout", "2s")
	}
	return args
}

// respond returns the response to the next request for the task; nil is the ordinary one, that the
// task is EXECUTING.
func (r *run) respond() *simulator.Response {
	n := int(r.requests.Add(1)) - 1
	tries := 1 // of one poll that meet the fault
	if r.row.tries.min == 2 {
		tries = 2
	}
	running, end := (*simulator.Response)(nil), &simulator.Response{Body: filled(endedBody, "")}
	var script []*simulator.Response
	switch faults := slices.Repeat([]*simulator.Response{r.fault}, tries); r.want.place {
	case "first":
		script = append(faults, running, end)
	case "middle":
		script = append([]*simulator.Response{running}, append(faults, end)...)
	case "last", "deadline":
		script = []*simulator.Response{running, r.fault}
	case "only":
		script = faults
	}
	return script[min(n, len(script)-1)]
}

// prepare sets up the run as a step of GitHub Actions whose files are in that folder.
func (r *run) prepare(server *simulator.Server, folder string) error {
	r.requests.Store(0)
	r.Trial = trial.New(server, r.args()...)
	r.OutputPath = filepath.Join(folder, "output")
	r.Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", r.OutputPath)
	r.Set("GITHUB_STEP_SUMMARY", filepath.Join(folder, "summary"))
	for name, value := range logins[r.login] {
		r.Set(name, value)
	}
	return errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(r.OutputPath, []byte("before=1\n"), 0o600))
}

// runLabelled runs the program in this process. All goroutines that it starts inherit the label.
func (r *run) runLabelled(ctx context.Context) {
	labels := pprof.Labels("fault", r.name+", "+r.want.place)
	pprof.Do(ctx, labels, func(ctx context.Context) { r.RunContext(ctx) })
}

// waits reports whether the run mostly waits.
func (r *run) waits() bool { return r.want.place == "deadline" || r.want.seconds.min >= 1 }

func TestFaults(t *testing.T) {
	t.Parallel()
	waiting := allRuns(t, func(r *run) bool { return r.row.maxMemory == 0 && r.waits() })
	others := allRuns(t, func(r *run) bool { return r.row.maxMemory == 0 && !r.waits() })
	var both sync.WaitGroup
	both.Go(func() { runAll(t, waiting, 64, (*run).runLabelled) })
	both.Go(func() { runAll(t, others, 16, (*run).runLabelled) })
	both.Wait()
	assert.Empty(t, leftGoroutines("fault"), "goroutines are left")
	for _, r := range append(waiting, others...) {
		r.check(t)
	}
}

// runAll runs them, so many at a time.
func runAll(t *testing.T, all []*run, workers int, start func(*run, context.Context)) {
	t.Helper()
	folder := t.TempDir()
	var next atomic.Int64
	var working sync.WaitGroup
	for range workers {
		var current atomic.Pointer[run]
		server := trial.Start(t, simulator.Simulator{
			Keys:           map[string]string{trial.AccessKey: trial.SecretKey, temporaryKey: temporarySecret},
			SecurityTokens: map[string]string{temporaryKey: securityToken},
			Tokens:         []string{readyToken},
			Tasks:          trial.Cloud(trial.At(0, "EXECUTING")).Tasks,
			Intercept: func(request simulator.Request) *simulator.Response {
				if request.Kind != "task" {
					return nil
				}
				return current.Load().respond()
			},
		})
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				r := all[i]
				current.Store(r)
				// Where the first response came after the deadline, the machine was too slow to
				// meet the fault: again.
				for giveUp := time.Now().Add(trial.Patience); time.Now().Before(giveUp); {
					if !assert.NoError(t, r.prepare(server, filepath.Join(folder, strconv.Itoa(i)))) {
						return
					}
					began := time.Now()
					start(r, t.Context())
					r.took = time.Since(began)
					if r.want.place != "deadline" || r.requests.Load() > 1 {
						break
					}
				}
			}
		})
	}
	working.Wait()
}

// leftGoroutines returns the goroutines that runs with this label have left. It waits for them to end.
func leftGoroutines(label string) (left []string) {
	for end := time.Now().Add(trial.Patience); ; time.Sleep(20 * time.Millisecond) {
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

func TestLoginLeavesNoGoroutine(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(50, "SUCCESS")))
	onECS := trial.NewLogin(server).Set("DMSWAIT_ECS_METADATA", "true")
	byAgency := trial.NewLogin(server).ByAgency(server)
	for login, tr := range map[string]*trial.Trial{"the metadata service": onECS, "STS and IAM": byAgency} {
		pprof.Do(t.Context(), pprof.Labels("login", login), func(ctx context.Context) { tr.RunContext(ctx) })
		assert.Equal(t, 0, tr.Code, tr.Log.String())
	}
	assert.Empty(t, leftGoroutines("login"))
}

// check compares the result with the row.
func (r *run) check(t *testing.T) {
	t.Helper()
	var wrong []string
	expect := func(what string, right bool, want, got any) {
		if !right {
			wrong = append(wrong, fmt.Sprintf("%s: expected %v, got %v", what, want, got))
		}
	}
	outputs := r.Outputs(t)
	polls, _ := strconv.ParseFloat(outputs["polls"], 64)
	expect("result", outputs["result"] == r.want.result, r.want.result, outputs["result"])
	expect("exit code", r.Code == r.want.code, r.want.code, r.Code)
	expect("exit_code", outputs["exit_code"] == strconv.Itoa(r.want.code), r.want.code, outputs["exit_code"])
	status, requests := r.lastStatus(), r.requestsFor(polls)
	expect("status", outputs["status"] == status, strconv.Quote(status), strconv.Quote(outputs["status"]))
	expect("polls", r.want.polls.holds(polls), r.want.polls, polls)
	expect("requests", requests.holds(float64(r.requests.Load())), requests, r.requests.Load())
	expect("seconds", r.want.seconds.holds(r.took.Seconds()), r.want.seconds, r.took.Seconds())
	for _, output := range trial.OutputNames() {
		_, isThere := outputs[output]
		expect("outputs", isThere, output, "none")
	}
	isComplete := len(outputs) == len(trial.OutputNames())+1 && outputs["before"] == "1"
	expect("outputs", isComplete, "those written before, and ours", outputs)
	summary, _ := os.ReadFile(filepath.Join(filepath.Dir(r.OutputPath), "summary"))
	expect("summary", len(summary) > 0, "one", "none")
	for _, secret := range secretsOf(r.login) {
		log := strings.Replace(r.Log.String(), "::add-mask::"+secret+"\n", "", 1)
		for place, text := range map[string]string{
			"log": log, "stdout": r.Out.String(), "outputs": fmt.Sprint(outputs), "summary": string(summary),
		} {
			expect("the "+place, !strings.Contains(text, secret), "no secret", secret)
		}
	}
	if len(wrong) > 0 {
		t.Errorf("testdata/faults.md: %s | %s\nplace %s, login with %s:\n  %s\nstdout: %.2000s\nlog:\n%.4000s",
			r.name, r.want.kind, r.want.place, r.login, strings.Join(wrong, "\n  "), r.Out.String(), r.Log.String())
	}
}

func (r *run) lastStatus() string {
	if r.want.status == itsOwn {
		// Temporary keys are two secrets.
		return strings.ReplaceAll(r.row.status, "***", strings.Join(slices.Repeat([]string{"***"}, len(secretsOf(r.login))), " "))
	}
	return r.want.status
}

// requestsFor returns how many requests so many polls take: one each, except for polls that meet
// the fault.
func (r *run) requestsFor(polls float64) span {
	met := 1.0
	if r.want.place == "last" || r.want.place == "deadline" {
		met = polls - 1
	}
	return span{polls + (r.row.tries.min-1)*met, polls + (r.row.tries.max-1)*met}
}
