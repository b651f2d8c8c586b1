package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const giveEndpoints = ", or set endpoint and iam_endpoint"

// place is whom a configuration asks.
type place struct {
	region, dms string
	iam         []string
}

func placeOf(c *Config) place { return place{c.Region, c.Endpoint, c.IAMEndpoints()} }

var (
	bareTask  = vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "t1"}
	terraform = bareTask.with(vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK", "HW_REGION_NAME": "cn-north-4"})
	telekom   = bareTask.with(vars{"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": "SK"})
)

func TestVariablesThatNameACloudDecideWhomWeAsk(t *testing.T) {
	t.Parallel()
	partner := place{"ru-1", "https://dms.ru-1.hc.cloud.example",
		[]string{"https://iam.ru-1.hc.cloud.example", "https://iam.hc.cloud.example"}}
	inGermany := place{"eu-de", "https://dms.eu-de.otc.t-systems.com", []string{"https://iam.eu-de.otc.t-systems.com"}}
	withIAM := func(p place, iam string) place { return place{p.region, p.dms, []string{iam}} }
	for name, test := range map[string]struct {
		vars vars
		want place
	}{
		"HW_CLOUD": {terraform.with(vars{"HW_CLOUD": "hc.cloud.example", "HW_REGION_NAME": "ru-1"}), partner},
		"HW_CLOUD and its IAM": {terraform.with(vars{"HW_CLOUD": "HC.cloud.example", "HW_REGION_NAME": "ru-1",
			"HW_AUTH_URL": "https://iam.ru-1.hc.cloud.example:443/v3/"}),
			withIAM(partner, "https://iam.ru-1.hc.cloud.example:443")},
		"HW_CLOUD and its IAM alone": {terraform.with(vars{"HW_CLOUD": "hc.cloud.example", "HW_REGION_NAME": "",
			"HW_AUTH_URL": "https://iam.ru-1.hc.cloud.example/v3"}),
			withIAM(partner, "https://iam.ru-1.hc.cloud.example")},
		"the global IAM": {terraform.with(vars{"HW_AUTH_URL": "https://iam.myhuaweicloud.com:443/v3"}),
			place{"cn-north-4", "https://dms.cn-north-4.myhuaweicloud.com", []string{"https://iam.myhuaweicloud.com:443"}}},
		"Open Telekom Cloud by HW_CLOUD": {terraform.with(vars{"HW_CLOUD": "otc.t-systems.com",
			"HW_REGION_NAME": "eu-de"}), inGermany},
		"Open Telekom Cloud by its region": {telekom.with(vars{"OS_REGION_NAME": "eu-de"}), inGermany},
		"Open Telekom Cloud by its IAM": {telekom.with(vars{"OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3"}),
			inGermany},
		"a region of Huawei Cloud": {telekom.with(vars{"OS_REGION_NAME": "eu-west-101",
			"OS_AUTH_URL": "https://iam.eu-west-101.myhuaweicloud.eu/v3"}), place{"eu-west-101",
			"https://dms.eu-west-101.myhuaweicloud.eu", []string{"https://iam.eu-west-101.myhuaweicloud.eu"}}},
		"an endpoint, and another cloud's IAM": {terraform.with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com",
			"HW_AUTH_URL": "https://keystone.example.com:5000/v3"}), place{"cn-north-4", "https://dms.example.com",
			[]string{"https://keystone.example.com:5000"}}},
		"both endpoints": {terraform.with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com", "HW_CLOUD": "?",
			"DMSWAIT_IAM_ENDPOINT": "https://iam.example.com", "HW_AUTH_URL": "?"}),
			place{"cn-north-4", "https://dms.example.com", []string{"https://iam.example.com"}}},
		"the IAM given": {terraform.with(vars{"DMSWAIT_IAM_ENDPOINT": "https://iam.example.com", "HW_AUTH_URL": "?"}),
			place{"cn-north-4", "https://dms.cn-north-4.myhuaweicloud.com", []string{"https://iam.example.com"}}},
		"another family's": {telekom.with(vars{"OS_REGION_NAME": "eu-de", "HW_CLOUD": "?", "HW_AUTH_URL": "?"}), inGermany},
		"keys given": {complete().with(vars{"HW_CLOUD": "?", "OS_AUTH_URL": "?", "OS_CLOUD": "otc"}),
			place{"cn-north-4", "https://dms.cn-north-4.myhuaweicloud.com",
				[]string{"https://iam.cn-north-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com"}}},
	} {
		c, faults := parse(test.vars)
		assert.Empty(t, faults, name)
		assert.Equal(t, test.want, placeOf(c), name)
	}
}

func TestVariableThatNamesAnotherCloudInexactlyIsAFault(t *testing.T) {
	t.Parallel()
	sdk := withoutCredentials().with(vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"})
	for name, test := range map[string]struct {
		vars  vars
		fault string
	}{
		"HW_CLOUD without a domain": {terraform.with(vars{"HW_CLOUD": "otc"}),
			"HW_CLOUD is not the domain of a cloud, such as myhuaweicloud.com: correct it" + giveEndpoints},
		"HW_CLOUD as a URL": {terraform.with(vars{"HW_CLOUD": "https://cloud.example"}),
			"HW_CLOUD is not the domain of a cloud, such as myhuaweicloud.com: correct it" + giveEndpoints},
		"another cloud's IAM": {terraform.with(vars{"HW_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3"}),
			"HW_AUTH_URL (https://iam.eu-de.otc.t-systems.com) is not the IAM of the cloud at myhuaweicloud.com: " +
				"correct it" + giveEndpoints},
		"another region's IAM": {telekom.with(vars{"OS_REGION_NAME": "eu-nl",
			"OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3"}),
			"OS_AUTH_URL (https://iam.eu-de.otc.t-systems.com) is not the IAM of the cloud at otc.t-systems.com: " +
				"correct it" + giveEndpoints},
		"an OpenStack": {telekom.with(vars{"OS_REGION_NAME": "eu-de", "OS_AUTH_URL": "https://keystone.example:5000/v3"}),
			"OS_AUTH_URL (https://keystone.example:5000) is not the IAM of the cloud at otc.t-systems.com: " +
				"correct it" + giveEndpoints},
		"no URL": {telekom.with(vars{"OS_REGION_NAME": "eu-de", "OS_AUTH_URL": "iam"}), "OS_AUTH_URL is not a URL: " +
			"use a URL such as https://iam.eu-de.otc.t-systems.com/v3" + giveEndpoints},
		"a password in the URL": {telekom.with(vars{"OS_REGION_NAME": "eu-de",
			"OS_AUTH_URL": "https://u:hunter2@iam.eu-de.otc.t-systems.com/v3"}), "OS_AUTH_URL contains a user name: " +
			"use a URL such as https://iam.eu-de.otc.t-systems.com/v3" + giveEndpoints},
		"clouds.yaml": {telekom.with(vars{"OS_REGION_NAME": "eu-de", "OS_CLOUD": "otc"}), "OS_CLOUD names endpoints of " +
			"Open Telekom Cloud's tools, which dmswait does not read: unset it" + giveEndpoints},
		"the SDK's endpoint": {sdk.with(vars{"DMSWAIT_PROJECT_ID": "",
			"HUAWEICLOUD_SDK_REGION_KAFKA_CN_NORTH_4": "https://kafka.example.com"}),
			"HUAWEICLOUD_SDK_REGION_KAFKA_CN_NORTH_4 names endpoints of the official SDK, which dmswait does not read: " +
				"unset it" + giveEndpoints},
	} {
		_, faults := parse(test.vars)
		assert.Equal(t, []string{test.fault}, faults, name)
		_, faults = parse(test.vars.with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com",
			"DMSWAIT_IAM_ENDPOINT": "https://iam.example.com"}))
		assert.Empty(t, faults, "%s, with both endpoints", name)
		_, faults = parse(test.vars.with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com", "DMSWAIT_PROJECT_ID": "p1"}))
		assert.Empty(t, faults, "%s, where IAM is not asked", name)
	}
	_, faults := parse(sdk.with(vars{"HUAWEICLOUD_SDK_REGION_KAFKA_CN_NORTH_1": "https://kafka.example.com"}))
	assert.Empty(t, faults, "another region's")
}

func TestKeylessByTrustAgencyIsRefusedInOpenTelekomCloud(t *testing.T) {
	t.Parallel()
	keyless := bareTask.with(loginInputs[byAgency])
	const want = "provider_urn cannot be used in Open Telekom Cloud, which has no STS v5: " +
		"use idp_id, an access key, or another login method"
	_, faults := parse(keyless.with(vars{"DMSWAIT_REGION": "eu-nl"}))
	assert.Equal(t, []string{want}, faults)
	_, faults = parse(keyless.with(vars{"DMSWAIT_REGION": "eu-ch2", "DMSWAIT_PROJECT_ID": "p1",
		"DMSWAIT_ENDPOINT": "https://dms.eu-ch2.sc.otc.t-systems.com"}))
	assert.Equal(t, []string{want}, faults)
	_, faults = parse(keyless.with(vars{"DMSWAIT_REGION": "eu-de", "DMSWAIT_STS_ENDPOINT": "https://sts.example.com"}))
	assert.Empty(t, faults, "a user who knows better")
	_, faults = parse(bareTask.with(loginInputs[byIdentityProvider]).with(vars{"DMSWAIT_REGION": "eu-de"}))
	assert.Empty(t, faults)
}
