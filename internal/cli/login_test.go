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

func TestEveryWayToLogIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *trial.Trial, *simulator.Server)
		asked   []string // the kinds of requests, in their order
		who     string   // in the log's first line
	}{
		"keyless from GitHub Actions": {
			func(_ *testing.T, tr *trial.Trial, s *simulator.Server) { tr.ByAgency(s) },
			[]string{"id-token", "assume", "projects", "task"}, "an ID token for agency " + trial.AgencyURN + " (from DMSWAIT_PROVIDER_URN)"},
		"keyless with a token given": {
			func(_ *testing.T, tr *trial.Trial, s *simulator.Server) {
				tr.Set("DMSWAIT_PROVIDER_URN", trial.ProviderURN).Set("DMSWAIT_AGENCY_URN", trial.AgencyURN).Set("DMSWAIT_ID_TOKEN", s.IDToken("sts.huaweicloud.com", time.Minute))
			},
			[]string{"assume", "projects", "task"}, "an ID token for agency"},
		"keyless with a token in a file": {
			func(t *testing.T, tr *trial.Trial, s *simulator.Server) {
				tr.Set("DMSWAIT_PROVIDER_URN", trial.ProviderURN).Set("DMSWAIT_AGENCY_URN", trial.AgencyURN).Set("DMSWAIT_ID_TOKEN_FILE", trial.WriteFile(t, s.IDToken("sts.huaweicloud.com", time.Minute)+"\n"))
			},
			[]string{"assume", "projects", "task"}, "an ID token for agency"},
		"keyless by an identity provider": {
			func(t *testing.T, tr *trial.Trial, s *simulator.Server) {
				tr.Set("DMSWAIT_IDP_ID", "gitlab-idp").Set("DMSWAIT_ID_TOKEN", s.IDToken("anything", time.Minute))
			},
			[]string{"idp-token", "idp-keys", "projects", "task"}, "an ID token for identity provider gitlab-idp (from DMSWAIT_IDP_ID)"},
		"user and password": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.ByPassword()
			},
			[]string{"iam-token", "task"}, "user waiter of acme (from DMSWAIT_USERNAME)"},
		"the agency of an ECS": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) { tr.Set("DMSWAIT_ECS_METADATA", "true") },
			[]string{"metadata-token", "metadata-keys", "projects", "task"}, "the agency of this ECS (from DMSWAIT_ECS_METADATA)"},
		"an access key": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("DMSWAIT_ACCESS_KEY", trial.AccessKey).Set("DMSWAIT_SECRET_KEY", trial.SecretKey)
			},
			[]string{"projects", "task"}, "access key …NLY0 from DMSWAIT_ACCESS_KEY"},
		"the SDK's variables": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("HUAWEICLOUD_SDK_AK", trial.AccessKey).Set("HUAWEICLOUD_SDK_SK", trial.SecretKey).Set("HUAWEICLOUD_SDK_PROJECT_ID", simulator.DefaultProjectID)
			},
			[]string{"task"}, "access key …NLY0 from HUAWEICLOUD_SDK_AK"},
		"the SDK's variables for an identity provider": {
			func(t *testing.T, tr *trial.Trial, s *simulator.Server) {
				tr.Set("HUAWEICLOUD_SDK_IDP_ID", "gitlab-idp").Set("HUAWEICLOUD_SDK_ID_TOKEN_FILE", trial.WriteFile(t, s.IDToken("anything", time.Minute)))
			},
			[]string{"idp-token", "idp-keys", "projects", "task"}, "an ID token for identity provider gitlab-idp (from HUAWEICLOUD_SDK_IDP_ID)"},
		"Terraform's variables": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("HW_ACCESS_KEY", trial.AccessKey).Set("HW_SECRET_KEY", trial.SecretKey).Set("HW_REGION_NAME", "cn-north-4").Set("DMSWAIT_REGION", "")
			},
			[]string{"projects", "task"}, "access key …NLY0 from HW_ACCESS_KEY"},
		"the login action's variables": {
			func(_ *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("HUAWEI_CLOUD_ACCESS_KEY_ID", trial.AccessKey).Set("HUAWEI_CLOUD_SECRET_ACCESS_KEY", trial.SecretKey).Set("HUAWEI_CLOUD_PROJECT_ID", simulator.DefaultProjectID).Set("HUAWEI_CLOUD_REGION", "cn-north-4")
			},
			[]string{"task"}, "access key …NLY0 from HUAWEI_CLOUD_ACCESS_KEY_ID"},
		"the SDK's profile": {
			func(t *testing.T, tr *trial.Trial, _ *simulator.Server) {
				tr.Set("DMSWAIT_CREDENTIALS_FILE", trial.WriteFile(t, "[basic]\nak = "+trial.AccessKey+"\nsk = "+trial.SecretKey+"\n"))
			},
			[]string{"projects", "task"}, "access key …NLY0 from ak in credentials_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
			tr := trial.NewLogin(server, "--format", "json").InActions(t)
			c.prepare(t, tr, server)
			tr.Run(t)
			assert.Equal(t, 0, tr.Code, tr.Log.String())
			var kinds []string
			for _, asked := range server.Requests() {
				kinds = append(kinds, asked.Kind)
			}
			assert.Equal(t, c.asked, kinds)
			assert.Contains(t, tr.Log.String(), "with "+strings.TrimPrefix(c.who, "with "))
			assertNothingLeaks(t, tr, server)
		})
	}
}

// assertNothingLeaks holds that what came in secret is in masks only, and what was exchanged for it nowhere.
func assertNothingLeaks(t *testing.T, tr *trial.Trial, server *simulator.Server) {
	t.Helper()
	var said []string
	for _, line := range strings.Split(tr.Log.String(), "\n") {
		if !strings.HasPrefix(line, "::add-mask::") {
			said = append(said, line)
		}
	}
	told := strings.Join(said, "\n") + tr.Out.String()
	if tr.OutputPath != "" {
		told += fmt.Sprint(tr.Outputs(t))
	}
	for _, secret := range append(server.Issued(), trial.SecretKey, trial.UserPassword, trial.ActionsToken) {
		assert.NotContains(t, told, secret)
	}
	for _, secret := range server.Issued() {
		if !strings.HasPrefix(secret, "ey") { // ID tokens come in, and are masked
			assert.NotContains(t, tr.Log.String(), "::add-mask::"+secret, "what was exchanged is not even masked")
		}
	}
}

func TestTheIDTokenOfActionsIsMaskedWhenItComes(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
	tr := trial.NewLogin(server).InActions(t).ByAgency(server).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.Equal(t, 2, strings.Count(tr.Log.String(), "::add-mask::"), tr.Log.String())
	assert.True(t, strings.HasPrefix(tr.Log.String(), "::add-mask::theTokenOfTheRunnerItself\n"))
	assert.Contains(t, tr.Log.String(), "::add-mask::ey")
}

func TestCredentialsAreRenewedBeforeTheyEndAndNotOnEveryPoll(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(3000, "SUCCESS"))
	sim.Lifetime = 2 * time.Second
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server).ByAgency(server).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())
	assert.GreaterOrEqual(t, server.Count("assume"), 2)
	assert.LessOrEqual(t, server.Count("assume"), 6)
	assert.Equal(t, 1, server.Count("projects"), "the project is asked for once")
	assert.Greater(t, server.Count("task"), 2*server.Count("assume"))
}

func TestCredentialsThatAreRefusedAtOnceAreNotRenewed(t *testing.T) {
	t.Parallel()
	sim := trial.Account(trial.At(0, "SUCCESS"))
	sim.Intercept = trial.Only("task", simulator.Fault(401, "APIGW.0301", "no"))
	server := trial.Start(t, sim)
	tr := trial.NewLogin(server).ByAgency(server).Set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID).Run(t)
	assert.Equal(t, 77, tr.Code)
	assert.LessOrEqual(t, server.Count("task"), 2)
}

func TestTheMetadataServiceInItsVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata simulator.Metadata
		code     int
		said     string
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
			tr := trial.NewLogin(server).Set("DMSWAIT_ECS_METADATA", "true").Set("HTTP_PROXY", "http://127.0.0.1:9").Set("http_proxy", "http://127.0.0.1:9")
			tr.Run(t)
			assert.Equal(t, c.code, tr.Code, tr.Log.String())
			assert.Contains(t, tr.Log.String(), c.said)
		})
	}
}

func TestTheMetadataServiceIsNotAskedUnasked(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account())
	tr := trial.NewLogin(server)
	tr.Run(t)
	assert.Equal(t, 2, tr.Code)
	assert.Empty(t, server.Requests())
	assert.Contains(t, tr.Log.String(), "credentials: none were given: give provider_urn")
}

func TestALoginOutsideOfHuaweiCloudIsPointedOut(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Account(trial.At(0, "SUCCESS")))
	elsewhere := trial.Start(t, trial.Account())
	tr := trial.NewLogin(server).ByAgency(server).Set("DMSWAIT_STS_ENDPOINT", elsewhere.URL).Set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID).Run(t)
	first, _, _ := strings.Cut(tr.Log.String(), "\n")
	assert.Contains(t, first, "logged in at "+elsewhere.URL+" (not a domain of Huawei Cloud)")
}

func TestALoginThatCannotBeRepeatedLeavesTheRefusalAsItWas(t *testing.T) {
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
	assert.Equal(t, 2, server.Count("assume"))
}
