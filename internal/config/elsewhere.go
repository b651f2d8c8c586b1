package config

import "strings"

// useCloud takes over which cloud a family's variables name, where that is exact. Otherwise they are at fault, unless
// inputs say whom to ask: the keys of one cloud must not be sent to another.
func (p *parser) useCloud(f *family, b borrowed) {
	c := p.config
	asksIAM := c.ProjectID == ""
	if c.has("endpoint") && (c.has("iam_endpoint") || !asksIAM) {
		return
	}
	at, problem := p.otherCloud(f, b)
	if problem != "" {
		p.fault(at, "%s, or set endpoint and iam_endpoint", problem)
	}
}

// otherCloud takes over the family's cloud, or returns which variable does not name it exactly, and what to do.
func (p *parser) otherCloud(f *family, b borrowed) (name, problem string) {
	c := p.config
	for _, name := range f.elsewhere {
		if strings.HasSuffix(name, "_") {
			name += strings.ToUpper(strings.ReplaceAll(c.Region, "-", "_"))
		}
		if p.getenv(name) != "" {
			return name, "names endpoints of " + f.tool + ", which dmswait does not read: unset it"
		}
	}
	if cloud := b.value("cloud"); cloud.value != "" {
		domain := strings.ToLower(cloud.value)
		if !isHostName(domain) || !strings.Contains(strings.Trim(domain, "."), ".") {
			return cloud.from, "is not the domain of a cloud, such as myhuaweicloud.com: correct it"
		}
		c.domain = domain
	}
	authURL := b.value("auth_url")
	if authURL.value == "" || c.has("iam_endpoint") {
		return "", ""
	}
	// Other tools want the version of IAM's API in its URL. The value is not shown: it may contain a password.
	base, err := baseURL(strings.TrimSuffix(strings.TrimRight(authURL.value, "/"), "/v3"))
	switch {
	case err != nil:
		return authURL.from, err.Error() + ": use a URL such as https://iam.eu-de.otc.t-systems.com/v3"
	case !c.has("endpoint") && !p.servesRegion(base, authURL):
		return authURL.from, "(" + base + ") is not the IAM of the cloud at " + c.domainName() + ": correct it"
	}
	authURL.value = base
	p.take("iam_endpoint", authURL)
	return "", ""
}

// servesRegion reports whether a base URL is that of IAM in the cloud that DMS is requested from. It takes the region
// from there where none is given.
func (p *parser) servesRegion(base string, from *named) bool {
	c := p.config
	host := strings.TrimSuffix(strings.TrimPrefix(base, "https://iam."), ":443")
	label, parent, _ := strings.Cut(host, ".")
	if !c.has("region") && parent != "" && (parent == domain(label) || parent == c.domain) {
		p.take("region", &named{input: from.input, from: from.from, value: label})
	}
	return host == c.domainName() || host == c.Region+"."+c.domainName()
}
