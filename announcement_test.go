package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
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
			server, elsewhere := start(t, account(at(0, "SUCCESS"))), start(t, account())
			tr := newLogin(server).set("DMSWAIT_ACCESS_KEY", accessKey).set("DMSWAIT_SECRET_KEY", secretKey).
				set("DMSWAIT_PROJECT_ID", c.project).set("DMSWAIT_IAM_ENDPOINT", elsewhere.URL).run(t)
			assert.Equal(t, 0, tr.code, tr.log.String())
			first, _, _ := strings.Cut(tr.log.String(), "\n")
			assert.Equal(t, c.pointed, strings.Contains(first, "logged in at "+elsewhere.URL+" (not a domain of Huawei Cloud)"), first)
			assert.Equal(t, c.pointed, elsewhere.Count("projects") == 1, "it says so where it sends something, and only there")
		})
	}
}
