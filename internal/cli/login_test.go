package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// assertNothingLeaks asserts that secrets that came in are in masks only, and those they were exchanged for nowhere.
func assertNothingLeaks(t *testing.T, tr *trial.Trial, server *simulator.Server) {
	t.Helper()
	var lines []string
	for _, line := range strings.Split(tr.Log.String(), "\n") {
		if !strings.HasPrefix(line, "::add-mask::") {
			lines = append(lines, line)
		}
	}
	shown := strings.Join(lines, "\n") + tr.Out.String()
	if tr.OutputPath != "" {
		shown += fmt.Sprint(tr.Outputs(t))
	}
	for _, secret := range append(server.Issued(), trial.SecretKey, trial.UserPassword, trial.ActionsToken) {
		assert.NotContains(t, shown, secret)
	}
	for _, secret := range server.Issued() {
		if !strings.HasPrefix(secret, "ey") { // ID tokens come in, and are masked
			assert.NotContains(t, tr.Log.String(), "::add-mask::"+secret, "what was exchanged is not even in a mask")
		}
	}
}

func TestCredentialsAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(3000, "SUCCESS"))
	sim.Lifetime = 2 * time.Second
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server).ByAgency(server).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.GreaterOrEqual(t, server.Count("assume"), 2)
	assert.LessOrEqual(t, server.Count("assume"), 6)
	assert.Equal(t, 1, server.Count("projects"), "the project is looked up once")
	assert.Greater(t, server.Count("task"), 2*server.Count("assume"))
}

func TestFreshCredentialsThatAreRefusedAreNotRenewed(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "SUCCESS"))
	sim.Intercept = trial.Only("task", simulator.Fault(401, "APIGW.0301", "no"))
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server).ByAgency(server).Set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID).Run(t)
	assert.Equal(t, 77, tr.Code)
	assert.LessOrEqual(t, server.Count("task"), 2)
}

func TestMetadataServiceVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata simulator.Metadata
		code     int
		log      string
	}{
		"version 2 only":         {simulator.Metadata{Agency: true, TokenRequired: true}, 0, ""},
		"version 1 only, by 404": {simulator.Metadata{Agency: true, TokenStatus: 404}, 0, ""},
		"version 1 only, by 405": {simulator.Metadata{Agency: true, TokenStatus: 405}, 0, ""},
		"version 1 only, by 503": {simulator.Metadata{Agency: true, TokenStatus: 503}, 0, ""},
		"no agency":              {simulator.Metadata{}, 2, "this ECS has no agency"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Account(trial.At(0, "SUCCESS"))
			sim.Metadata = c.metadata
			server := trial.Start(t, sim)
			tr := trial.NewLogin(server).Set("DMSWAIT_ECS_METADATA", "true").
				Set("HTTP_PROXY", "http://127.0.0.1:9").Set("http_proxy", "http://127.0.0.1:9").Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.Contains(t, tr.Log.String(), c.log)
			assert.Contains(t, tr.Log.String(), " with the agency of this ECS (from DMSWAIT_ECS_METADATA)\n")
			assertNothingLeaks(t, tr, server)
		})
	}
}

func TestMetadataServiceIsOnlyUsedOnRequest(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account())
	tr := trial.NewLogin(server)
	tr.Run(t)
	assert.Equal(t, 2, tr.Code)
	assert.Empty(t, server.Requests())
	assert.Contains(t, tr.Log.String(), "dmswait: error: credentials are required; give one of: ")
}

func TestRefusalIsReportedWhenTheLoginCannotBeRepeated(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "EXECUTING"))
	var server *simulator.Server
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		switch {
		case r.Kind == "task" && r.Nth == 5:
			server.Revoke()
		case r.Kind == "assume" && r.Nth > 1:
			return simulator.Fault(400, "STS5.1001", "the token was used")
		}
		return nil
	}
	server = trial.Start(t, sim)
	tr := trial.NewLogin(server, "--max-outage", "2s").InActions(t).ByAgency(server).Run(t)
	assert.Equal(t, 77, tr.Code, tr.Log.String())
	assert.Equal(t, "denied", tr.Outputs(t)["result"])
	assert.Contains(t, tr.Log.String(), "get task")
	assert.Equal(t, 3, server.Count("assume"), "a refused ID token gets one second try")
}

func TestDebugHasALineForEachRequestOfEveryLogin(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*trial.Trial, *simulator.Server){
		"agency":     func(tr *trial.Trial, s *simulator.Server) { tr.ByAgency(s) },
		"ECS agency": func(tr *trial.Trial, _ *simulator.Server) { tr.Set("DMSWAIT_ECS_METADATA", "true") },
		"password":   func(tr *trial.Trial, _ *simulator.Server) { tr.ByPassword() },
	} {
		server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
		tr := trial.NewLogin(server, "--debug")
		prepare(tr, server)
		tr.Run(t)
		assert.Equal(t, 0, tr.Code, tr.Log.String())
		lines := strings.Count(tr.Log.String(), "dmswait: debug: ")
		assert.Len(t, server.Requests(), lines, "%s\n%s", name, tr.Log.String())
	}
}
