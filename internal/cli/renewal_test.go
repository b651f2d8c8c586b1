package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// expiring are the login methods whose credentials expire, and the kind of request that renews them.
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

// refusals returns the number of requests that the debug log shows with status 401.
func refusals(tr *trial.Trial) int { return strings.Count(tr.Log.String(), " 401 ") }

func TestCredentialsAreRenewedByTheServersClock(t *testing.T) {
	t.Parallel()
	var waits sync.WaitGroup // all at once, since each of them mostly pauses
	for name := range expiring {
		for _, c := range []renewal{{0, false}, {0, true}, {7 * time.Hour, true}, {-7 * time.Hour, false}} {
			waits.Go(func() {
				for range 8 {
					if c.check(t, name) {
						return
					}
				}
				t.Errorf("%s, %+v: this machine was too slow for every attempt", name, c)
			})
		}
	}
	waits.Wait()
}

// renewal is a run in which credentials are renewed.
type renewal struct {
	off    time.Duration // of the server's clock
	outage bool          // of the first renewal
}

// check runs a renewal with a login method, and checks it. It returns false when the machine was too slow for the run to
// show anything.
func (c renewal) check(t *testing.T, name string) (conclusive bool) {
	const lifetime = 8 * time.Second // renewed after 6 s
	const maxGap = time.Second       // between requests; more than twice the pause, and less than is left after 6 s
	method := expiring[name]
	sim := trial.Account(trial.At(0, "EXECUTING"))
	sim.Tasks[0].Age = 24 * time.Hour
	sim.Lifetime = lifetime
	sim.Clock = func() time.Time { return time.Now().Add(c.off) }
	logins := 3 // after which the wait is interrupted
	if c.outage {
		logins = 4
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var after atomic.Int64 // polls after the last login, plus 1
	var gaps sync.Mutex
	var last time.Time
	var longest time.Duration
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		gaps.Lock()
		if !last.IsZero() {
			longest = max(longest, time.Since(last))
		}
		last = time.Now()
		gaps.Unlock()
		switch {
		case c.outage && r.Kind == method.kind && r.Nth == 2:
			return simulator.Fault(503, "APIGW.0202", "busy")
		case r.Kind == method.kind && r.Nth == logins:
			after.Store(1)
		case r.Kind == "task" && after.Load() > 0 && after.Add(1) > 5:
			cancel(result.Interrupt{Signal: syscall.SIGTERM})
		}
		return nil
	}
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server, "--debug", "--format", "json", "--timeout", trial.Patience.String(),
		"--interval", "400ms", "--max-interval", "400ms")
	method.prepare(tr, server)
	tr.RunContext(ctx)
	if longest > maxGap && t.Context().Err() == nil {
		t.Logf("%s, %+v: no request for %v", name, c, longest)
		return false
	}
	which := fmt.Sprintf("%s, %+v:\n%s", name, c, tr.Log.String())
	assert.Equal(t, 143, tr.Code, which)
	corrected := 0
	if c.off != 0 && method.kind != "iam-token" { // requests with a token are not signed
		corrected = 1
	}
	assert.Equal(t, corrected, refusals(tr), "no expired credentials were sent: %s", which)
	assert.Equal(t, logins, server.Count(method.kind), which)
	assert.NotContains(t, tr.Log.String(), "no valid response", "the old credentials still work: %s", which)
	assert.Greater(t, tr.JSON(t)["polls"], 12.0)
	assertNothingLeaks(t, tr, server)
	return true
}

func TestRevokedCredentialsAreReplacedEachTime(t *testing.T) {
	t.Parallel()
	for name, method := range expiring {
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
			method.prepare(tr, server)
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			assert.Equal(t, 1+3, server.Count(method.kind))
			assert.Equal(t, 3, refusals(tr), tr.Log.String())
			assert.NotContains(t, tr.Log.String(), "no valid response")
			assert.NotRegexp(t, `(?m)^dmswait: [^d].* 401 `, tr.Log.String(), "a refusal is in debug lines only")
			assertNothingLeaks(t, tr, server)
		})
	}
}

func TestEachExchangeReadsTheIDTokenFileAnew(t *testing.T) {
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
	tr := trial.NewLogin(server).InActions(t).ByAgency(server).Set("DMSWAIT_ID_TOKEN_FILE", path).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	require.Len(t, written, 4)
	assert.Equal(t, written, sent)
	for _, token := range written {
		assert.Contains(t, tr.Log.String(), "::add-mask::"+token+"\n")
	}
	assertNothingLeaks(t, tr, server)
}

func TestCredentialsThatCannotBeRenewedAreNamed(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "EXECUTING"))
	sim.Lifetime = 2 * time.Second
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "assume" && r.Nth > 1 {
			return simulator.Fault(403, "STS5.1003", "the trust policy was changed")
		}
		return nil
	}
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server).InActions(t).ByAgency(server).Run(t)
	assert.Equal(t, 77, tr.Code, tr.Log.String())
	const why = "assume the agency: 403 STS5.1003: the trust policy was changed"
	assert.Contains(t, tr.Log.String(), "renew the credentials, which have expired: "+why)
	warned := strings.Count(tr.Log.String(), "could not renew the credentials: "+why)
	assert.LessOrEqual(t, warned, 1)
	// On a machine that was too slow, the keys had expired when it was time to renew them.
	assert.Equal(t, server.Count("assume")-2, warned)
}

func TestRevokedCredentialsThatCannotBeRenewedAreNamedInTheHint(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "EXECUTING"))
	var server *simulator.Server
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		switch {
		case r.Kind == "task" && r.Nth == 3:
			server.Revoke()
		case r.Kind == "assume" && r.Nth > 1:
			return simulator.Fault(404, "STS5.1004", "no such agency")
		}
		return nil
	}
	server = trial.Start(t, sim)
	tr := trial.NewLogin(server).InActions(t).ByAgency(server).Run(t)
	assert.Equal(t, 77, tr.Code, tr.Log.String())
	assert.Contains(t, tr.Log.String(), "hint: the credentials have expired or were revoked, and could not be renewed: "+
		"assume the agency: 404 STS5.1004: no such agency")
	assert.NotContains(t, tr.Log.String(), "the login succeeded")
}
