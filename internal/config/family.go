package config

import (
	"fmt"
	"strings"
)

// family is the variables by which one of the cloud's own tools is told how to log in. They are used as a whole or not at all.
type family struct {
	tool                                        string
	accessKey, secretKey, securityToken         string
	idpID, idTokenFile                          string
	projectID, projectName, region, iamEndpoint string
	refused                                     []string // what that tool would log in with further, and we can't
}

// families are in the order in which they count.
var families = []family{
	{
		tool:      "the official SDK",
		accessKey: "HUAWEICLOUD_SDK_AK", secretKey: "HUAWEICLOUD_SDK_SK", securityToken: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
		idpID: "HUAWEICLOUD_SDK_IDP_ID", idTokenFile: "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
		projectID: "HUAWEICLOUD_SDK_PROJECT_ID", iamEndpoint: "HUAWEICLOUD_SDK_IAM_ENDPOINT",
	},
	{
		tool:      "Terraform",
		accessKey: "HW_ACCESS_KEY", secretKey: "HW_SECRET_KEY", securityToken: "HW_SECURITY_TOKEN",
		projectID: "HW_PROJECT_ID", projectName: "HW_PROJECT_NAME", region: "HW_REGION_NAME",
		refused: []string{"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DURATION"},
	},
	{
		tool:      "Huawei Cloud's GitHub login action",
		accessKey: "HUAWEI_CLOUD_ACCESS_KEY_ID", secretKey: "HUAWEI_CLOUD_SECRET_ACCESS_KEY",
		projectID: "HUAWEI_CLOUD_PROJECT_ID", region: "HUAWEI_CLOUD_REGION",
	},
}

func (f family) isThere(getenv func(string) string) bool {
	for _, name := range []string{f.accessKey, f.secretKey, f.idpID, f.idTokenFile} {
		if name != "" && strings.TrimSpace(getenv(name)) != "" {
			return true
		}
	}
	return false
}

// use logs in as the family says.
func (f family) use(c *Config, getenv func(string) string) []Fault {
	get := func(name string) string {
		if name == "" {
			return ""
		}
		return strings.TrimSpace(getenv(name))
	}
	return c.adopt(borrowed{
		from:      func(field string) string { return f.variable(field) },
		accessKey: get(f.accessKey), secretKey: get(f.secretKey), securityToken: get(f.securityToken),
		idpID: get(f.idpID), idTokenFile: get(f.idTokenFile),
		projectID: get(f.projectID), projectName: get(f.projectName), region: get(f.region), iamEndpoint: get(f.iamEndpoint),
	}, f.refusals(getenv))
}

func (f family) variable(field string) string {
	return map[string]string{
		"ak": f.accessKey, "sk": f.secretKey, "security_token": f.securityToken, "idp_id": f.idpID, "id_token_file": f.idTokenFile,
		"project_id": f.projectID, "project_name": f.projectName, "region": f.region, "iam_endpoint": f.iamEndpoint,
	}[field]
}

// refusals are faults about variables that would make that tool somebody else than we would be.
func (f family) refusals(getenv func(string) string) []Fault {
	var faults []Fault
	for _, name := range f.refused {
		if strings.TrimSpace(getenv(name)) != "" {
			faults = append(faults, Fault{name, fmt.Sprintf("%s would assume that role, dmswait can't: unset it, or give access_key and secret_key as inputs", f.tool)})
		}
	}
	return faults
}

// borrowed are credentials in the form of another tool: a family of variables, or the profile.
type borrowed struct {
	from                                        func(field string) string // what a field is called there; fields by their name in the profile
	accessKey, secretKey, securityToken         string
	idpID, idTokenFile                          string
	projectID, projectName, region, iamEndpoint string
}

// adopt logs in with borrowed credentials; of two whole pairs the identity provider's, as the official SDK does.
// Project, region and IAM's endpoint come with them, where no input gives them.
func (c *Config) adopt(b borrowed, faults []Fault) []Fault {
	for _, secret := range []string{b.secretKey, b.securityToken} {
		if secret != "" {
			c.secrets = append(c.secrets, secret)
		}
	}
	take := func(input, field, value string) {
		if value == "" || c.has(input) {
			return
		}
		from := b.from(field)
		c.given[input] = from
		if err := inputNamed(input).set(c, value); err != nil {
			faults = append(faults, Fault{from, err.Error()})
		}
	}
	if half := b.half(); len(half) > 0 {
		return append(faults, half...)
	}
	switch {
	case b.idpID != "":
		c.Login.Way, c.Login.From = ByIdentityProvider, b.from("idp_id")
		take("idp_id", "idp_id", b.idpID)
		faults = append(faults, c.useIDTokenFile(b.from("id_token_file"), b.idTokenFile)...)
	default:
		c.Login.Way, c.Login.From = ByKeys, b.from("ak")
		take("access_key", "ak", b.accessKey)
		take("secret_key", "sk", b.secretKey)
		take("security_token", "security_token", b.securityToken)
	}
	switch {
	case c.has("project_id") || c.has("project_name"):
	case b.projectID != "":
		take("project_id", "project_id", b.projectID)
	default:
		take("project_name", "project_name", b.projectName)
	}
	take("region", "region", b.region)
	take("iam_endpoint", "iam_endpoint", b.iamEndpoint)
	return faults
}

// half names the missing halves.
func (b borrowed) half() []Fault {
	var faults []Fault
	for _, pair := range [][4]string{{"ak", b.accessKey, "sk", b.secretKey}, {"idp_id", b.idpID, "id_token_file", b.idTokenFile}} {
		switch {
		case pair[1] != "" && pair[3] == "":
			faults = append(faults, Fault{b.from(pair[2]), "is missing: it goes with " + b.from(pair[0])})
		case pair[1] == "" && pair[3] != "":
			faults = append(faults, Fault{b.from(pair[0]), "is missing: it goes with " + b.from(pair[2])})
		}
	}
	return faults
}
