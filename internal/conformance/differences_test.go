package conformance

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rocketmq/v2/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
)

// The tests in this file document where we differ from the SDK. They fail when a difference disappears.

// Shells and YAML leave blanks around a variable. To the SDK they are part of the key.
func TestOnlyWeTrimBlanksAroundAVariable(t *testing.T) {
	getenv, _ := places(t, map[string]string{"AK": " AK", "SK": "SK\n", "PROJECT_ID": "p "}, "")
	got, faults := readByUs(getenv)
	assert.Empty(t, faults)
	assert.Equal(t, identity{AccessKey: "AK", SecretKey: "SK", ProjectID: "p"}, got)
	theirs, err := readBySDK()
	assert.NoError(t, err)
	assert.Equal(t, identity{AccessKey: " AK", SecretKey: "SK\n", ProjectID: "p "}, theirs)
}

func TestBothTrimBlanksAroundAnIDToken(t *testing.T) {
	for _, around := range []string{"\n", "\r\n", "\n\n", " \n"} {
		cloud := startCloud(t, nil)
		vars := variables(t, cloud)
		file := filepath.Join(vars["HOME"], "id-token")
		write(t, file, cloud.IDToken("any", time.Hour)+around)
		vars["HUAWEICLOUD_SDK_IDP_ID"], vars["HUAWEICLOUD_SDK_ID_TOKEN_FILE"], vars["HUAWEICLOUD_SDK_IAM_ENDPOINT"] = "idp", file, cloud.URL
		theirs, own := both(t, cloud, vars)
		_, err := theirs.ShowBackgroundTask(&model.ShowBackgroundTaskRequest{InstanceId: instance, TaskId: task})
		require.NoError(t, err, "%q", around)
		_, err = own.Task(t.Context(), instance, task)
		assert.NoError(t, err, "%q", around)
	}
}

// The SDK's variable for IAM's endpoint applies to the credentials of its profile, too. We use a family of
// variables as a whole or not at all.
func TestOnlyTheSDKAppliesTheIAMVariableToItsProfile(t *testing.T) {
	cloud := startCloud(t, nil)
	vars := map[string]string{"HOME": t.TempDir(), "HUAWEICLOUD_SDK_IAM_ENDPOINT": cloud.URL}
	write(t, filepath.Join(vars["HOME"], ".huaweicloud", "credentials"), "[basic]\nak=AK\nsk=SK\n")
	getenv := environment(t, vars)
	credentials, err := byProfile("", "")
	require.NoError(t, err)
	sdkClient(t, cloud, credentials)
	assert.Equal(t, 1, cloud.Count("projects"))

	c, faults := config.Parse(t.Context(), []string{"--instance-id=" + instance, "--task-id=" + task, "--region=cn-north-4"}, getenv, nil)
	assert.Empty(t, faults)
	assert.Empty(t, c.IAMEndpoint)
}

// The SDK's INI reader skips a byte order mark of UTF-16, and then reads single bytes. We refuse what is not UTF-8.
func TestOnlyWeRefuseProfilesThatAreNotUTF8(t *testing.T) {
	getenv, _ := places(t, nil, "\xff\xfe[basic]=\nproject_id=p\n[basic]\nak=AK\nsk=SK\n")
	_, faults := readByUs(getenv)
	assert.Len(t, faults, 1)
	theirs, err := readBySDK()
	assert.NoError(t, err)
	assert.Equal(t, identity{AccessKey: "AK", SecretKey: "SK", ProjectID: "p"}, theirs)
}
