package config

import (
	"net/url"
	"slices"
	"strings"
)

// checkWaiting checks that pauses and limits fit together.
func (p *parser) checkWaiting() {
	c := p.config
	isFaulty := func(input string) bool { return slices.Contains(p.faults.Inputs(), input) }
	if c.has("max_interval") && !isFaulty("max_interval") && c.MaxInterval < c.Interval {
		p.fail("max_interval", badValue(c.MaxInterval.String(), "is shorter than interval (%v)", c.Interval))
	}
	if c.has("settle") && !isFaulty("settle") && c.Timeout > 0 && c.Settle >= c.Timeout {
		p.fail("settle", badValue(c.Settle.String(), "is not shorter than timeout (%v): the wait could never succeed", c.Timeout))
	}
}

// checkCloud checks that every endpoint and the project are known.
func (p *parser) checkCloud() {
	c := p.config
	if method := c.Login.Method; method != nil && method.STS && !c.has("sts_endpoint") && c.inOTC() {
		p.fault(method.Inputs[0], "cannot be used in Open Telekom Cloud, which has no STS v5: "+
			"use idp_id, an access key, or another login method")
	}
	if unless := p.needsRegion(); unless != "" && !c.has("region") {
		p.fault("region", "is required, e.g. cn-north-4, unless %s (%s)", unless, p.howToSet("region"))
	}
}

// needsRegion returns what would have to be set instead of a region, or "" where no region is needed.
func (p *parser) needsRegion() string {
	c := p.config
	method := c.Login.Method
	usesIAM := method != nil && method.IAM || !c.has("project_id")
	switch {
	case !c.has("endpoint"):
		return "endpoint is set"
	case !c.has("project_id") && !c.has("project_name"):
		return "project_id or project_name is set"
	case usesIAM && !c.has("iam_endpoint"):
		return "iam_endpoint is set"
	case method != nil && method.STS && !c.has("sts_endpoint"):
		return "sts_endpoint is set"
	}
	return ""
}

// checkEnvironment checks what would otherwise fail late: that the proxy is a URL, that there are certificates, and
// that GitHub Actions has a file for the outputs.
func (p *parser) checkEnvironment() {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if value := p.getenv(name); value != "" && !isProxy(value) {
			// The value is not shown: it may contain a password.
			problem := "is not the URL of a proxy: use one such as http://proxy.example.com:3128"
			if strings.Contains(value, "@") {
				problem += "; in its user and password, write %40 for @, %3A for :, %2F for /, %23 for #, %25 for %, " +
					"%5C for a backslash"
			}
			p.fault(name, "%s", problem)
		}
	}
	p.checkCertificates()
	if !p.config.Actions.On {
		return
	}
	p.config.Actions.StepSummary = p.getenv("GITHUB_STEP_SUMMARY")
	p.config.Actions.Output = p.getenv("GITHUB_OUTPUT")
	if p.config.Actions.Output == "" {
		p.fault("GITHUB_OUTPUT", "is not set although GITHUB_ACTIONS is true: "+
			"a container that you start yourself needs the variable, and the file that it names")
	}
}

// isProxy reports whether net/http accepts the value: a URL, or a host with a port.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !isPort(u.Port()) {
		return false
	}
	if u.User == nil && strings.Contains(value, "@") { // a character of the login has ended the host
		return false
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return true
	}
	return false
}
