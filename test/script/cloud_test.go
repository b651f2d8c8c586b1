package script

import (
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// cloudKey is where a script's server is kept among its values.
type cloudKey struct{}

// What the cloud of a script accepts besides what trial.Account does.
const (
	iamToken      = "theIAMTokenOfTheProject"
	temporaryKey  = "FAKEAK0TEMPORARY0KEY"
	securityToken = "theSecurityToken+/=="
)

// step is the time between two responses of a script, by the cloud's clock. Nothing else moves that clock, so
// that the age and duration of tasks are the same in each run.
const step = 10 * time.Second

// startCloud starts a cloud for one script: cloud [-KIND=CODE…] [INSTANCE/TASK=STATUS,…] [RESPONSE…] The nth
// RESPONSE is for the nth poll, and the last one for all that follow: a status of the task, which was created 5 s
// before the first poll, or the error_code of a fault. INSTANCE/TASK=STATUS,… is another task, with its statuses at
// the polls. -KIND=CODE makes all requests of another kind fail, see simulator.Request. A file params.json, if there is one, has the task's parameters. The environment is set
// for a wait with an access key; for the other ways to log in there are further variables and the files
// id-token and pod-token.
func startCloud(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: cloud [-kind=code...] [instance/task=status,...] [response...]")
	}
	faults := map[string]*simulator.Response{}
	var polls []*simulator.Response // nil for a regular response
	sim := newAccount(ts)
	count := 0 // of the polls that differ
	for _, arg := range args {
		if ids, statuses, isTask := strings.Cut(arg, "="); isTask && strings.Contains(ids, "/") {
			count = max(count, addTask(&sim, ids, strings.Split(statuses, ",")))
			continue
		}
		if kind, code, isKind := strings.Cut(strings.TrimPrefix(arg, "-"), "="); isKind {
			faults[kind] = fault(ts, code)
			continue
		}
		var response *simulator.Response
		if strings.Contains(arg, ".") {
			response = fault(ts, arg)
		} else {
			after := time.Duration(len(polls)) * step
			sim.Tasks[0].Steps = append(sim.Tasks[0].Steps, simulator.Step{After: after, Status: arg})
		}
		polls = append(polls, response)
	}
	for len(polls) < count {
		polls = append(polls, nil)
	}
	var polled atomic.Int64
	start := time.Now().Truncate(time.Second) // a Date header has no milliseconds
	sim.Clock = func() time.Time {
		n := min(int(polled.Load()), len(polls))
		return start.Add(step * time.Duration(max(0, n-1)))
	}
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind != "task" && r.Kind != "tasks" {
			return faults[r.Kind]
		}
		n := min(int(polled.Add(1)), len(polls))
		if n == 0 {
			return nil
		}
		return polls[n-1]
	}
	server, err := sim.Start()
	ts.Check(err)
	ts.Defer(func() { server.Close() })
	*ts.Value(cloudKey{}).(**simulator.Server) = server
	setEnvironment(ts, server)
	ts.Check(os.WriteFile(ts.MkAbs("id-token"), []byte(ts.Getenv("ID_TOKEN")+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("pod-token"), []byte(trial.PodToken+"\n"), 0o600))
}

// addTask adds a task, and returns how many polls its statuses last. Another instance than the default one is RUNNING.
func addTask(sim *simulator.Simulator, ids string, statuses []string) (polls int) {
	task := sim.Tasks[0]
	task.InstanceID, task.ID, _ = strings.Cut(ids, "/")
	task.Name, task.Steps = "restartInstance", nil
	for n, status := range statuses {
		task.Steps = append(task.Steps, simulator.Step{After: time.Duration(n) * step, Status: status})
	}
	sim.Tasks = append(sim.Tasks, task)
	sim.Instances = append(sim.Instances, simulator.Instance{ID: task.InstanceID})
	return len(statuses)
}

// newAccount returns a cloud with the task, an older one of the same name, and another one.
func newAccount(ts *testscript.TestScript) simulator.Simulator {
	sim := trial.Account()
	sim.Tokens = []string{iamToken}
	sim.Keys[temporaryKey] = trial.SecretKey
	sim.SecurityTokens = map[string]string{temporaryKey: securityToken}
	task := &sim.Tasks[0]
	task.Age = 5 * time.Second
	if params, err := os.ReadFile(ts.MkAbs("params.json")); err == nil {
		task.Params = strings.TrimSpace(string(params))
	}
	older, other := *task, *task
	older.ID, older.Age = strings.Repeat("1", 32), time.Hour
	older.Steps = []simulator.Step{{After: -time.Hour, Status: "FAILED"}}
	other.ID, other.Name, other.Age = strings.Repeat("2", 32), "restartInstance", time.Minute
	other.Steps = []simulator.Step{{After: -time.Minute, Status: "EXECUTING"}}
	sim.Tasks = append(sim.Tasks, older, other)
	return sim
}

// faultsByCode are the statuses and messages of faults, as the documentation has them.
var faultsByCode = map[string]struct {
	status  int
	message string
}{
	"APIGW.0101":   {404, "The API does not exist or has not been published in the environment"},
	"APIGW.0308":   {429, "The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 second"},
	"DMS.00403002": {403, "Policy doesn't allow dms:instance:getBackgroundTask to be performed."},
	"DMS.00500000": {500, "Internal service error."},
	"DMS.00503001": {503, "The service is unavailable."},
	"STS5.0001":    {503, "The service is unavailable."},
}

func fault(ts *testscript.TestScript, code string) *simulator.Response {
	f, ok := faultsByCode[code]
	if !ok {
		ts.Fatalf("no fault has the error_code %s", code)
	}
	return simulator.Fault(f.status, code, f.message)
}

func setEnvironment(ts *testscript.TestScript, server *simulator.Server) {
	for name, value := range map[string]string{
		"DMSWAIT_ENDPOINT":     server.URL,
		"DMSWAIT_IAM_ENDPOINT": server.URL,
		"DMSWAIT_STS_ENDPOINT": server.URL,
		"DMSWAIT_REGION":       "cn-north-4",
		"DMSWAIT_PROJECT_ID":   simulator.DefaultProjectID,
		"DMSWAIT_INSTANCE_ID":  simulator.DefaultInstanceID,
		"DMSWAIT_TASK_ID":      trial.TaskID,
		"DMSWAIT_ACCESS_KEY":   trial.AccessKey,
		"DMSWAIT_SECRET_KEY":   trial.SecretKey,
		"DMSWAIT_INTERVAL":     "10ms",
		// What a login needs.
		"ACTIONS_URL":  server.ActionsURL(),
		"POD_URI":      server.PodIdentityURI(),
		"ID_TOKEN":     server.IDToken("sts.huaweicloud.com", time.Hour),
		"SECRET_KEY":   trial.SecretKey,
		"PROJECT_ID":   simulator.DefaultProjectID,
		"PROVIDER_URN": trial.ProviderURN, "AGENCY_URN": trial.AgencyURN,
		"ACTIONS_TOKEN":  trial.ActionsToken,
		"IAM_TOKEN":      iamToken,
		"TEMPORARY_KEY":  temporaryKey,
		"SECURITY_TOKEN": securityToken,
		"PASSWORD":       trial.UserPassword,
	} {
		ts.Setenv(name, value)
	}
}
