package config

import (
	"errors"
	"strings"
)

// useCloud takes over which cloud a family's variables name, where that is exact. Otherwise they are at fault, unless
// inputs say whom to ask: the keys of one cloud must not be sent to another.
func (p *parser) useCloud(f family, cloud, authURL named) {
	c := p.config
	asksIAM := c.ProjectID == ""
	if c.has("endpoint") && (c.has("iam_endpoint") || !asksIAM) {
		return
	}
	give := "or set endpoint and iam_endpoint"
	for _, name := range append(f.elsewhere, p.sdkEndpoints(f)...) {
		if strings.TrimSpace(p.getenv(name)) != "" {
			p.fault(name, "names endpoints of %s, which dmswait does not read: unset it, %s", f.tool, give)
		}
	}
	if domain := strings.ToLower(cloud.value); domain != "" {
		if !isHostName(domain) || !strings.Contains(strings.Trim(domain, "."), ".") {
			p.fault(cloud.from, "is not the domain of a cloud, such as myhuaweicloud.com: correct it, %s", give)
			return
		}
		c.domain = domain
	}
	if authURL.value == "" || c.has("iam_endpoint") {
		return
	}
	base, err := iamURL(authURL.value)
	if err != nil { // the value is not shown: it may contain a password
		p.fault(authURL.from, "%v: use a URL such as https://iam.eu-de.otc.t-systems.com/v3, %s", err, give)
		return
	}
	if !c.has("endpoint") && !p.servesRegion(base, authURL) {
		p.fault(authURL.from, "(%s) is not the IAM of the cloud at %s: correct it, %s", base, c.domainName(), give)
		return
	}
	p.take("iam_endpoint", named{authURL.input, authURL.from, base})
}

// servesRegion reports whether a base URL is that of IAM in the cloud that DMS is requested from. It takes the region
// from there where none is given.
func (p *parser) servesRegion(base string, from named) bool {
	host, _ := strings.CutPrefix(base, "https://iam.")
	host = strings.TrimSuffix(host, ":443")
	label, parent, _ := strings.Cut(host, ".")
	c := p.config
	if !c.has("region") && parent != "" && (parent == domain(label) || parent == c.domain) {
		p.take("region", named{from.input, from.from, label})
	}
	return host == c.domainName() || host == c.Region+"."+c.domainName()
}

// iamURL returns the base URL of IAM, whose URL other tools want with its version.
func iamURL(value string) (string, error) {
	if strings.ContainsAny(value, "@?#") {
		return "", errors.New("contains a user name, a query or a fragment")
	}
	return baseURL(strings.TrimSuffix(strings.TrimRight(value, "/"), "/v3"))
}

// sdkEndpoints returns the variables from which the official SDK takes the endpoint of DMS in the region.
func (p *parser) sdkEndpoints(f family) []string {
	if f.accessKey != "HUAWEICLOUD_SDK_AK" {
		return nil
	}
	region := "_" + strings.ToUpper(strings.ReplaceAll(p.config.Region, "-", "_"))
	var names []string
	for _, service := range []string{"ROCKETMQ", "KAFKA", "RABBITMQ"} {
		names = append(names, "HUAWEICLOUD_SDK_REGION_"+service+region)
	}
	return names
}
