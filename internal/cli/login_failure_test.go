package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

// The failures that a user meets most are in test/script/login-refused.txtar.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*simulator.Simulator)
		env     map[string]string
		result  string
		code    int
		log     string
	}{
		"STS does not respond": {
			prepare: func(s *simulator.Simulator) { s.Intercept = trial.Only("assume", &simulator.Response{Hang: true}) },
			env:     map[string]string{"DMSWAIT_REQUEST_TIMEOUT": "2s"},
			result:  "unavailable", code: 75, log: "error: assume the agency: no response within 2s",
		},
		"STS returns a malformed response": {
			prepare: func(s *simulator.Simulator) {
				s.Intercept = trial.Only("assume", &simulator.Response{Body: `{"credentials":{}}`})
			},
			result: "unavailable", code: 75, log: "error: assume the agency: ",
		},
		"the ID token has expired": {
			env:    map[string]string{"DMSWAIT_ID_TOKEN": "expired"},
			result: "denied", code: 77, log: "error: assume the agency: 401",
		},
		"several projects have the name": {
			prepare: func(s *simulator.Simulator) {
				s.Projects = append(s.Projects, simulator.Project{ID: strings.Repeat("f", 32), Name: "cn-north-4"})
			},
			result: "usage", code: 2, log: simulator.DefaultProjectID + ", " + strings.Repeat("f", 32),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := trial.Account(trial.At(0, "SUCCESS"))
			if c.prepare != nil {
				c.prepare(&sim)
			}
			server := trial.Start(t, sim)
			tr := trial.NewLogin(server, "--max-outage", "200ms").InActions(t).ByAgency(server)
			for name, value := range c.env {
				tr.Set(name, value)
			}
			if tr.Env["DMSWAIT_ID_TOKEN"] == "expired" {
				tr.Set("DMSWAIT_ID_TOKEN", server.IDToken("sts.huaweicloud.com", -time.Minute))
			}
			tr.Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.Equal(t, c.result, tr.Outputs(t)["result"])
			assert.Equal(t, "0", tr.Outputs(t)["polls"])
			assert.Zero(t, server.Count("task"))
			assert.Contains(t, tr.Log.String(), c.log)
			assertNothingLeaks(t, tr, server)
		})
	}
}
