package trial

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// What [Cloud] and [Account] know.
const (
	AccessKey = "FAKEAK0EXAMPLE0ONLY0"
	SecretKey = "fakeSecretKeyForTestsOnly012345678901234"
	TaskID    = "8abfa7a77e2b4c0e017e2b4f0a2b0001"
	TaskName  = "bindInstancePublicIp"

	ProviderURN      = "iam::0a1b2c3d:oidcProvider:github"
	AgencyURN        = "iam::0a1b2c3d:agency:dmswait"
	IdentityProvider = "gitlab-idp"
	UserPassword     = "correct horse battery staple"
	ActionsToken     = "theTokenOfTheRunnerItself"
	PodToken         = "theTokenOfTheServiceAccount"
)

// Patience is how long a test waits for an event that happens at once on an idle machine.
const Patience = time.Minute

// Cloud returns a cloud with one task that goes through these steps.
func Cloud(steps ...simulator.Step) simulator.Simulator {
	return simulator.Simulator{
		Keys: map[string]string{AccessKey: SecretKey},
		Tasks: []simulator.Task{{
			ID: TaskID, Name: TaskName, UserName: "tester", UserID: "0a1b2c",
			Params: `{"public_ip_id":"06a13350","enable_public_ip":true}`,
			Steps:  steps,
		}},
	}
}

// Account returns a [Cloud] where every login method works.
func Account(steps ...simulator.Step) simulator.Simulator {
	sim := Cloud(steps...)
	sim.Projects = []simulator.Project{{ID: simulator.DefaultProjectID, Name: "cn-north-4"}}
	sim.Users = []simulator.User{{Name: "waiter", Password: UserPassword, Domain: "acme"}}
	sim.Agencies = []simulator.Agency{{ProviderURN: ProviderURN, AgencyURN: AgencyURN}}
	sim.IdentityProviders = []string{IdentityProvider}
	sim.ActionsToken = ActionsToken
	sim.PodToken = PodToken
	sim.Metadata = simulator.Metadata{Agency: true}
	return sim
}

// At returns a step to a status some milliseconds after the start. A test that depends on a poll
// before that step uses [Hold] or [EndAt] instead, since the machine may be slow.
func At(ms int, status string) simulator.Step {
	return simulator.Step{After: time.Duration(ms) * time.Millisecond, Status: status}
}

// Held is the duration of the task of [Hold] and [EndAt], by its own times.
const Held = 45 * time.Second

// Hold keeps the task as it is until end is called; then it is SUCCESS. (It also is after 45 s, so
// that no test hangs.)
func Hold(sim *simulator.Simulator) (end func()) {
	var ended atomic.Bool
	sim.Clock = func() time.Time {
		if ended.Load() {
			return time.Now().Add(Held)
		}
		return time.Now()
	}
	sim.Tasks[0].Steps = append(sim.Tasks[0].Steps, simulator.Step{After: Held, Status: "SUCCESS"})
	return func() { ended.Store(true) }
}

// EndAt is [Hold] until the nth request of a kind, whose response is the first with SUCCESS. It
// wraps sim.Intercept, which has to be set before.
func EndAt(sim *simulator.Simulator, kind string, nth int) {
	end, intercept := Hold(sim), sim.Intercept
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == kind && r.Nth >= nth {
			end()
		}
		if intercept == nil {
			return nil
		}
		return intercept(r)
	}
}

// Stepped makes the cloud's clock stand still between requests, and move on by step with each: the nth request
// finds what there is n-1 steps after the start, however slow the machine. It wraps sim.Intercept, which has to be
// set before. Each server needs a cloud of its own.
func Stepped(sim *simulator.Simulator, step time.Duration) {
	start, intercept := time.Now(), sim.Intercept
	var steps atomic.Int64
	sim.Clock = func() time.Time { return start.Add(max(0, time.Duration(steps.Load()-1)) * step) }
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		steps.Store(int64(r.N))
		if intercept == nil {
			return nil
		}
		return intercept(r)
	}
}

// Always returns an intercept that gives every request the same response.
func Always(response *simulator.Response) func(simulator.Request) *simulator.Response {
	return func(simulator.Request) *simulator.Response { return response }
}

// Only returns an intercept that gives every request of one kind the same response.
func Only(kind string, response *simulator.Response) func(simulator.Request) *simulator.Response {
	return func(r simulator.Request) *simulator.Response {
		if r.Kind == kind {
			return response
		}
		return nil
	}
}

// Start starts the cloud for as long as the test runs.
func Start(t *testing.T, sim simulator.Simulator) *simulator.Server {
	t.Helper()
	server, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

// Await waits until there has been a request of that kind.
func Await(t *testing.T, server *simulator.Server, kind string) {
	t.Helper()
	isRequested := func() bool { return server.Count(kind) >= 1 }
	require.Eventually(t, isRequested, Patience, 5*time.Millisecond, "no %s request", kind)
}
