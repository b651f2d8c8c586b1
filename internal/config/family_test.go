package config

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// tools are whole families of the cloud's variables, in the order in which they count.
var tools = []struct {
	vars vars
	want summary
}{
	{vars{"HUAWEICLOUD_SDK_AK": "AK1", "HUAWEICLOUD_SDK_SK": "SK1", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST1"},
		login(byKeys, "HUAWEICLOUD_SDK_AK", vars{"access_key": "AK1", "secret_key": "SK1", "security_token": "ST1"}, IDToken{})},
	{vars{"HW_ACCESS_KEY": "AK2", "HW_SECRET_KEY": "SK2", "HW_SECURITY_TOKEN": "ST2"},
		login(byKeys, "HW_ACCESS_KEY", vars{"access_key": "AK2", "secret_key": "SK2", "security_token": "ST2"}, IDToken{})},
	{vars{"HUAWEI_CLOUD_ACCESS_KEY_ID": "AK3", "HUAWEI_CLOUD_SECRET_ACCESS_KEY": "SK3"},
		login(byKeys, "HUAWEI_CLOUD_ACCESS_KEY_ID", vars{"access_key": "AK3", "secret_key": "SK3"}, IDToken{})},
}

func homeWith(t *testing.T, profile string) vars {
	t.Helper()
	home := t.TempDir()
	write(t, filepath.Join(home, ".huaweicloud", "credentials"), profile)
	return vars{"HOME": home, "USERPROFILE": home}
}

func TestTheFirstFamilyThatIsThereIsTakenWhole(t *testing.T) {
	t.Parallel()
	profile := homeWith(t, "[basic]\nak=AK4\nsk=SK4\n")
	for first := range tools {
		environment := anonymous().with(profile)
		for _, tool := range tools[first:] {
			environment = environment.with(tool.vars)
		}
		c, faults := read(environment)
		assert.Empty(t, faults)
		want := tools[first].want
		assert.Equal(t, want, loginOf(c))
		for _, key := range []string{"HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"} {
			environment[key] = ""
		}
		c, faults = read(environment)
		assert.Empty(t, faults)
		assert.Empty(t, c.Login.Values["security_token"], "never mixed with the next one's")
	}
	c, faults := read(anonymous().with(profile))
	assert.Empty(t, faults)
	assert.Equal(t, "AK4", c.Login.Values["access_key"], "the profile comes last")
	c, faults = read(anonymous().with(tools[2].vars).with(vars{"DMSWAIT_CREDENTIALS_FILE": profile["HOME"] + "/.huaweicloud/credentials"}))
	assert.Empty(t, faults)
	assert.Equal(t, "AK3", c.Login.Values["access_key"], "even when it is named")
}

func TestInputsGoBeforeFamilies(t *testing.T) {
	t.Parallel()
	environment := complete().with(homeWith(t, "not a profile"))
	for _, tool := range tools {
		environment = environment.with(tool.vars)
	}
	environment = environment.with(vars{"HW_ASSUME_ROLE_AGENCY_NAME": "a", "HUAWEICLOUD_SDK_PROJECT_ID": "theirs", "HW_REGION_NAME": "theirs",
		"DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com"})
	c, faults := read(environment)
	assert.Empty(t, faults)
	assert.Equal(t, login(byKeys, "DMSWAIT_ACCESS_KEY", vars{"access_key": "AK", "secret_key": "SK"}, IDToken{}), loginOf(c))
	assert.Equal(t, "p1", c.ProjectID)
	assert.Empty(t, c.Region, "nothing comes from a family whose credentials are not used")
}

func TestTheSDKsIdentityProviderGoesBeforeItsKeys(t *testing.T) {
	t.Parallel()
	path := file(t, "token")
	idp := vars{"HUAWEICLOUD_SDK_IDP_ID": "gitlab", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": path}
	for _, environment := range []vars{idp, idp.with(tools[0].vars)} {
		c, faults := read(anonymous().with(environment))
		assert.Empty(t, faults)
		want := login(byIdentityProvider, "HUAWEICLOUD_SDK_IDP_ID", vars{"idp_id": "gitlab"}, IDToken{File: path})
		assert.Equal(t, want, loginOf(c))
	}
}

func TestHalfAFamilyIsAFaultThatNamesTheOtherHalf(t *testing.T) {
	t.Parallel()
	path := file(t, "token")
	for _, pair := range [][2]string{
		{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"}, {"HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"},
		{"HW_ACCESS_KEY", "HW_SECRET_KEY"}, {"HUAWEI_CLOUD_ACCESS_KEY_ID", "HUAWEI_CLOUD_SECRET_ACCESS_KEY"},
	} {
		for n := range pair {
			environment := anonymous().with(vars{pair[n]: path})
			_, faults := read(environment)
			want := pair[1-n] + " is required with " + pair[n]
			assert.Equal(t, []string{want}, faults)
			_, faults = read(environment.with(vars{pair[1-n]: " \n"}))
			assert.Equal(t, []string{want}, faults, "blanks are none")
		}
	}
	// A whole pair does not make up for half of another one: it would be a guess which is meant.
	_, faults := read(anonymous().with(tools[0].vars).with(vars{"HUAWEICLOUD_SDK_IDP_ID": "gitlab"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_ID_TOKEN_FILE is required with HUAWEICLOUD_SDK_IDP_ID"}, faults)
	_, faults = read(anonymous().with(vars{"HUAWEICLOUD_SDK_IDP_ID": "x", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": path, "HUAWEICLOUD_SDK_SK": "SK"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_AK is required with HUAWEICLOUD_SDK_SK"}, faults)
	_, faults = read(anonymous().with(tools[1].vars).with(vars{"HUAWEICLOUD_SDK_AK": "AK"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_SK is required with HUAWEICLOUD_SDK_AK"}, faults, "the next family does not help out")
}

func TestBlanksMakeNoFamily(t *testing.T) {
	t.Parallel()
	blank := vars{"HUAWEICLOUD_SDK_AK": " ", "HUAWEICLOUD_SDK_SK": "\n", "HUAWEICLOUD_SDK_IDP_ID": "\t", "HW_ASSUME_ROLE_DOMAIN_ID": " "}
	_, faults := read(anonymous().with(blank))
	if assert.Len(t, faults, 1) {
		assert.Contains(t, faults[0], "credentials are required")
	}
	c, faults := read(anonymous().with(blank).with(vars{"HW_ACCESS_KEY": " AK2 ", "HW_SECRET_KEY": "SK2\n"}))
	assert.Empty(t, faults)
	assert.Equal(t, "AK2", c.Login.Values["access_key"])
	assert.Equal(t, "SK2", c.Login.Values["secret_key"])
}

func TestTerraformsAssumedRolesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DURATION"} {
		_, faults := read(anonymous().with(tools[1].vars).with(vars{name: "x"}))
		assert.Equal(t, []string{name + " makes Terraform assume a role, which dmswait cannot: unset it, or set access_key and secret_key"}, faults)
		_, faults = read(anonymous().with(tools[0].vars).with(vars{name: "x"}))
		assert.Empty(t, faults, "beside another family it means nothing")
		_, faults = read(anonymous().with(tools[2].vars).with(vars{name: "x"}))
		assert.Empty(t, faults)
	}
}

func TestProjectRegionAndIAMComeWithAFamilyWhereNoInputGivesThem(t *testing.T) {
	t.Parallel()
	bare := vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "t1"}
	type place struct{ projectID, projectName, region, iam string }
	for name, test := range map[string]struct {
		vars vars
		want place
	}{
		"the SDK's": {tools[0].vars.with(vars{"HUAWEICLOUD_SDK_PROJECT_ID": "their-p", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.their.example", "DMSWAIT_REGION": "cn-north-4"}),
			place{"their-p", "", "cn-north-4", "https://iam.their.example"}},
		"Terraform's":             {tools[1].vars.with(vars{"HW_PROJECT_ID": "their-p", "HW_REGION_NAME": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"Terraform's name":        {tools[1].vars.with(vars{"HW_PROJECT_NAME": "their-n", "HW_REGION_NAME": "cn-north-1"}), place{"", "their-n", "cn-north-1", ""}},
		"Terraform's region":      {tools[1].vars.with(vars{"HW_REGION_NAME": "cn-north-1"}), place{"", "cn-north-1", "cn-north-1", ""}},
		"Terraform's id and name": {tools[1].vars.with(vars{"HW_PROJECT_ID": "their-p", "HW_PROJECT_NAME": "their-n", "HW_REGION_NAME": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"the login action's":      {tools[2].vars.with(vars{"HUAWEI_CLOUD_PROJECT_ID": "their-p", "HUAWEI_CLOUD_REGION": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"an input's project": {tools[1].vars.with(vars{"HW_PROJECT_ID": "their-p", "HW_PROJECT_NAME": "their-n", "HW_REGION_NAME": "cn-north-1", "DMSWAIT_PROJECT_ID": "mine"}),
			place{"mine", "", "cn-north-1", ""}},
		"an input's project name": {tools[1].vars.with(vars{"HW_PROJECT_ID": "their-p", "HW_REGION_NAME": "cn-north-1", "DMSWAIT_PROJECT_NAME": "my-n"}),
			place{"", "my-n", "cn-north-1", ""}},
		"an input's region": {tools[2].vars.with(vars{"HUAWEI_CLOUD_PROJECT_ID": "their-p", "HUAWEI_CLOUD_REGION": "cn-north-1", "DMSWAIT_REGION": "cn-north-4"}),
			place{"their-p", "", "cn-north-4", ""}},
		"an input's IAM": {tools[0].vars.with(vars{"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.their.example", "DMSWAIT_IAM_ENDPOINT": "https://iam.my.example", "DMSWAIT_REGION": "cn-north-4"}),
			place{"", "cn-north-4", "cn-north-4", "https://iam.my.example"}},
		"not another family's": {tools[2].vars.with(vars{"HUAWEICLOUD_SDK_PROJECT_ID": "sdk", "HW_PROJECT_ID": "tf", "HW_REGION_NAME": "tf", "HUAWEI_CLOUD_REGION": "cn-north-1"}),
			place{"", "cn-north-1", "cn-north-1", ""}},
	} {
		c, faults := read(bare.with(test.vars))
		assert.Empty(t, faults, name)
		assert.Equal(t, test.want, place{c.ProjectID, c.ProjectName, c.Region, c.IAMEndpoint}, name)
	}
	c, _ := read(bare.with(tools[1].vars).with(vars{"HW_REGION_NAME": "cn-north-1"}))
	assert.Equal(t, "HW_REGION_NAME", c.Source("region"))
	assert.Equal(t, "https://dms.cn-north-1.myhuaweicloud.com", c.Endpoint)
}

func TestABadValueOfAFamilyIsNamedByItsVariable(t *testing.T) {
	t.Parallel()
	for variable, test := range map[string]struct {
		value string
		with  int // the family it is of
	}{
		"HUAWEICLOUD_SDK_AK":             {"A K", 0},
		"HUAWEICLOUD_SDK_SK":             {"hunter 2", 0},
		"HUAWEICLOUD_SDK_SECURITY_TOKEN": {"hunter\n2", 0},
		"HUAWEICLOUD_SDK_PROJECT_ID":     {"a/b", 0},
		"HUAWEICLOUD_SDK_IAM_ENDPOINT":   {"http://hunter:2@iam", 0},
		"HW_SECRET_KEY":                  {"hunter 2", 1},
		"HW_PROJECT_ID":                  {"a b", 1},
		"HW_PROJECT_NAME":                {"a\nb", 1},
		"HW_REGION_NAME":                 {"CN", 1},
		"HUAWEI_CLOUD_ACCESS_KEY_ID":     {"ä", 2},
		"HUAWEI_CLOUD_PROJECT_ID":        {"..", 2},
		"HUAWEI_CLOUD_REGION":            {"cn_north", 2},
	} {
		environment := anonymous().with(tools[test.with].vars).with(vars{"DMSWAIT_PROJECT_ID": "", "DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com",
			"DMSWAIT_PROJECT_NAME": "", "DMSWAIT_IAM_ENDPOINT": "", variable: test.value})
		_, faults := read(environment)
		assert.Len(t, about(faults, variable), 1, "%s: %q", variable, faults)
		for _, fault := range faults {
			assert.NotContains(t, fault, "hunter")
		}
	}
}
