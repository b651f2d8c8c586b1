package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// IAMEndpoints returns the base URLs of IAM in the order in which to try them: not every region has an IAM host
// of its own, but all of Huawei Cloud's are served by the global one.
func (c *Config) IAMEndpoints() []string {
	switch {
	case c.IAMEndpoint != "":
		return []string{c.IAMEndpoint}
	case c.Region == "":
		return nil
	case c.inOTC():
		return []string{c.regional("iam")}
	}
	return []string{c.regional("iam"), "https://iam." + c.domainName()}
}

// STS returns the base URL of STS, or "" where neither sts_endpoint nor a region is given.
func (c *Config) STS() string {
	if c.STSEndpoint == "" && c.Region != "" {
		return c.regional("sts")
	}
	return c.STSEndpoint
}

// LoginEndpoints returns the base URLs, besides DMS's own, to which credentials are sent, or what is exchanged
// for them.
func (c *Config) LoginEndpoints() []string {
	var used []string
	if c.Login.Method.STS {
		used = append(used, c.STS())
	}
	if c.Login.Method.IAM || c.ProjectID == "" {
		used = append(used, c.IAMEndpoints()...)
	}
	return slices.Compact(used)
}

// regional returns the base URL of a service in the region, which must be known.
func (c *Config) regional(service string) string {
	return "https://" + service + "." + c.Region + "." + c.domainName()
}

// domainName returns the domain of the region's endpoints.
func (c *Config) domainName() string {
	if c.domain != "" {
		return c.domain
	}
	return domain(c.Region)
}

// inOTC reports whether the instance is in Open Telekom Cloud, which has no STS v5 and no global IAM.
func (c *Config) inOTC() bool {
	u, err := url.Parse(c.Endpoint)
	return c.Region != "" && c.domainName() == otc || err == nil && isIn(otc, u.Hostname())
}

// otc is the domain of Open Telekom Cloud.
const otc = "otc.t-systems.com"

// domains are those of the known clouds.
var domains = []string{"myhuaweicloud.com", "myhuaweicloud.eu", "huaweicloud.com", otc}

// domain returns the domain of a region's endpoints: a rule, not a list of regions.
func domain(region string) string {
	switch {
	case region == "eu-de", region == "eu-nl":
		return otc
	case strings.HasPrefix(region, "eu-west-1"): // the European site: eu-west-1xx, without eu-west-0
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}

// IsKnown reports whether a base URL is on a domain of Huawei Cloud or of Open Telekom Cloud.
func IsKnown(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(domains, func(domain string) bool { return isIn(domain, strings.ToLower(u.Hostname())) })
}

func isIn(domain, host string) bool { return strings.HasSuffix(host, "."+domain) }

func region(field *string) func(string) error {
	return func(value string) error {
		// The name becomes part of host names.
		isLabel := consistsOf(lowercase+digits+"-", value) && len(value) <= 63
		if !isLabel || strings.HasPrefix(value, "-") || strings.HasSuffix(value, "-") {
			return badValue(value, "is not a region: use a name such as cn-north-4")
		}
		*field = value
		return nil
	}
}

// endpoint accepts the base URL of a service. It must be https, because requests carry credentials; a loopback
// host may use http.
func endpoint(service string, field *string) func(string) error {
	return func(value string) error {
		base, err := baseURL(value)
		if err != nil {
			shown := quote(value)
			if strings.ContainsAny(value, "@?#") { // what follows these may be a password or a token
				shown = "(the value is not shown)"
			}
			return valueError{shown, fmt.Sprintf("%v: use a base URL such as https://%s.cn-north-4.myhuaweicloud.com", err, service)}
		}
		*field = base
		return nil
	}
}

func baseURL(value string) (string, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "", errors.New("is not a URL")
	case u.User != nil:
		return "", errors.New("contains a user name")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("contains a path, a query or a fragment")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return "", errors.New("is not https")
	case !isPort(u.Port()):
		return "", errors.New("has an invalid port")
	case !isIP(u.Hostname()) && !isHostName(u.Hostname()):
		return "", errors.New("has an invalid host name")
	}
	return u.Scheme + "://" + strings.ToLower(strings.TrimSuffix(u.Host, ":")), nil
}

// isPort reports whether text can be a URL's port; an empty one stands for the scheme's.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

func isIP(host string) bool { return net.ParseIP(strings.Trim(host, "[]")) != nil }

// isHostName reports whether text consists of what host names consist of. Only the last label may be empty.
func isHostName(text string) bool {
	invalid := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	}
	return !strings.ContainsFunc(text, invalid) && !strings.Contains("."+text, "..")
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() && ip.Zone() == "" // with a zone, net/http would use a proxy
}
