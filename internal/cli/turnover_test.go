package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// expiring are the ways to log in whose credentials end, and the request that brings them.
var expiring = map[string]struct {
	prepare func(*trial.Trial, *simulator.Server)
	kind    string
}{
	"an agency": {func(tr *trial.Trial, s *simulator.Server) { tr.ByAgency(s) }, "assume"},
	"an identity provider": {func(tr *trial.Trial, s *simulator.Server) {
		tr.ByAgency(s).Set("DMSWAIT_PROVIDER_URN", "").Set("DMSWAIT_AGENCY_URN", "").Set("DMSWAIT_IDP_ID", "gitlab-idp")
	}, "idp-keys"},
	"a password": {func(tr *trial.Trial, _ *simulator.Server) {
		tr.ByPassword()
	}, "iam-token"},
	"an ECS": {func(tr *trial.Trial, _ *simulator.Server) { tr.Set("DMSWAIT_ECS_METADATA", "true") }, "metadata-keys"},
}

// refusals counts the requests that were answered 401, as the debug log tells them.
func refusals(tr *trial.Trial) int { return strings.Count(tr.Log.String(), " 401 ") }

func TestCredentialsTurnOverInMidWaitByTheServersClock(t *testing.T) {
	t.Parallel()
	const lifetime = 8 * time.Second // they are renewed after 5 to 6 s
	var waits sync.WaitGroup         // together, since they have little to do for some seconds
	var checks []func()
	for name, way := range expiring {
		for _, off := range []time.Duration{0, 7 * time.Hour, -7 * time.Hour} {
			for _, trouble := range []bool{false, true} {
				sim := trial.Account(trial.At(0, "EXECUTING"))
				sim.Tasks[0].Age = 24 * time.Hour
				sim.Lifetime = lifetime
				sim.Clock = func() time.Time { return time.Now().Add(off) }
				logins := 3 // after which it is enough
				if trouble {
					logins = 4
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				var after atomic.Int64 // how many polls came after the last of them
				sim.Intercept = func(r simulator.Request) *simulator.Response {
					switch {
					case trouble && r.Kind == way.kind && r.Nth == 2:
						return simulator.Fault(503, "APIGW.0202", "busy")
					case r.Kind == way.kind && r.Nth == logins:
						after.Store(1)
					case r.Kind == "task" && after.Load() > 0 && after.Add(1) > 5:
						cancel(result.Interrupt{Signal: syscall.SIGTERM})
					}
					return nil
				}
				server := trial.Start(t, sim)
				tr := trial.NewLogin(server, "--debug", "--format", "json", "--timeout", trial.Patience.String(), "--interval", "200ms", "--max-interval", "200ms")
				way.prepare(tr, server)
				waits.Go(func() { tr.RunContext(ctx) })
				checks = append(checks, func() {
					t.Logf("%s, clock off by %v, trouble %v", name, off, trouble)
					assert.Equal(t, 143, tr.Code, tr.Log.String())
					corrected := 0
					if off != 0 && way.kind != "iam-token" { // a token is not signed
						corrected = 1
					}
					assert.Equal(t, corrected, refusals(tr), "none that has ended was sent:\n%s", tr.Log.String())
					assert.Equal(t, logins, server.Count(way.kind))
					assert.NotContains(t, tr.Log.String(), "no good answer", "a renewal that fails is nobody's trouble while the old ones work")
					assert.Greater(t, tr.JSON(t)["polls"], 12.0)
					assertNothingLeaks(t, tr, server)
				})
			}
		}
	}
	waits.Wait()
	for _, check := range checks {
		check()
	}
}

func TestCredentialsThatAreRevokedAgainAndAgainAreReplacedEachTime(t *testing.T) {
	t.Parallel()
	for name, way := range expiring {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Account(trial.At(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
			var server *simulator.Server
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				if r.Kind == "task" && r.Nth%10 == 0 && r.Nth < 40 {
					server.Revoke()
				}
				return nil
			}
			leap(&sim, "task", map[int]time.Duration{40: 10 * time.Minute})
			server = trial.Start(t, sim)
			tr := trial.NewLogin(server, "--debug")
			way.prepare(tr, server)
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			assert.Equal(t, 1+3, server.Count(way.kind))
			assert.Equal(t, 3, refusals(tr), tr.Log.String())
			assert.NotContains(t, tr.Log.String(), "no good answer")
			assert.NotRegexp(t, `(?m)^dmswait: [^d].* 401 `, tr.Log.String(), "it is nobody's trouble, and in debug lines only")
			assertNothingLeaks(t, tr, server)
		})
	}
}

func TestEachExchangeSendsTheIDTokenThatIsInTheFileByThen(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
	var server *simulator.Server
	var path string
	var sent, written []string
	write := func() {
		token := server.IDToken("sts.huaweicloud.com", time.Minute)
		written = append(written, token)
		assert.NoError(t, os.WriteFile(path, []byte(token), 0o600))
	}
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		switch {
		case r.Kind == "task" && r.Nth%10 == 0 && r.Nth < 40:
			server.Revoke()
			write()
		case r.Kind == "assume":
			var body struct {
				IDToken string `json:"id_token"`
			}
			assert.NoError(t, json.Unmarshal(r.Body, &body))
			sent = append(sent, body.IDToken)
		}
		return nil
	}
	leap(&sim, "task", map[int]time.Duration{40: 10 * time.Minute})
	server = trial.Start(t, sim)
	path = trial.WriteFile(t, "")
	write()
	tr := trial.NewLogin(server).Set("DMSWAIT_PROVIDER_URN", trial.ProviderURN).Set("DMSWAIT_AGENCY_URN", trial.AgencyURN).Set("DMSWAIT_ID_TOKEN_FILE", path).InActions(t).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	require.Len(t, written, 4)
	assert.Equal(t, written, sent)
	for _, token := range written {
		assert.Contains(t, tr.Log.String(), "::add-mask::"+token+"\n")
	}
	assertNothingLeaks(t, tr, server)
}
