package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"

	"github.com/dmswait/dmswait/test/trial"
)

func TestAForeignIAMThatLooksUpTheProjectIsPointedOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		project string
		pointed bool
	}{
		"the project is looked up there":  {"", true},
		"the project is given: not asked": {simulator.DefaultProjectID, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, elsewhere := trial.Start(t, trial.Account(trial.At(0, "SUCCESS"))), trial.Start(t, trial.Account())
			tr := trial.NewLogin(server).Set("DMSWAIT_ACCESS_KEY", trial.AccessKey).Set("DMSWAIT_SECRET_KEY", trial.SecretKey).
				Set("DMSWAIT_PROJECT_ID", c.project).Set("DMSWAIT_IAM_ENDPOINT", elsewhere.URL).Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			first, _, _ := strings.Cut(tr.Log.String(), "\n")
			assert.Equal(t, c.pointed, strings.Contains(first, "logged in at "+elsewhere.URL+" (not a domain of Huawei Cloud)"), first)
			assert.Equal(t, c.pointed, elsewhere.Count("projects") == 1, "it says so where it sends something, and only there")
		})
	}
}
