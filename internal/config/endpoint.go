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
// of its own, but all are served by the global one.
func (c *Config) IAMEndpoints() []string {
	switch {
	case c.IAMEndpoint != "":
		return []string{c.IAMEndpoint}
	case c.Region == "":
		return nil
	}
	return []string{regional("iam", c.Region), "https://iam." + domain(c.Region)}
}

// STS returns the base URL of STS, or "" where neither sts_endpoint nor a region is given.
func (c *Config) STS() string {
	if c.STSEndpoint == "" && c.Region != "" {
		return regional("sts", c.Region)
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

func regional(service, region string) string {
	return "https://" + service + "." + region + "." + domain(region)
}

// domains are Huawei Cloud's own, each with the prefix of the regions whose endpoints are there. The first
// that fits a region is its domain.
var domains = []struct{ name, regions string }{
	{"myhuaweicloud.eu", "eu-west-1"}, // the European site: eu-west-1xx, without eu-west-0
	{"myhuaweicloud.com", ""},         // every other region
	{"huaweicloud.com", ""},           // no region
}

// domain returns the domain of a region's endpoints.
func domain(region string) string {
	for _, d := range domains {
		if strings.HasPrefix(region, d.regions) {
			return d.name
		}
	}
	panic("no domain for every region")
}

// IsHuawei reports whether a base URL is on one of Huawei Cloud's own domains.
func IsHuawei(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, d := range domains {
		if strings.HasSuffix(host, "."+d.name) {
			return true
		}
	}
	return false
}

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
			return valueError{shown, fmt.Sprintf("%v: use a base URL such as %s", err, regional(service, "cn-north-4"))}
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
