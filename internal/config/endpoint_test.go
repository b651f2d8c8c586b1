package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEndpointIsHTTPSWithoutPathQueryOrUser(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://dms.example.com":          "https://dms.example.com",
		"https://dms.example.com/":         "https://dms.example.com",
		"HTTPS://DMS.Example.COM":          "https://dms.example.com",
		"https://dms.example.com:8443/":    "https://dms.example.com:8443",
		"https://dms.example.com:":         "https://dms.example.com",
		"https://dms.example.com:1":        "https://dms.example.com:1",
		"https://dms.example.com:65535":    "https://dms.example.com:65535",
		"https://10.0.0.1":                 "https://10.0.0.1",
		"https://[2001:DB8::1]:8443":       "https://[2001:db8::1]:8443",
		"https://xn--bcher-kva.example":    "https://xn--bcher-kva.example",
		"https://under_score.example":      "https://under_score.example",
		"http://localhost":                 "http://localhost",
		"http://LOCALHOST:8080":            "http://localhost:8080",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080",
		"http://127.9.8.7":                 "http://127.9.8.7",
		"http://[::1]:8080":                "http://[::1]:8080",
		"https://127.0.0.1":                "https://127.0.0.1",
		"https://dms.example.com.":         "https://dms.example.com.",
		"https://.example.com":             "",
		"https://dms..example.com":         "",
		"https://.":                        "",
		"http://dms.example.com":           "",
		"http://localhost.example.com":     "",
		"http://127.0.0.1.example.com":     "",
		"http://128.0.0.1":                 "",
		"http://0.0.0.0":                   "",
		"http://[::2]":                     "",
		"http://2130706433":                "",
		"ftp://dms.example.com":            "",
		"dms.example.com":                  "",
		"dms.example.com:443":              "",
		"//dms.example.com":                "",
		"https:dms.example.com":            "",
		"https:/dms.example.com":           "",
		"https://":                         "",
		"https:///v2":                      "",
		"https://:443":                     "",
		"https://[::1":                     "",
		"https://[::1]x":                   "",
		"https://dms.example.com/v2":       "",
		"https://dms.example.com/v2/":      "",
		"https://dms.example.com/..":       "",
		"https://dms.example.com?":         "",
		"https://dms.example.com?a=b":      "",
		"https://dms.example.com#top":      "",
		"https://user@dms.example.com":     "",
		"https://user:pw@dms.example.com":  "",
		"https://@dms.example.com":         "",
		"https://dms.example.com:0":        "",
		"https://dms.example.com:65536":    "",
		"https://dms.example.com:-1":       "",
		"https://dms.example.com:https":    "",
		"https://bücher.example":           "",
		"https://b%C3%BCcher.example":      "",
		"https://dms .example.com":         "",
		"https://dms.example.com\r\nX: y":  "",
		"https://a.example,b.example":      "",
		"https://dms.cn-north-4.…":         "",
		"https://*.myhuaweicloud.com":      "",
		"https://dms.$REGION.example.com":  "",
		"https://dms.<region>.example.com": "",
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_ENDPOINT": value}))
		if want == "" {
			assert.Len(t, faults, 1, "%q", value)
			assert.Len(t, faultsOf(faults, "endpoint"), 1, "%q", value)
			continue
		}
		assert.Empty(t, faults, "%q", value)
		assert.Equal(t, want, c.Endpoint, "%q", value)
	}
}

func TestSecretPartOfAnEndpointIsNotShown(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"https://user:hunter2@dms.example.com", "user:hunter2@dms",
		"https://dms.example.com?token=hunter2", "https://a b:hunter2@c", "https://h#hunter2"} {
		_, faults := parse(complete().with(vars{"DMSWAIT_ENDPOINT": value}))
		assert.Len(t, faults, 1)
		assert.NotContains(t, faults[0], "hunter2")
	}
}

func TestEndpointFollowsFromTheRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"cn-north-4":  "https://dms.cn-north-4.myhuaweicloud.com",
		"eu-west-101": "https://dms.eu-west-101.myhuaweicloud.eu",
		"eu-west-100": "https://dms.eu-west-100.myhuaweicloud.eu",
		"eu-west-0":   "https://dms.eu-west-0.myhuaweicloud.com",
		"eu-west-2":   "https://dms.eu-west-2.myhuaweicloud.com",
		"eu-de":       "https://dms.eu-de.otc.t-systems.com",
		"eu-nl":       "https://dms.eu-nl.otc.t-systems.com",
		"eu-de-1":     "https://dms.eu-de-1.myhuaweicloud.com",
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_REGION": region}))
		assert.Empty(t, faults)
		assert.Equal(t, want, c.Endpoint)
		assert.True(t, IsKnown(c.Endpoint))
	}
	c, faults := parse(complete().with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com"}))
	assert.Empty(t, faults)
	assert.Equal(t, "https://dms.example.com", c.Endpoint, "an endpoint takes precedence over the region")
	c, faults = parse(complete().with(vars{"DMSWAIT_ENDPOINT": "https://dms.example.com", "DMSWAIT_REGION": ""}))
	assert.Empty(t, faults, "no region is required with an endpoint")
	assert.Empty(t, c.Region)
}

func TestRegionIsAValidPartOfAHostName(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"cn-north-4.evil.example", "cn-north-4/", "cn-north-4_prod", "CN-North-4",
		"-a", "a-", "a@b", "a#", "中国", strings.Repeat("a", 64)} {
		c, faults := parse(complete().with(vars{"DMSWAIT_REGION": region}))
		assert.Len(t, faultsOf(faults, "region"), 1, "%q", region)
		assert.Empty(t, c.Endpoint, "no endpoint follows from it")
	}
}

func TestIsKnownKnowsHuaweisDomains(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{
		"https://dms.cn-north-4.myhuaweicloud.com":      true,
		"https://dms.cn-north-4.myhuaweicloud.com:8443": true,
		"https://DMS.CN-NORTH-4.MYHUAWEICLOUD.COM":      true,
		"https://dms.eu-west-101.myhuaweicloud.eu":      true,
		"https://dms.huaweicloud.com":                   true,
		"https://evilmyhuaweicloud.com":                 false,
		"https://dms.eu-de.otc.t-systems.com":           true,
		"https://dms.eu-ch2.sc.otc.t-systems.com":       true,
		"https://dms.t-systems.com":                     false,
		"https://myhuaweicloud.com.evil.example":        false,
		"https://myhuaweicloud.com":                     false,
		"https://dms.example.com":                       false,
		"http://127.0.0.1:8080":                         false,
		"https://[::1":                                  false,
		"":                                              false,
	} {
		assert.Equal(t, want, IsKnown(endpoint), endpoint)
	}
}
