package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEndpointsOfIAMAndSTSFollowFromTheRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string][3]string{
		"cn-north-4": {"https://iam.cn-north-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com",
			"https://sts.cn-north-4.myhuaweicloud.com"},
		"eu-west-101": {"https://iam.eu-west-101.myhuaweicloud.eu", "https://iam.myhuaweicloud.eu",
			"https://sts.eu-west-101.myhuaweicloud.eu"},
		"eu-west-0": {"https://iam.eu-west-0.myhuaweicloud.com", "https://iam.myhuaweicloud.com",
			"https://sts.eu-west-0.myhuaweicloud.com"},
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_REGION": region}))
		assert.Empty(t, faults)
		assert.Equal(t, want[:2], c.IAMEndpoints(), "the region's own, then the global one")
		assert.Equal(t, want[2], c.STS())
	}
	c, faults := parse(complete().with(vars{"DMSWAIT_IAM_ENDPOINT": "https://iam.example.com",
		"DMSWAIT_STS_ENDPOINT": "https://sts.example.com"}))
	assert.Empty(t, faults)
	assert.Equal(t, []string{"https://iam.example.com"}, c.IAMEndpoints(),
		"no other besides the one that is given")
	assert.Equal(t, "https://sts.example.com", c.STS())

	c, faults = parse(complete().with(vars{"DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com"}))
	assert.Empty(t, faults)
	assert.Empty(t, c.IAMEndpoints())
	assert.Empty(t, c.STS())
}

func TestRegionIsRequiredOnlyWhereSomethingFollowsFromIt(t *testing.T) {
	t.Parallel()
	dms := vars{"DMSWAIT_ENDPOINT": "https://dms.example.com"}
	iam := vars{"DMSWAIT_IAM_ENDPOINT": "https://iam.example.com"}
	sts := vars{"DMSWAIT_STS_ENDPOINT": "https://sts.example.com"}
	id, name := vars{"DMSWAIT_PROJECT_ID": "p1"}, vars{"DMSWAIT_PROJECT_NAME": "cn-north-4_prod"}
	for title, test := range map[string]struct {
		method string
		given  []vars
		needs  string // what is required instead of a region; empty: nothing
	}{
		"keys, nothing given":                       {byKeys, nil, "endpoint"},
		"keys, all but the endpoint":                {byKeys, []vars{id, iam, sts}, "endpoint"},
		"keys, endpoint and project":                {byKeys, []vars{dms, id}, ""},
		"keys, endpoint":                            {byKeys, []vars{dms}, "project_id or project_name"},
		"keys, endpoint and IAM":                    {byKeys, []vars{dms, iam}, "project_id or project_name"},
		"keys, endpoint and project's name":         {byKeys, []vars{dms, name}, "iam_endpoint"},
		"keys, endpoint, project's name and IAM":    {byKeys, []vars{dms, name, iam}, ""},
		"token, endpoint and project":               {byToken, []vars{dms, id}, ""},
		"token, endpoint and project's name":        {byToken, []vars{dms, name}, "iam_endpoint"},
		"ECS, endpoint and project":                 {byECS, []vars{dms, id}, ""},
		"agency, endpoint and project":              {byAgency, []vars{dms, id}, "sts_endpoint"},
		"agency, endpoint, project and IAM":         {byAgency, []vars{dms, id, iam}, "sts_endpoint"},
		"agency, endpoint, project and STS":         {byAgency, []vars{dms, id, sts}, ""},
		"agency, endpoint, project's name, STS":     {byAgency, []vars{dms, name, sts}, "iam_endpoint"},
		"agency, all but the region":                {byAgency, []vars{dms, name, iam, sts}, ""},
		"identity provider, endpoint and project":   {byIdentityProvider, []vars{dms, id}, "iam_endpoint"},
		"identity provider, endpoint, project, IAM": {byIdentityProvider, []vars{dms, id, iam}, ""},
		"password, endpoint and project":            {byPassword, []vars{dms, id}, "iam_endpoint"},
		"password, endpoint, project and IAM":       {byPassword, []vars{dms, id, iam}, ""},
		"password, endpoint, project's name, IAM":   {byPassword, []vars{dms, name, iam}, ""},
		"password, endpoint and IAM":                {byPassword, []vars{dms, iam}, "project_id or project_name"},
	} {
		environment := vars{"DMSWAIT_INSTANCE_ID": "i1", "DMSWAIT_TASK_ID": "t1"}.with(loginInputs[test.method])
		for _, given := range test.given {
			environment = environment.with(given)
		}
		_, faults := parse(environment)
		if test.needs == "" {
			assert.Empty(t, faults, title)
		} else if assert.Len(t, faults, 1, title) {
			assert.True(t, strings.HasPrefix(faults[0], "region is required, "), faults[0])
			assert.Contains(t, faults[0], "unless "+test.needs+" is set", title)
		}
		_, faults = parse(environment.with(vars{"DMSWAIT_REGION": "cn-north-4"}))
		assert.Empty(t, faults, "%s, with a region", title)
	}
}

func TestInvalidProjectDoesNotRequireARegion(t *testing.T) {
	t.Parallel()
	_, faults := parse(complete().with(vars{"DMSWAIT_REGION": "", "DMSWAIT_ENDPOINT": "https://dms.example.com",
		"DMSWAIT_PROJECT_ID": "a/b"}))
	assert.Len(t, faults, 1)
	assert.Len(t, faultsOf(faults, "project_id"), 1)
}

func TestProjectIsLookedUpByTheRegionsNameByDefault(t *testing.T) {
	t.Parallel()
	c, faults := parse(complete().with(vars{"DMSWAIT_PROJECT_ID": ""}))
	assert.Empty(t, faults)
	assert.Equal(t, "cn-north-4", c.ProjectName)
	c, faults = parse(complete().with(vars{"DMSWAIT_PROJECT_ID": "", "DMSWAIT_PROJECT_NAME": "cn-north-4_prod"}))
	assert.Empty(t, faults)
	assert.Equal(t, "cn-north-4_prod", c.ProjectName)
	c, faults = parse(complete())
	assert.Empty(t, faults)
	assert.Empty(t, c.ProjectName, "nothing to look up")
}
