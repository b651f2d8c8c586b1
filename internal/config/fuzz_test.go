package config

import (
	"math"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var (
	wholeSeconds = regexp.MustCompile(`^\+?[0-9]+$`)
	goDuration   = regexp.MustCompile(`^\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`)
	goPart       = regexp.MustCompile(`([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)`)
)

// nanoseconds returns the duration that a text of the documented form stands for, or nil for any other text. It
// also returns how many parts it has: Go computes each fraction with a small error.
func nanoseconds(text string) (exact *big.Rat, parts int64) {
	units := map[string]time.Duration{"ns": 1, "us": time.Microsecond, "µs": time.Microsecond,
		"μs": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}
	switch {
	case wholeSeconds.MatchString(text):
		exact, _ = new(big.Rat).SetString(strings.TrimPrefix(text, "+"))
		return exact.Mul(exact, big.NewRat(int64(time.Second), 1)), 0
	case goDuration.MatchString(text):
		exact = new(big.Rat)
		for _, part := range goPart.FindAllStringSubmatch(text, -1) {
			n, _ := new(big.Rat).SetString("0" + strings.TrimSuffix(part[1], "."))
			exact.Add(exact, n.Mul(n, big.NewRat(int64(units[part[2]]), 1)))
			parts++
		}
		return exact, parts
	}
	return nil, 0
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{
		"", "0", "90", "+5", "-1", "-0", "90s", "1h30m", "1.5h", ".5s", "5.s", ".s", "1us", "1µs", "1μs", "007",
		"1e9", "5 m", "9223372036", "9223372037", "99999999999999999999",
		"2562047h47m16.854775807s", "2562047h47m16.854775808s", "-9223372036854775808ns",
		"0.000000000000000000000000000001h", "1m1m1m", "0x10", "1_000", "inf", "NaN", "٣s", "5m\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDuration(text)
		exact, parts := nanoseconds(text)
		if err != nil {
			require.Zero(t, d)
			limit := big.NewRat(math.MaxInt64-int64(time.Second), 1)
			require.True(t, exact == nil || exact.Cmp(limit) > 0, "%q is refused: %v", text, err)
			requireShort(t, err.Error())
			return
		}
		require.NotNil(t, exact, "%q became %v", text, d)
		require.GreaterOrEqual(t, d, time.Duration(0))
		lost := exact.Sub(exact, new(big.Rat).SetInt64(int64(d)))
		// Fractions are computed in floating point, with an error of up to a microsecond.
		require.True(t, lost.Abs(lost).Cmp(big.NewRat(1000*parts, 1)) <= 0, "%q became %v", text, d)
		again, err := parseDuration(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}

// requireShort requires that the text of a fault is one short line.
func requireShort(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl), "%q", text)
	require.Less(t, len(text), 1200, "%q", text)
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{
		"https://dms.cn-north-4.myhuaweicloud.com", "HTTPS://DMS.example.COM:443/", "http://127.0.0.1:8080",
		"http://[::1]", "http://localhost:", "http://LOCALHOST", "http://[::ffff:127.0.0.1%25lo]",
		"https://u:hunter2@x", "https://x/?token=hunter2", "https://x#hunter2", "https://x/v2", "https://x:0",
		"https://x:99999", "https://x y", "https://x%2fy", "https://[::1", "//x", "https:x", "https:///",
		"http://127.0.0.1.example.com", "http://2130706433", "http://0x7f.1", "https://例え.jp", "https://x\\@y",
		"https://x.", "https://-", "https://[fe80::1%25eth0]", "https://[v1.x]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c := &Config{}
		err := endpoint("dms", &c.Endpoint)(value)
		if err != nil {
			require.Empty(t, c.Endpoint)
			requireShort(t, err.Error())
			require.False(t, strings.ContainsAny(value, "@?#") && strings.Contains(err.Error(), value),
				"%v shows what may be a secret", err)
			return
		}
		u, err := url.Parse(c.Endpoint)
		require.NoError(t, err)
		require.Equal(t, url.URL{Scheme: u.Scheme, Host: u.Host}, *u, "it has a scheme and a host only")
		require.Equal(t, strings.ToLower(u.Host), u.Host)
		require.NotEmpty(t, u.Hostname())
		if u.Scheme != "https" {
			require.Equal(t, "http", u.Scheme)
			ip, err := netip.ParseAddr(u.Hostname())
			require.True(t, u.Hostname() == "localhost" || err == nil && ip.Unmap().IsLoopback(), u.Host)
		}
		given, err := url.Parse(value)
		require.NoError(t, err)
		require.Equal(t, strings.ToLower(given.Hostname()), u.Hostname())
		require.Equal(t, given.Port(), u.Port())
		onlyHost := given.User == nil && strings.Trim(given.Path, "/") == "" &&
			given.RawQuery == "" && given.Fragment == ""
		require.True(t, onlyHost, "%q would be cut to %q", value, c.Endpoint)

		req, err := http.NewRequest(http.MethodGet, c.Endpoint+"/v2/x?a=b", nil)
		require.NoError(t, err)
		require.Equal(t, u.Host, req.URL.Host)
		require.Equal(t, "/v2/x", req.URL.Path)
		again, err := baseURL(c.Endpoint)
		require.NoError(t, err)
		require.Equal(t, c.Endpoint, again)
		if IsKnown(c.Endpoint) {
			require.Regexp(t, `^https://[^/@?#]+\.(myhuaweicloud\.(com|eu)|huaweicloud\.com)(:[0-9]+)?$`,
				c.Endpoint)
		}
	})
}

// FuzzValues checks that setters accept the values that README documents, and no others.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		"", "i1", "a b", "06a13350-4305-4338-9f0e-6b322bb1413d", "..", "a\n",
		strings.Repeat("x", 65), "cn-north-4", "-cn", "true", "ON", "1", "timeout, running\tfailure", "success", ",",
		"2026-01-02T03:04:05Z", "2026-01-02t03:04:05.5+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"5m", "87600h", "87601h", "1767322800", "DMS_", "input_X", "_", "9A", "json", "\u2028",
	} {
		f.Add(seed)
	}
	matches := func(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }
	accepted := map[string]func(string) bool{
		"project_id": matches(`\A[A-Za-z0-9_-]{1,64}\z`),
		"region":     matches(`\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z`),
		"quiet":      matches(`(?i)\A(true|false|yes|no|on|off)\z`),
		"format":     matches(`\A(text|json|none)\z`),
		"succeed_on": matches(`\A(failure|cancelled|not_found|timeout|running|unavailable|,|[\pZ\t\n\v\f\r\x{85}])*\z`),
		"output_prefix": func(v string) bool {
			return matches(`\A[A-Za-z_][A-Za-z0-9_]*\z`)(v) && !matches(`(?i)\A(DMSWAIT|INPUT|PLUGIN)_`)(v)
		},
		"access_key": matches(`\A[!-~]*\z`),
		"password":   matches(`\A[^\x00-\x1f\x7f-\x{9f}]*\z`),
	}
	f.Fuzz(func(t *testing.T, value string) {
		for input, accepts := range accepted {
			c := &Config{Login: Login{Values: map[string]string{}}}
			err := (&parser{inputs: c.inputs()}).input(input).set(value)
			if err != nil {
				require.Equal(t, &Config{Login: Login{Values: map[string]string{}}}, c,
					"a refused value is not stored")
				requireShort(t, err.Error())
			}
			if input == "succeed_on" { // the names must be separated as well
				require.False(t, err == nil && !accepts(value), "%q", value)
				require.Subset(t, append(tolerable, ""), append(c.SucceedOn, ""))
				continue
			}
			require.Equal(t, accepts(value), err == nil, "%s %q: %v", input, value, err)
		}
		requireSince(t, value)
	})
}

func requireSince(t *testing.T, value string) {
	t.Helper()
	c := &Config{}
	if err := since(&c.Since)(value); err != nil {
		require.Zero(t, c.Since)
		requireShort(t, err.Error())
		return
	}
	if c.Since.At.IsZero() {
		exact, _ := nanoseconds(value)
		require.NotNil(t, exact, "%q", value)
		require.True(t, c.Since.Ago >= 0 && c.Since.Ago <= 10*365*24*time.Hour, "%v", c.Since.Ago)
		return
	}
	require.Zero(t, c.Since.Ago)
	again := &Config{}
	require.NoError(t, since(&again.Since)(c.Since.At.Format(time.RFC3339Nano)))
	require.True(t, again.Since.At.Equal(c.Since.At), "%v, %v", c.Since.At, again.Since.At)
}
