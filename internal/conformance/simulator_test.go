package conformance

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/provider"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	rocketmq "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rocketmq/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rocketmq/v2/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/simulator"
)

// running is a task that has not ended, with unusual characters where a service might put them.
var running = simulator.Task{
	ID: "ff80808272dcc90f0172df1e490f41b1", Name: "extendInstance <ä>", UserName: "用户", UserID: "u&1", Params: `{"a":"\"\\ \u2028 ` + "\u2028" + `"}`,
	Age: time.Hour, Steps: []simulator.Step{{Status: "EXECUTING"}}, Progress: []simulator.ProgressStep{{Percent: 42}},
	CreatedAt: "1767323045000", UpdatedAt: "2026-01-02T11:04:05+0800",
}

// method is one way to log in, for the SDK and for us. {url} stands for the cloud's, {token} for a file with
// an ID token, {profile} for the profile's file.
type method struct {
	sdk     func(endpoint, idToken string) (auth.ICredential, error)
	vars    map[string]string // the environment
	profile string
	lookups int // of the project by its name, by both together
}

func byEnvironment(string, string) (auth.ICredential, error) {
	return provider.BasicCredentialEnvProvider().GetCredentials()
}

func byProfile(string, string) (auth.ICredential, error) {
	return provider.BasicCredentialProfileProvider().GetCredentials()
}

func built(build func(builder *basic.CredentialsBuilder, endpoint, idToken string)) func(endpoint, idToken string) (auth.ICredential, error) {
	return func(endpoint, idToken string) (auth.ICredential, error) {
		builder := basic.NewCredentialsBuilder()
		build(builder, endpoint, idToken)
		return builder.SafeBuild()
	}
}

var methods = map[string]method{
	"keys": {
		sdk:  built(func(b *basic.CredentialsBuilder, _, _ string) { b.WithAk("AK").WithSk("SK").WithProjectId(project) }),
		vars: map[string]string{"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "SK", "DMSWAIT_PROJECT_ID": project},
	},
	"temporary keys": {
		sdk: built(func(b *basic.CredentialsBuilder, _, _ string) {
			b.WithAk("TEMPORARY").WithSk("SK").WithSecurityToken("TOKEN+/==").WithProjectId(project)
		}),
		vars: map[string]string{"DMSWAIT_ACCESS_KEY": "TEMPORARY", "DMSWAIT_SECRET_KEY": "SK", "DMSWAIT_SECURITY_TOKEN": "TOKEN+/==", "DMSWAIT_PROJECT_ID": project},
	},
	"keys, and the project by its region": {
		sdk: built(func(b *basic.CredentialsBuilder, url, _ string) {
			b.WithAk("AK").WithSk("SK").WithIamEndpointOverride(url)
		}),
		vars:    map[string]string{"DMSWAIT_ACCESS_KEY": "AK", "DMSWAIT_SECRET_KEY": "SK", "DMSWAIT_IAM_ENDPOINT": "{url}"},
		lookups: 2,
	},
	"identity provider": {
		sdk: built(func(b *basic.CredentialsBuilder, url, idToken string) {
			b.WithIdpId("idp").WithIdTokenFile(idToken).WithIamEndpointOverride(url).WithProjectId(project)
		}),
		vars: map[string]string{"DMSWAIT_IDP_ID": "idp", "DMSWAIT_ID_TOKEN_FILE": "{token}", "DMSWAIT_IAM_ENDPOINT": "{url}", "DMSWAIT_PROJECT_ID": project},
	},
	"variables with temporary keys": {
		sdk: byEnvironment,
		vars: map[string]string{"HUAWEICLOUD_SDK_AK": "TEMPORARY", "HUAWEICLOUD_SDK_SK": "SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "TOKEN+/==",
			"HUAWEICLOUD_SDK_PROJECT_ID": project},
	},
	"variables with keys, and the project by its region": {
		sdk:     byEnvironment,
		vars:    map[string]string{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "{url}"},
		lookups: 2,
	},
	"variables with an identity provider, and the project by its region": {
		sdk:     byEnvironment,
		vars:    map[string]string{"HUAWEICLOUD_SDK_IDP_ID": "idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "{token}", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "{url}"},
		lookups: 2,
	},
	"profile at home": {
		sdk:     byProfile,
		profile: "[basic]\nak = TEMPORARY\nsk = SK\nsecurity_token = TOKEN+/==\nproject_id = " + project + "\n",
	},
	"named profile with an identity provider, and the project by its region": {
		sdk:     byProfile,
		vars:    map[string]string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "{profile}"},
		profile: "[basic]\nidp_id = idp\nid_token_file = {token}\niam_endpoint = {url}\n",
		lookups: 2,
	},
}

func TestSDKAndWeReadTheSameTaskFromTheSimulator(t *testing.T) {
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			cloud := startCloud(t, nil)
			home := t.TempDir()
			idToken, profile := filepath.Join(home, "id-token"), filepath.Join(home, ".huaweicloud", "credentials")
			write(t, idToken, cloud.IDToken("any", time.Hour)+"\n")
			fill := strings.NewReplacer("{url}", cloud.URL, "{token}", idToken, "{profile}", profile).Replace
			if method.profile != "" {
				write(t, profile, fill(method.profile))
			}
			vars := map[string]string{"HOME": home, "DMSWAIT_REGION": cloud.region, "DMSWAIT_ENDPOINT": cloud.URL}
			for name, value := range method.vars {
				vars[name] = fill(value)
			}
			getenv := environment(t, vars)

			credentials, err := method.sdk(cloud.URL, idToken)
			require.NoError(t, err)
			theirs := sdkClient(t, cloud, credentials)
			own := login(t, getenv, cloud.transport)
			for _, want := range []simulator.Task{simulator.ExampleTask, running} {
				shown, err := theirs.ShowBackgroundTask(&model.ShowBackgroundTaskRequest{InstanceId: instance, TaskId: want.ID})
				require.NoError(t, err)
				require.Len(t, *shown.Tasks, 1)
				got, err := own.Task(t.Context(), instance, want.ID)
				require.NoError(t, err)
				assert.Equal(t,
					[]seen{{want.ID, want.Name, want.UserName, want.UserID, want.Params, want.Steps[0].Status, want.CreatedAt, want.UpdatedAt}}, seenByUs(got))
				assert.Equal(t, seenByUs(got), seenBySDK(*shown.Tasks))
			}
			assert.Equal(t, method.lookups, cloud.Count("projects"))
		})
	}
}

func TestSDKAndWeListTheSameTasks(t *testing.T) {
	cloud := startCloud(t, nil)
	theirs, own := both(t, cloud, variables(t, cloud))
	page := int32(client.PageSize)
	listed, err := theirs.ListBackgroundTasks(&model.ListBackgroundTasksRequest{InstanceId: instance, Limit: &page})
	require.NoError(t, err)
	list, err := own.Tasks(t.Context(), instance)
	require.NoError(t, err)
	assert.Len(t, list.Tasks, 2)
	assert.Equal(t, seenByUs(list.Tasks...), seenBySDK(*listed.Tasks))
}

// In the documentation's example, and in the simulator, the times of steps are numbers. The SDK's model has text, and
// cannot read the example.
func TestProgressIsReadWhereTheSDKReadsItAndWhereItCannot(t *testing.T) {
	for body, readable := range map[string]bool{
		`{"progress_percentage":42,"remain_time":0,"step_list":[{"name":"expand","statue":"IN_PROGRESS","start_time":"1763350067752"}]}`: true,
		"": false, // the simulator's own
	} {
		cloud := startCloud(t, func(simulator.Request) *simulator.Response {
			if body == "" {
				return nil
			}
			return &simulator.Response{Body: body}
		})
		theirs, own := both(t, cloud, variables(t, cloud))
		got, err := own.Progress(t.Context(), instance, running.ID)
		require.NoError(t, err)
		assert.EqualValues(t, 42, got.Percent)
		progress, err := theirs.ShowBackgroundTaskProgress(&model.ShowBackgroundTaskProgressRequest{InstanceId: instance, TaskId: running.ID})
		if !readable {
			assert.ErrorContains(t, err, "model.StepDetail.StartTime: ReadString")
			continue
		}
		require.NoError(t, err)
		assert.EqualValues(t, 42, *progress.ProgressPercentage)
		step := (*progress.StepList)[0]
		assert.Equal(t, []client.Step{{Name: *step.Name, State: *step.Statue}}, got.Steps)
	}
}

// variables returns an environment with permanent keys.
func variables(t *testing.T, at cloud) map[string]string {
	t.Helper()
	return map[string]string{"HOME": t.TempDir(), "DMSWAIT_REGION": at.region, "DMSWAIT_ENDPOINT": at.URL,
		"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HUAWEICLOUD_SDK_PROJECT_ID": project}
}

// both returns the SDK's client and ours for the same environment.
func both(t *testing.T, at cloud, vars map[string]string) (*rocketmq.RocketMQClient, *client.Client) {
	t.Helper()
	getenv := environment(t, vars)
	credentials, err := byEnvironment("", "")
	require.NoError(t, err)
	return sdkClient(t, at, credentials), login(t, getenv, at.transport)
}

func TestSimulatorRefusesTheSDKAsItRefusesUs(t *testing.T) {
	for name, other := range map[string]map[string]string{
		"another secret key":       {"HUAWEICLOUD_SDK_SK": "SL"},
		"another access key":       {"HUAWEICLOUD_SDK_AK": "AK9"},
		"another security token":   {"HUAWEICLOUD_SDK_AK": "TEMPORARY", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "OTHER"},
		"no security token":        {"HUAWEICLOUD_SDK_AK": "TEMPORARY"},
		"a needless one":           {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "OTHER"},
		"another project than its": {"HUAWEICLOUD_SDK_PROJECT_ID": strings.Repeat("f", 32)},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := startCloud(t, nil)
			vars := variables(t, cloud)
			maps.Copy(vars, other)
			theirs, own := both(t, cloud, vars)

			_, err := theirs.ShowBackgroundTask(&model.ShowBackgroundTaskRequest{InstanceId: instance, TaskId: task})
			var refusal *sdkerr.ServiceResponseError
			require.ErrorAs(t, err, &refusal)
			_, err = own.Task(t.Context(), instance, task)
			requireDenied(t, err)
			var ours *client.Error
			require.ErrorAs(t, err, &ours)
			assert.Equal(t, []any{ours.Response.StatusCode, ours.Code}, []any{refusal.StatusCode, refusal.ErrorCode})
		})
	}
}
