package config

import (
	"fmt"
	"strings"
)

// family is the variables from which one of the cloud's own tools reads its credentials. A family is used as a
// whole or not at all.
type family struct {
	tool                                        string
	accessKey, secretKey, securityToken         string
	idpID, idTokenFile                          string
	projectID, projectName, region, iamEndpoint string
	refused                                     []string // would make the tool use credentials that we cannot
}

// families are in order of precedence.
var families = []family{
	{
		tool:          "the official SDK",
		accessKey:     "HUAWEICLOUD_SDK_AK",
		secretKey:     "HUAWEICLOUD_SDK_SK",
		securityToken: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
		idpID:         "HUAWEICLOUD_SDK_IDP_ID",
		idTokenFile:   "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
		projectID:     "HUAWEICLOUD_SDK_PROJECT_ID",
		iamEndpoint:   "HUAWEICLOUD_SDK_IAM_ENDPOINT",
	},
	{
		tool:          "Terraform",
		accessKey:     "HW_ACCESS_KEY",
		secretKey:     "HW_SECRET_KEY",
		securityToken: "HW_SECURITY_TOKEN",
		projectID:     "HW_PROJECT_ID",
		projectName:   "HW_PROJECT_NAME",
		region:        "HW_REGION_NAME",
		refused: []string{
			"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME",
			"HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DURATION",
		},
	},
	{
		tool:      "Huawei Cloud's GitHub login action",
		accessKey: "HUAWEI_CLOUD_ACCESS_KEY_ID",
		secretKey: "HUAWEI_CLOUD_SECRET_ACCESS_KEY",
		projectID: "HUAWEI_CLOUD_PROJECT_ID",
		region:    "HUAWEI_CLOUD_REGION",
	},
}

// present reports whether any credential of the family is set.
func (f family) present(getenv func(string) string) bool {
	for _, name := range []string{f.accessKey, f.secretKey, f.idpID, f.idTokenFile} {
		if name != "" && strings.TrimSpace(getenv(name)) != "" {
			return true
		}
	}
	return false
}

// useFamily selects the login method of the family's variables.
func (p *parser) useFamily(f family) {
	value := func(name string) named {
		if name == "" {
			return named{}
		}
		return named{name, name, strings.TrimSpace(p.getenv(name))}
	}
	for _, name := range f.refused {
		if value(name).value != "" {
			p.fault(name, "makes %s assume a role, which dmswait cannot do: "+
				"unset it, or set access_key and secret_key", f.tool)
		}
	}
	p.borrow(borrowed{
		accessKey: value(f.accessKey), secretKey: value(f.secretKey), securityToken: value(f.securityToken),
		idpID: value(f.idpID), idTokenFile: value(f.idTokenFile),
		projectID: value(f.projectID), projectName: value(f.projectName),
		region: value(f.region), iamEndpoint: value(f.iamEndpoint),
	})
}

// named is a value of another tool.
type named struct {
	input string // the input to blame; for a variable, its own name
	from  string // what the value is called: HW_SECRET_KEY, "sk in credentials_file"
	value string
}

// borrowed is another tool's credentials: a family of variables, or the profile.
type borrowed struct {
	accessKey, secretKey, securityToken         named
	idpID, idTokenFile                          named
	projectID, projectName, region, iamEndpoint named
}

// borrow selects the login method of another tool's credentials. If both pairs are complete, the identity
// provider's is used, as in the official SDK. Project, region and IAM's endpoint are taken over where no
// input gives them.
func (p *parser) borrow(b borrowed) {
	c := p.config
	for _, secret := range []named{b.secretKey, b.securityToken} {
		if secret.value != "" {
			c.secrets = append(c.secrets, secret.value)
		}
	}
	if incomplete := p.checkPairs(b); incomplete {
		return
	}
	if b.idpID.value != "" {
		p.take("idp_id", b.idpID)
		p.useIDTokenFile(b.idTokenFile)
	} else {
		p.take("access_key", b.accessKey)
		p.take("secret_key", b.secretKey)
		p.take("security_token", b.securityToken)
	}
	method := p.selectedMethods()[0]
	c.Login.Method, c.Login.From = method, c.Source(method.Inputs[0])
	switch {
	case c.has("project_id") || c.has("project_name"):
	case b.projectID.value != "":
		p.take("project_id", b.projectID)
	default:
		p.take("project_name", b.projectName)
	}
	p.take("region", b.region)
	p.take("iam_endpoint", b.iamEndpoint)
}

// take sets an input to another tool's value, unless the input was given.
func (p *parser) take(input string, from named) {
	if from.value == "" || p.config.has(input) {
		return
	}
	p.config.given[input] = from.from
	if err := p.input(input).set(from.value); err != nil {
		p.faults = append(p.faults, Fault{from.input, from.from + " " + err.Error(), briefError(from.from, err)})
	}
}

// checkPairs notes the pairs of which one half is missing, and reports whether there are any.
func (p *parser) checkPairs(b borrowed) (incomplete bool) {
	for _, pair := range [][2]named{{b.accessKey, b.secretKey}, {b.idpID, b.idTokenFile}} {
		for i, half := range pair {
			if other := pair[1-i]; half.value == "" && other.value != "" {
				p.borrowedFault(half, "is required with %s", other.from)
				incomplete = true
			}
		}
	}
	return incomplete
}

// borrowedFault notes what is wrong with another tool's value. The problem continues a sentence that begins
// with what the value is called.
func (p *parser) borrowedFault(at named, problem string, args ...any) {
	text := at.from + " " + fmt.Sprintf(problem, args...)
	p.faults = append(p.faults, Fault{at.input, text, brief(text)})
}
