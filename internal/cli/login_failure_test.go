package cli_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestLoginsThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*simulator.Simulator)
		set     map[string]string
		result  string
		code    int
		said    string
	}{
		"an unknown agency": {nil, map[string]string{"DMSWAIT_AGENCY_URN": "iam::0a1b2c3d:agency:other"}, "usage", 2, "error: assume the agency: 404"},
		"another audience":  {nil, map[string]string{"DMSWAIT_OIDC_AUDIENCE": "someone.else"}, "denied", 77, "error: assume the agency: 401"},
		"a runner that refuses": {nil, map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "anotherToken"}, "denied", 77,
			"error: get an ID token from GitHub Actions: 401"},
		"an expired token": {nil, map[string]string{"DMSWAIT_ID_TOKEN": "expired"}, "denied", 77, "error: assume the agency: 401"},
		"an empty file":    {nil, map[string]string{"DMSWAIT_ID_TOKEN_FILE": os.DevNull}, "usage", 2, "error: id_token: its file is empty"},
		"STS is down": {func(s *simulator.Simulator) {
			s.Intercept = trial.Only("assume", simulator.Fault(503, "STS5.0001", "down"))
		}, nil, "unavailable", 75,
			"error: assume the agency: 503"},
		"STS hangs": {func(s *simulator.Simulator) { s.Intercept = trial.Only("assume", &simulator.Response{Hang: true}) }, map[string]string{"DMSWAIT_REQUEST_TIMEOUT": "2s"},
			"unavailable", 75, "error: assume the agency: no answer within 2s"},
		"STS answers nonsense": {func(s *simulator.Simulator) {
			s.Intercept = trial.Only("assume", &simulator.Response{Body: `{"credentials":{}}`})
		}, nil, "unavailable", 75,
			"the answer is not the API's JSON"},
		"no such project": {func(s *simulator.Simulator) { s.Projects = nil }, nil, "usage", 2, `error: look up project "cn-north-4": 200: these credentials know no project of that name`},
		"several projects": {func(s *simulator.Simulator) {
			s.Projects = append(s.Projects, simulator.Project{ID: strings.Repeat("f", 32), Name: "cn-north-4"})
		}, nil, "usage", 2, "there are several: " + simulator.DefaultProjectID + ", " + strings.Repeat("f", 32)},
		"no permission for an ID token": {nil, map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, "usage", 2, "permissions: { id-token: write, contents: read }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Account(trial.At(0, "SUCCESS"))
			if c.prepare != nil {
				c.prepare(&sim)
			}
			server := trial.Start(t, sim)
			tr := trial.NewLogin(server, "--max-outage", "200ms").InActions(t).ByAgency(server)
			for name, value := range c.set {
				tr.Set(name, value)
			}
			if tr.Env["DMSWAIT_ID_TOKEN"] == "expired" {
				tr.Set("DMSWAIT_ID_TOKEN", server.IDToken("sts.huaweicloud.com", -time.Minute))
			}
			tr.Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.Equal(t, c.result, tr.Outputs(t)["result"])
			assert.Equal(t, "0", tr.Outputs(t)["polls"], "nothing was asked about the task")
			assert.Contains(t, strings.ReplaceAll(tr.Log.String(), "%0A", "\n"), c.said)
			assertNothingLeaks(t, tr, server)
		})
	}
}

func TestWrongPasswordIsDeniedAndShownNowhere(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account())
	tr := trial.NewLogin(server).InActions(t).Set("DMSWAIT_USERNAME", "waiter").Set("DMSWAIT_PASSWORD", "wrong password").Set("DMSWAIT_DOMAIN_NAME", "acme").Run(t)
	assert.Equal(t, 77, tr.Code, tr.Log.String())
	assert.Equal(t, 1, strings.Count(tr.Log.String(), "wrong password"), "in its mask")
	assert.Len(t, server.Requests(), 1)
}
