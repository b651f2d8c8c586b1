package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestForeignLoginHostsAreNamedInTheFirstLine(t *testing.T) {
	t.Parallel()
	withKey := func(tr *trial.Trial) *trial.Trial {
		return tr.Set("DMSWAIT_ACCESS_KEY", trial.AccessKey).Set("DMSWAIT_SECRET_KEY", trial.SecretKey)
	}
	for name, c := range map[string]struct {
		prepare func(tr *trial.Trial, server, foreign *simulator.Server)
		request string // the kind that the foreign host receives; empty: none
	}{
		"IAM, which looks up the project": {func(tr *trial.Trial, _, foreign *simulator.Server) {
			withKey(tr).Set("DMSWAIT_IAM_ENDPOINT", foreign.URL)
		}, "projects"},
		"IAM, not needed": {func(tr *trial.Trial, _, foreign *simulator.Server) {
			withKey(tr).Set("DMSWAIT_IAM_ENDPOINT", foreign.URL).Set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID)
		}, ""},
		"STS": {func(tr *trial.Trial, server, foreign *simulator.Server) {
			tr.ByAgency(server).Set("DMSWAIT_STS_ENDPOINT", foreign.URL).Set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID)
		}, "assume"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, foreign := trial.Start(t, trial.Account(trial.At(0, "SUCCESS"))), trial.Start(t, trial.Account())
			tr := trial.NewLogin(server)
			c.prepare(tr, server, foreign)
			tr.Run(t)
			first, _, _ := strings.Cut(tr.Log.String(), "\n")
			named := strings.Contains(first, "logging in at "+foreign.URL+" (not a domain of Huawei Cloud)")
			assert.Equal(t, c.request != "", named, first)
			var received []string
			for _, request := range foreign.Requests() {
				received = append(received, request.Kind)
			}
			if c.request == "" {
				assert.Empty(t, received)
			} else {
				assert.Equal(t, []string{c.request}, slices.Compact(received))
			}
		})
	}
}

func TestHostOfBothDMSAndIAMIsNamedOnce(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
	tr := trial.NewLogin(server).ByPassword().Run(t)
	first, _, _ := strings.Cut(tr.Log.String(), "\n")
	assert.Contains(t, first, " at "+strings.TrimPrefix(server.URL, "http://")+" (not a domain of Huawei Cloud) with ")
	assert.Equal(t, 1, strings.Count(first, "not a domain"), first)
}
