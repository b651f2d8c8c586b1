package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

const (
	providerURN  = "iam::0a1b2c3d:oidcProvider:github"
	agencyURN    = "iam::0a1b2c3d:agency:dmswait"
	userPassword = "correct horse battery staple"
)

// account is a cloud that lets everybody in who is known to it, and no access key of a user.
func account(steps ...simulator.Step) simulator.Simulator {
	sim := cloud(steps...)
	sim.Projects = []simulator.Project{{ID: simulator.DefaultProjectID, Name: "cn-north-4"}}
	sim.Users = []simulator.User{{Name: "waiter", Password: userPassword, Domain: "acme"}}
	sim.Agencies = []simulator.Agency{{ProviderURN: providerURN, AgencyURN: agencyURN}}
	sim.IdentityProviders = []string{"gitlab-idp"}
	sim.ActionsToken = "theTokenOfTheRunnerItself"
	sim.Metadata = simulator.Metadata{Agency: true}
	return sim
}

// newLogin is a trial without credentials and project, in cn-north-4 as far as names go.
func newLogin(server *simulator.Server, args ...string) *trial {
	tr := newTrial(server, args...)
	for _, name := range []string{"DMSWAIT_ACCESS_KEY", "DMSWAIT_SECRET_KEY", "DMSWAIT_PROJECT_ID"} {
		delete(tr.env, name)
	}
	return tr.set("DMSWAIT_REGION", "cn-north-4").set("DMSWAIT_IAM_ENDPOINT", server.URL).set("DMSWAIT_STS_ENDPOINT", server.URL).set("HOME", "/nonexistent")
}

// byAgency logs in by an ID token of GitHub Actions.
func (tr *trial) byAgency(server *simulator.Server) *trial {
	return tr.set("DMSWAIT_PROVIDER_URN", providerURN).set("DMSWAIT_AGENCY_URN", agencyURN).
		set("ACTIONS_ID_TOKEN_REQUEST_URL", server.ActionsURL()).set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "theTokenOfTheRunnerItself")
}

func TestEveryWayToLogIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *trial, *simulator.Server)
		asked   []string // the kinds of requests, in their order
		who     string   // in the log's first line
	}{
		"keyless from GitHub Actions": {
			func(_ *testing.T, tr *trial, s *simulator.Server) { tr.byAgency(s) },
			[]string{"id-token", "assume", "projects", "task"}, "an ID token for agency " + agencyURN + " (from DMSWAIT_PROVIDER_URN)"},
		"keyless with a token given": {
			func(_ *testing.T, tr *trial, s *simulator.Server) {
				tr.set("DMSWAIT_PROVIDER_URN", providerURN).set("DMSWAIT_AGENCY_URN", agencyURN).set("DMSWAIT_ID_TOKEN", s.IDToken("sts.huaweicloud.com", time.Minute))
			},
			[]string{"assume", "projects", "task"}, "an ID token for agency"},
		"keyless with a token in a file": {
			func(t *testing.T, tr *trial, s *simulator.Server) {
				tr.set("DMSWAIT_PROVIDER_URN", providerURN).set("DMSWAIT_AGENCY_URN", agencyURN).set("DMSWAIT_ID_TOKEN_FILE", file(t, s.IDToken("sts.huaweicloud.com", time.Minute)+"\n"))
			},
			[]string{"assume", "projects", "task"}, "an ID token for agency"},
		"keyless by an identity provider": {
			func(t *testing.T, tr *trial, s *simulator.Server) {
				tr.set("DMSWAIT_IDP_ID", "gitlab-idp").set("DMSWAIT_ID_TOKEN", s.IDToken("anything", time.Minute))
			},
			[]string{"idp-token", "idp-keys", "projects", "task"}, "an ID token for identity provider gitlab-idp (from DMSWAIT_IDP_ID)"},
		"user and password": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("DMSWAIT_USERNAME", "waiter").set("DMSWAIT_PASSWORD", userPassword).set("DMSWAIT_DOMAIN_NAME", "acme")
			},
			[]string{"iam-token", "task"}, "user waiter of acme (from DMSWAIT_USERNAME)"},
		"the agency of an ECS": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) { tr.set("DMSWAIT_ECS_METADATA", "true") },
			[]string{"metadata-token", "metadata-keys", "projects", "task"}, "the agency of this ECS (from DMSWAIT_ECS_METADATA)"},
		"an access key": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("DMSWAIT_ACCESS_KEY", accessKey).set("DMSWAIT_SECRET_KEY", secretKey)
			},
			[]string{"projects", "task"}, "access key …NLY0 from DMSWAIT_ACCESS_KEY"},
		"the SDK's variables": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("HUAWEICLOUD_SDK_AK", accessKey).set("HUAWEICLOUD_SDK_SK", secretKey).set("HUAWEICLOUD_SDK_PROJECT_ID", simulator.DefaultProjectID)
			},
			[]string{"task"}, "access key …NLY0 from HUAWEICLOUD_SDK_AK"},
		"the SDK's variables for an identity provider": {
			func(t *testing.T, tr *trial, s *simulator.Server) {
				tr.set("HUAWEICLOUD_SDK_IDP_ID", "gitlab-idp").set("HUAWEICLOUD_SDK_ID_TOKEN_FILE", file(t, s.IDToken("anything", time.Minute)))
			},
			[]string{"idp-token", "idp-keys", "projects", "task"}, "an ID token for identity provider gitlab-idp (from HUAWEICLOUD_SDK_IDP_ID)"},
		"Terraform's variables": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("HW_ACCESS_KEY", accessKey).set("HW_SECRET_KEY", secretKey).set("HW_REGION_NAME", "cn-north-4").set("DMSWAIT_REGION", "")
			},
			[]string{"projects", "task"}, "access key …NLY0 from HW_ACCESS_KEY"},
		"the login action's variables": {
			func(_ *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("HUAWEI_CLOUD_ACCESS_KEY_ID", accessKey).set("HUAWEI_CLOUD_SECRET_ACCESS_KEY", secretKey).set("HUAWEI_CLOUD_PROJECT_ID", simulator.DefaultProjectID).set("HUAWEI_CLOUD_REGION", "cn-north-4")
			},
			[]string{"task"}, "access key …NLY0 from HUAWEI_CLOUD_ACCESS_KEY_ID"},
		"the SDK's profile": {
			func(t *testing.T, tr *trial, _ *simulator.Server) {
				tr.set("DMSWAIT_CREDENTIALS_FILE", file(t, "[basic]\nak = "+accessKey+"\nsk = "+secretKey+"\n"))
			},
			[]string{"projects", "task"}, "access key …NLY0 from ak in credentials_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, account(at(0, "SUCCESS")))
			tr := newLogin(server, "--format", "json").inActions(t)
			c.prepare(t, tr, server)
			tr.runOn(t.Context(), server.URL)
			assert.Equal(t, 0, tr.code, tr.log.String())
			var kinds []string
			for _, asked := range server.Requests() {
				kinds = append(kinds, asked.Kind)
			}
			assert.Equal(t, c.asked, kinds)
			assert.Contains(t, tr.log.String(), "with "+strings.TrimPrefix(c.who, "with "))
			assertNothingLeaks(t, tr, server)
		})
	}
}

func file(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// assertNothingLeaks holds that what came in secret is in masks only, and what was exchanged for it nowhere.
func assertNothingLeaks(t *testing.T, tr *trial, server *simulator.Server) {
	t.Helper()
	var said []string
	for _, line := range strings.Split(tr.log.String(), "\n") {
		if !strings.HasPrefix(line, "::add-mask::") {
			said = append(said, line)
		}
	}
	told := strings.Join(said, "\n") + tr.out.String()
	if tr.output != "" {
		told += fmt.Sprint(tr.outputs(t))
	}
	for _, secret := range append(server.Issued(), secretKey, userPassword, "theTokenOfTheRunnerItself") {
		assert.NotContains(t, told, secret)
	}
	for _, secret := range server.Issued() {
		if !strings.HasPrefix(secret, "ey") { // ID tokens come in, and are masked
			assert.NotContains(t, tr.log.String(), "::add-mask::"+secret, "what was exchanged is not even masked")
		}
	}
}

func TestTheIDTokenOfActionsIsMaskedWhenItComes(t *testing.T) {
	t.Parallel()
	server := start(t, account(at(0, "SUCCESS")))
	tr := newLogin(server).inActions(t).byAgency(server).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Equal(t, 2, strings.Count(tr.log.String(), "::add-mask::"), tr.log.String())
	assert.True(t, strings.HasPrefix(tr.log.String(), "::add-mask::theTokenOfTheRunnerItself\n"))
	assert.Contains(t, tr.log.String(), "::add-mask::ey")
}

func TestCredentialsAreRenewedBeforeTheyEndAndNotOnEveryPoll(t *testing.T) {
	t.Parallel()
	sim := account(at(3000, "SUCCESS"))
	sim.Lifetime = 2 * time.Second
	server := start(t, sim)
	tr := newLogin(server).byAgency(server).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.GreaterOrEqual(t, server.Count("assume"), 2)
	assert.LessOrEqual(t, server.Count("assume"), 6)
	assert.Equal(t, 1, server.Count("projects"), "the project is asked for once")
	assert.Greater(t, server.Count("task"), 50)
}

func TestRevokedCredentialsAreRenewedOnceOn401(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*trial, *simulator.Server){
		"keys": func(tr *trial, s *simulator.Server) { tr.byAgency(s) },
		"token": func(tr *trial, _ *simulator.Server) {
			tr.set("DMSWAIT_USERNAME", "waiter").set("DMSWAIT_PASSWORD", userPassword).set("DMSWAIT_DOMAIN_NAME", "acme")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, account(at(400, "SUCCESS")))
			time.AfterFunc(200*time.Millisecond, server.Revoke)
			tr := newLogin(server)
			prepare(tr, server)
			tr.run(t)
			assert.Equal(t, 0, tr.code, tr.log.String())
			assert.Equal(t, 2, server.Count("assume")+server.Count("iam-token"))
			assert.NotContains(t, tr.log.String(), "401 APIGW")
		})
	}
}

func TestCredentialsThatAreRefusedAtOnceAreNotRenewed(t *testing.T) {
	t.Parallel()
	sim := account(at(0, "SUCCESS"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "task" {
			return simulator.Fault(401, "APIGW.0301", "no")
		}
		return nil
	}
	server := start(t, sim)
	tr := newLogin(server).byAgency(server).set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID).run(t)
	assert.Equal(t, 77, tr.code)
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
			sim := account(at(0, "SUCCESS"))
			sim.Metadata = c.metadata
			server := start(t, sim)
			tr := newLogin(server).set("DMSWAIT_ECS_METADATA", "true").set("HTTP_PROXY", "http://127.0.0.1:9").set("http_proxy", "http://127.0.0.1:9")
			tr.runOn(t.Context(), server.URL)
			assert.Equal(t, c.code, tr.code, tr.log.String())
			assert.Contains(t, tr.log.String(), c.said)
		})
	}
}

func TestTheMetadataServiceIsNotAskedUnasked(t *testing.T) {
	t.Parallel()
	server := start(t, account())
	tr := newLogin(server)
	tr.runOn(t.Context(), server.URL)
	assert.Equal(t, 2, tr.code)
	assert.Empty(t, server.Requests())
	assert.Contains(t, tr.log.String(), "credentials: none were given: give provider_urn")
}

func TestAFreshTokenIsReadFromItsFileForEachExchange(t *testing.T) {
	t.Parallel()
	sim := account(at(4000, "SUCCESS"))
	sim.Lifetime = 3 * time.Second
	server := start(t, sim)
	path := file(t, server.IDToken("sts.huaweicloud.com", 2*time.Second))
	later := server.IDToken("sts.huaweicloud.com", time.Minute)
	time.AfterFunc(1500*time.Millisecond, func() { os.WriteFile(path, []byte(later), 0o600) })
	tr := newLogin(server).inActions(t).set("DMSWAIT_PROVIDER_URN", providerURN).set("DMSWAIT_AGENCY_URN", agencyURN).set("DMSWAIT_ID_TOKEN_FILE", path).run(t)
	assert.Equal(t, 0, tr.code, tr.log.String())
	assert.Contains(t, tr.log.String(), "::add-mask::"+later)
	assertNothingLeaks(t, tr, server)
}

func TestALoginOutsideOfHuaweiCloudIsPointedOut(t *testing.T) {
	t.Parallel()
	server := start(t, account(at(0, "SUCCESS")))
	elsewhere := start(t, account())
	tr := newLogin(server).byAgency(server).set("DMSWAIT_STS_ENDPOINT", elsewhere.URL).set("DMSWAIT_PROJECT_ID", simulator.DefaultProjectID).run(t)
	first, _, _ := strings.Cut(tr.log.String(), "\n")
	assert.Contains(t, first, "logged in at "+elsewhere.URL+" (not a domain of Huawei Cloud)")
}

func TestALoginThatCannotBeRepeatedLeavesTheRefusalAsItWas(t *testing.T) {
	t.Parallel()
	sim := account(at(0, "EXECUTING"))
	sim.Intercept = func(r simulator.Request) *simulator.Response {
		if r.Kind == "assume" && r.Nth > 1 {
			return simulator.Fault(400, "STS5.1001", "the token was used")
		}
		return nil
	}
	server := start(t, sim)
	time.AfterFunc(700*time.Millisecond, server.Revoke)
	tr := newLogin(server, "--max-outage", "2s").inActions(t).byAgency(server).run(t)
	assert.Equal(t, 77, tr.code, tr.log.String())
	assert.Equal(t, "denied", tr.outputs(t)["result"])
	assert.Contains(t, tr.log.String(), "get task")
	assert.Equal(t, 2, server.Count("assume"))
}
