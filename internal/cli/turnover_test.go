package cli

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// expiring are the ways to log in whose credentials end, and the request that brings them.
var expiring = map[string]struct {
	prepare func(*trial, *simulator.Server)
	kind    string
}{
	"an agency": {func(tr *trial, s *simulator.Server) { tr.byAgency(s) }, "assume"},
	"an identity provider": {func(tr *trial, s *simulator.Server) {
		tr.byAgency(s).set("DMSWAIT_PROVIDER_URN", "").set("DMSWAIT_AGENCY_URN", "").set("DMSWAIT_IDP_ID", "gitlab-idp")
	}, "idp-keys"},
	"a password": {func(tr *trial, _ *simulator.Server) {
		tr.set("DMSWAIT_USERNAME", "waiter").set("DMSWAIT_PASSWORD", userPassword).set("DMSWAIT_DOMAIN_NAME", "acme")
	}, "iam-token"},
	"an ECS": {func(tr *trial, _ *simulator.Server) { tr.set("DMSWAIT_ECS_METADATA", "true") }, "metadata-keys"},
}

// refusals counts the requests that were answered 401, as the debug log tells them.
func refusals(tr *trial) int { return strings.Count(tr.log.String(), " 401 ") }

func TestCredentialsTurnOverInMidWaitByTheServersClock(t *testing.T) {
	t.Parallel()
	const lifetime, wait = 5 * time.Second, 8500 * time.Millisecond // they are renewed every 3 to 3.75 s: Date leaves out fractions
	var waits sync.WaitGroup                                        // together, since they have little to do for some seconds
	var checks []func()
	for name, way := range expiring {
		for _, off := range []time.Duration{0, 7 * time.Hour, -7 * time.Hour} {
			for _, trouble := range []bool{false, true} {
				sim := account(at(0, "EXECUTING"))
				sim.Tasks[0].Age = 24 * time.Hour
				sim.Lifetime = lifetime
				sim.Clock = func() time.Time { return time.Now().Add(off) }
				sim.Intercept = func(r simulator.Request) *simulator.Response {
					if trouble && r.Kind == way.kind && r.Nth == 2 {
						return simulator.Fault(503, "APIGW.0202", "busy")
					}
					return nil
				}
				server := start(t, sim)
				tr := newLogin(server, "--debug", "--format", "json", "--timeout", wait.String(), "--interval", "200ms", "--max-interval", "200ms")
				way.prepare(tr, server)
				waits.Go(func() { tr.runOn(t.Context(), server.URL) })
				checks = append(checks, func() {
					t.Logf("%s, clock off by %v, trouble %v", name, off, trouble)
					assert.Equal(t, 124, tr.code, tr.log.String())
					corrected := 0
					if off != 0 && way.kind != "iam-token" { // a token is not signed
						corrected = 1
					}
					assert.Equal(t, corrected, refusals(tr), "none that has ended was sent:\n%s", tr.log.String())
					assert.GreaterOrEqual(t, server.Count(way.kind), 3)
					assert.LessOrEqual(t, server.Count(way.kind), 5)
					assert.NotContains(t, tr.log.String(), "no good answer", "a renewal that fails is nobody's trouble while the old ones work")
					assert.Greater(t, tr.json(t)["polls"], 25.0)
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
			sim := account(at(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
			var server *simulator.Server
			sim.Intercept = func(r simulator.Request) *simulator.Response {
				if r.Kind == "task" && r.Nth%10 == 0 && r.Nth < 40 {
					server.Revoke()
				}
				return nil
			}
			leap(&sim, "task", map[int]time.Duration{40: 10 * time.Minute})
			server = start(t, sim)
			tr := newLogin(server, "--debug")
			way.prepare(tr, server)
			tr.runOn(t.Context(), server.URL)
			assert.Equal(t, 0, tr.code, tr.log.String())
			assert.Equal(t, 1+3, server.Count(way.kind))
			assert.Equal(t, 3, refusals(tr), tr.log.String())
			assert.NotContains(t, tr.log.String(), "no good answer")
			assertNothingLeaks(t, tr, server)
		})
	}
}

func TestEachExchangeSendsTheIDTokenThatIsInTheFileByThen(t *testing.T) {
	t.Parallel()
	sim := account(at(0, "EXECUTING"), simulator.Step{After: 5 * time.Minute, Status: "SUCCESS"})
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
	server = start(t, sim)
	path = file(t, "")
	write()
	tr := newLogin(server).set("DMSWAIT_PROVIDER_URN", providerURN).set("DMSWAIT_AGENCY_URN", agencyURN).set("DMSWAIT_ID_TOKEN_FILE", path).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	require.Len(t, written, 4)
	assert.Equal(t, written, sent)
}
