package config

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// familyVars are complete families of variables, in order of precedence.
var familyVars = []struct {
	vars vars
	want loginSummary
}{
	{vars{"HUAWEICLOUD_SDK_AK": "AK1", "HUAWEICLOUD_SDK_SK": "SK1", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST1"},
		login(byKeys, "HUAWEICLOUD_SDK_AK", vars{"access_key": "AK1", "secret_key": "SK1",
			"security_token": "ST1"}, IDToken{})},
	{vars{"HW_ACCESS_KEY": "AK2", "HW_SECRET_KEY": "SK2", "HW_SECURITY_TOKEN": "ST2"},
		login(byKeys, "HW_ACCESS_KEY", vars{"access_key": "AK2", "secret_key": "SK2", "security_token": "ST2"},
			IDToken{})},
	{vars{"HUAWEI_CLOUD_ACCESS_KEY_ID": "AK3", "HUAWEI_CLOUD_SECRET_ACCESS_KEY": "SK3"},
		login(byKeys, "HUAWEI_CLOUD_ACCESS_KEY_ID", vars{"access_key": "AK3", "secret_key": "SK3"}, IDToken{})},
	{vars{"OS_ACCESS_KEY": "AK5", "OS_SECRET_KEY": "SK5", "OS_SECURITY_TOKEN": "ST5"},
		login(byKeys, "OS_ACCESS_KEY", vars{"access_key": "AK5", "secret_key": "SK5", "security_token": "ST5"},
			IDToken{})},
}

func homeWithProfile(t *testing.T, profile string) vars {
	t.Helper()
	home := t.TempDir()
	writeFile(t, filepath.Join(home, ".huaweicloud", "credentials"), profile)
	return vars{"HOME": home, "USERPROFILE": home}
}

func TestFirstFamilyWithCredentialsIsUsedAsAWhole(t *testing.T) {
	t.Parallel()
	profile := homeWithProfile(t, "[basic]\nak=AK4\nsk=SK4\n")
	for first := range familyVars {
		environment := withoutCredentials().with(profile)
		for _, tool := range familyVars[first:] {
			environment = environment.with(tool.vars)
		}
		c, faults := parse(environment)
		assert.Empty(t, faults)
		want := familyVars[first].want
		assert.Equal(t, want, loginOf(c))
		for _, key := range []string{"HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"} {
			environment[key] = ""
		}
		c, faults = parse(environment)
		assert.Empty(t, faults)
		assert.Empty(t, c.Login.Values["security_token"], "never mixed with those of the next family")
	}
	c, faults := parse(withoutCredentials().with(profile))
	assert.Empty(t, faults)
	assert.Equal(t, "AK4", c.Login.Values["access_key"], "the profile comes last")
	path := filepath.Join(profile["HOME"], ".huaweicloud", "credentials")
	c, faults = parse(withoutCredentials().with(familyVars[2].vars), "--credentials-file", path)
	assert.Empty(t, faults)
	assert.Equal(t, "AK4", c.Login.Values["access_key"], "but given as an input, it comes first")
}

func TestInputsTakePrecedenceOverFamilies(t *testing.T) {
	t.Parallel()
	environment := complete().with(homeWithProfile(t, "not a profile"))
	for _, tool := range familyVars {
		environment = environment.with(tool.vars)
	}
	environment = environment.with(vars{"HW_ASSUME_ROLE_AGENCY_NAME": "a",
		"HUAWEICLOUD_SDK_PROJECT_ID": "theirs", "HW_REGION_NAME": "theirs",
		"DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com"})
	c, faults := parse(environment)
	assert.Empty(t, faults)
	assert.Equal(t, login(byKeys, "DMSWAIT_ACCESS_KEY", vars{"access_key": "AK", "secret_key": "SK"}, IDToken{}),
		loginOf(c))
	assert.Equal(t, "p1", c.ProjectID)
	assert.Empty(t, c.Region, "nothing is taken over from a family whose credentials are not used")
}

func TestSDKsIdentityProviderTakesPrecedenceOverItsKeys(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "token")
	idp := vars{"HUAWEICLOUD_SDK_IDP_ID": "gitlab", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": path}
	for _, environment := range []vars{idp, idp.with(familyVars[0].vars)} {
		c, faults := parse(withoutCredentials().with(environment))
		assert.Empty(t, faults)
		want := login(byIdentityProvider, "HUAWEICLOUD_SDK_IDP_ID", vars{"idp_id": "gitlab"}, IDToken{File: path})
		assert.Equal(t, want, loginOf(c))
	}
}

func TestIncompleteFamilyNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "token")
	for _, pair := range [][2]string{
		{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"}, {"HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"},
		{"HW_ACCESS_KEY", "HW_SECRET_KEY"}, {"HUAWEI_CLOUD_ACCESS_KEY_ID", "HUAWEI_CLOUD_SECRET_ACCESS_KEY"},
		{"OS_ACCESS_KEY", "OS_SECRET_KEY"},
	} {
		for n := range pair {
			environment := withoutCredentials().with(vars{pair[n]: path})
			_, faults := parse(environment)
			want := pair[1-n] + " is required with " + pair[n]
			assert.Equal(t, []string{want}, faults)
			_, faults = parse(environment.with(vars{pair[1-n]: " \n"}))
			assert.Equal(t, []string{want}, faults, "a blank value counts as unset")
		}
	}
	// A complete pair does not make up for half of another one: which one is meant would be a guess.
	_, faults := parse(withoutCredentials().with(familyVars[0].vars).with(vars{"HUAWEICLOUD_SDK_IDP_ID": "gitlab"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_ID_TOKEN_FILE is required with HUAWEICLOUD_SDK_IDP_ID"}, faults)
	_, faults = parse(withoutCredentials().with(vars{"HUAWEICLOUD_SDK_IDP_ID": "x",
		"HUAWEICLOUD_SDK_ID_TOKEN_FILE": path, "HUAWEICLOUD_SDK_SK": "SK"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_AK is required with HUAWEICLOUD_SDK_SK"}, faults)
	_, faults = parse(withoutCredentials().with(familyVars[1].vars).with(vars{"HUAWEICLOUD_SDK_AK": "AK"}))
	assert.Equal(t, []string{"HUAWEICLOUD_SDK_SK is required with HUAWEICLOUD_SDK_AK"}, faults,
		"nothing is taken over from the next family")
}

func TestBlankVariablesOfAFamilyCountAsUnset(t *testing.T) {
	t.Parallel()
	blank := vars{"HUAWEICLOUD_SDK_AK": " ", "HUAWEICLOUD_SDK_SK": "\n", "HUAWEICLOUD_SDK_IDP_ID": "\t",
		"HW_ASSUME_ROLE_DOMAIN_ID": " "}
	_, faults := parse(withoutCredentials().with(blank))
	if assert.Len(t, faults, 1) {
		assert.Contains(t, faults[0], "credentials are required")
	}
	c, faults := parse(withoutCredentials().with(blank).with(vars{"HW_ACCESS_KEY": " AK2 ",
		"HW_SECRET_KEY": "SK2\n"}))
	assert.Empty(t, faults)
	assert.Equal(t, "AK2", c.Login.Values["access_key"])
	assert.Equal(t, "SK2", c.Login.Values["secret_key"])
}

func TestTerraformsAssumedRolesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME",
		"HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DURATION", "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN",
		"HW_ASSUME_ROLE_ID_TOKEN_FILE", "OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME"} {
		_, faults := parse(withoutCredentials().with(familyVars[1].vars).with(vars{name: "x"}))
		assert.Equal(t, []string{name + " makes Terraform assume a role, which dmswait cannot do: unset it, or " +
			"set access_key and secret_key"}, faults)
		_, faults = parse(withoutCredentials().with(familyVars[0].vars).with(vars{name: "x"}))
		assert.Empty(t, faults, "no matter with the credentials of another family")
		_, faults = parse(withoutCredentials().with(familyVars[2].vars).with(vars{name: "x"}))
		assert.Empty(t, faults)
	}
}

func TestFamilyProvidesProjectRegionAndIAMWhereNoInputDoes(t *testing.T) {
	t.Parallel()
	bare := vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "t1"}
	type place struct{ projectID, projectName, region, iam string }
	for name, test := range map[string]struct {
		vars vars
		want place
	}{
		"the SDK's": {familyVars[0].vars.with(vars{"HUAWEICLOUD_SDK_PROJECT_ID": "their-p",
			"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.their.example", "DMSWAIT_REGION": "cn-north-4"}),
			place{"their-p", "", "cn-north-4", "https://iam.their.example"}},
		"Terraform's": {familyVars[1].vars.with(vars{"HW_PROJECT_ID": "their-p",
			"HW_REGION_NAME": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"Terraform's name": {familyVars[1].vars.with(vars{"HW_PROJECT_NAME": "their-n",
			"HW_REGION_NAME": "cn-north-1"}), place{"", "their-n", "cn-north-1", ""}},
		"Terraform's region": {familyVars[1].vars.with(vars{"HW_REGION_NAME": "cn-north-1"}),
			place{"", "cn-north-1", "cn-north-1", ""}},
		"Terraform's id and name": {familyVars[1].vars.with(vars{"HW_PROJECT_ID": "their-p",
			"HW_PROJECT_NAME": "their-n", "HW_REGION_NAME": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"the login action's": {familyVars[2].vars.with(vars{"HUAWEI_CLOUD_PROJECT_ID": "their-p",
			"HUAWEI_CLOUD_REGION": "cn-north-1"}), place{"their-p", "", "cn-north-1", ""}},
		"an input's project": {familyVars[1].vars.with(vars{"HW_PROJECT_ID": "their-p",
			"HW_PROJECT_NAME": "their-n", "HW_REGION_NAME": "cn-north-1", "DMSWAIT_PROJECT_ID": "mine"}),
			place{"mine", "", "cn-north-1", ""}},
		"an input's project name": {familyVars[1].vars.with(vars{"HW_PROJECT_ID": "their-p",
			"HW_REGION_NAME": "cn-north-1", "DMSWAIT_PROJECT_NAME": "my-n"}),
			place{"", "my-n", "cn-north-1", ""}},
		"an input's region": {familyVars[2].vars.with(vars{"HUAWEI_CLOUD_PROJECT_ID": "their-p",
			"HUAWEI_CLOUD_REGION": "cn-north-1", "DMSWAIT_REGION": "cn-north-4"}),
			place{"their-p", "", "cn-north-4", ""}},
		"an input's IAM": {familyVars[0].vars.with(vars{
			"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.their.example",
			"DMSWAIT_IAM_ENDPOINT":         "https://iam.my.example", "DMSWAIT_REGION": "cn-north-4"}),
			place{"", "cn-north-4", "cn-north-4", "https://iam.my.example"}},
		"not another family's": {familyVars[2].vars.with(vars{"HUAWEICLOUD_SDK_PROJECT_ID": "sdk",
			"HW_PROJECT_ID": "tf", "HW_REGION_NAME": "tf", "HUAWEI_CLOUD_REGION": "cn-north-1"}),
			place{"", "cn-north-1", "cn-north-1", ""}},
	} {
		c, faults := parse(bare.with(test.vars))
		assert.Empty(t, faults, name)
		assert.Equal(t, test.want, place{c.ProjectID, c.ProjectName, c.Region, c.IAMEndpoint}, name)
	}
	c, _ := parse(bare.with(familyVars[1].vars).with(vars{"HW_REGION_NAME": "cn-north-1"}))
	assert.Equal(t, "HW_REGION_NAME", c.Source("region"))
	assert.Equal(t, "https://dms.cn-north-1.myhuaweicloud.com", c.Endpoint)
}

func TestInvalidValueOfAFamilyIsNamedByItsVariable(t *testing.T) {
	t.Parallel()
	for variable, test := range map[string]struct {
		value string
		with  int // index in familyVars
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
		"OS_SECRET_KEY":                  {"hunter 2", 3},
		"OS_REGION_NAME":                 {"EU-DE", 3},
	} {
		environment := withoutCredentials().with(familyVars[test.with].vars).with(vars{"DMSWAIT_PROJECT_ID": "",
			"DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com",
			"DMSWAIT_PROJECT_NAME": "", "DMSWAIT_IAM_ENDPOINT": "", variable: test.value})
		_, faults := parse(environment)
		assert.Len(t, faultsOf(faults, variable), 1, "%s: %q", variable, faults)
		for _, fault := range faults {
			assert.NotContains(t, fault, "hunter")
		}
	}
}
