package config

import (
	"fmt"
	"strings"
)

// family is the variables from which one of the cloud's own tools reads its credentials. A family is used as a
// whole or not at all.
type family struct {
	tool      string
	variables [][2]string // an input that one stands for, or cloud or auth_url; and its name
	elsewhere []string    // name what we do not read, from where the tool takes its endpoints
	refused   []string    // would make the tool use credentials that we cannot
}

// families are in order of precedence.
var families = []family{
	{
		tool: "the official SDK",
		variables: [][2]string{
			{"access_key", "HUAWEICLOUD_SDK_AK"},
			{"secret_key", "HUAWEICLOUD_SDK_SK"},
			{"security_token", "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
			{"idp_id", "HUAWEICLOUD_SDK_IDP_ID"},
			{"id_token", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"},
			{"project_id", "HUAWEICLOUD_SDK_PROJECT_ID"},
			{"iam_endpoint", "HUAWEICLOUD_SDK_IAM_ENDPOINT"},
		},
		// Followed by the region's name.
		elsewhere: []string{
			"HUAWEICLOUD_SDK_REGION_ROCKETMQ_", "HUAWEICLOUD_SDK_REGION_KAFKA_", "HUAWEICLOUD_SDK_REGION_RABBITMQ_",
		},
	},
	{
		tool: "Terraform",
		variables: [][2]string{
			{"access_key", "HW_ACCESS_KEY"},
			{"secret_key", "HW_SECRET_KEY"},
			{"security_token", "HW_SECURITY_TOKEN"},
			{"project_id", "HW_PROJECT_ID"},
			{"project_name", "HW_PROJECT_NAME"},
			{"region", "HW_REGION_NAME"},
			{"cloud", "HW_CLOUD"},
			{"auth_url", "HW_AUTH_URL"},
		},
		refused: []string{
			"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID",
			"HW_ASSUME_ROLE_DURATION", "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN",
			"HW_ASSUME_ROLE_ID_TOKEN_FILE", "OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME",
		},
	},
	{
		tool: "Huawei Cloud's GitHub login action",
		variables: [][2]string{
			{"access_key", "HUAWEI_CLOUD_ACCESS_KEY_ID"},
			{"secret_key", "HUAWEI_CLOUD_SECRET_ACCESS_KEY"},
			{"project_id", "HUAWEI_CLOUD_PROJECT_ID"},
			{"region", "HUAWEI_CLOUD_REGION"},
		},
	},
	{
		tool: "Open Telekom Cloud's tools",
		variables: [][2]string{
			{"access_key", "OS_ACCESS_KEY"},
			{"secret_key", "OS_SECRET_KEY"},
			{"security_token", "OS_SECURITY_TOKEN"},
			{"project_id", "OS_PROJECT_ID"},
			{"project_name", "OS_PROJECT_NAME"},
			{"region", "OS_REGION_NAME"},
			{"auth_url", "OS_AUTH_URL"},
		},
		elsewhere: []string{"OS_CLOUD"},
		refused:   []string{"OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME"},
	},
}

// borrowed is another tool's credentials: a family of variables, or the profile.
type borrowed []named

// named is a value of another tool.
type named struct {
	of    string // the input that it stands for
	input string // the input to blame; for a variable, its own name
	from  string // what the value is called: HW_SECRET_KEY, "sk in ~/.huaweicloud/credentials"
	value string
}

// value returns what stands for an input. It is empty where nothing does.
func (b borrowed) value(of string) *named {
	for i := range b {
		if b[i].of == of {
			return &b[i]
		}
	}
	return new(named)
}

// read returns the values of the family's variables.
func (f *family) read(getenv func(string) string) borrowed {
	var b borrowed
	for _, variable := range f.variables {
		name := variable[1]
		b = append(b, named{variable[0], name, name, strings.TrimSpace(getenv(name))})
	}
	return b
}

// pairs are the inputs of which any selects another tool's credentials, and requires the other.
var pairs = [][2]string{{"access_key", "secret_key"}, {"idp_id", "id_token"}}

// present reports whether there are credentials, or a part of them.
func (b borrowed) present() bool {
	for _, pair := range pairs {
		if b.value(pair[0]).value != "" || b.value(pair[1]).value != "" {
			return true
		}
	}
	return false
}

// useFamily selects the login method of the family's variables.
func (p *parser) useFamily(f *family, b borrowed) {
	for _, name := range f.refused {
		if strings.TrimSpace(p.getenv(name)) != "" {
			p.fault(name, "makes %s assume a role, which dmswait cannot do: "+
				"unset it, or set access_key and secret_key", f.tool)
		}
	}
	p.borrow(b)
	p.useCloud(f, b)
}

// borrow selects the login method of another tool's credentials. If both pairs are complete, the identity
// provider's is used, as in the official SDK. Project, region and IAM's endpoint are taken over where no
// input gives them.
func (p *parser) borrow(b borrowed) {
	c := p.config
	for _, secret := range []string{"secret_key", "security_token"} {
		if value := b.value(secret).value; value != "" {
			c.secrets = append(c.secrets, value)
		}
	}
	if incomplete := p.checkPairs(b); incomplete {
		return
	}
	inputs := []string{"access_key", "secret_key", "security_token", "region", "iam_endpoint"}
	if b.value("idp_id").value != "" {
		inputs = []string{"idp_id", "region", "iam_endpoint"}
		p.useIDTokenFile(b.value("id_token"))
	}
	if !c.has("project_id") && !c.has("project_name") {
		project := "project_id"
		if b.value(project).value == "" {
			project = "project_name"
		}
		inputs = append(inputs, project)
	}
	for _, input := range inputs {
		p.take(input, b.value(input))
	}
	method := p.selectedMethods()[0]
	c.Login.Method, c.Login.From = method, c.Source(method.Inputs[0])
}

// take sets an input to another tool's value, unless the input was given.
func (p *parser) take(input string, from *named) {
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
	for _, pair := range pairs {
		for i := range pair {
			half, other := b.value(pair[i]), b.value(pair[1-i])
			if half.value == "" && other.value != "" {
				p.borrowedFault(half, "is required with %s", other.from)
				incomplete = true
			}
		}
	}
	return incomplete
}

// borrowedFault notes what is wrong with another tool's value. The problem continues a sentence that begins
// with what the value is called.
func (p *parser) borrowedFault(at *named, problem string, args ...any) {
	fault := Fault{Input: at.input, Text: at.from + " " + fmt.Sprintf(problem, args...)}
	if at.input == at.from { // a variable, not a key of a profile
		fault.Brief = brief(fault.Text)
	}
	p.faults = append(p.faults, fault)
}
