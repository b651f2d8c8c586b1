package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// shortestPause keeps a typing error (interval: 1ns) from becoming a flood. It is also what the schedule's factor needs to make a difference.
const shortestPause = time.Millisecond

// Sets of characters, rather than regular expressions: compiling four of these took a tenth of a run's time.
const (
	digits  = "0123456789"
	small   = "abcdefghijklmnopqrstuvwxyz"
	letters = small + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// isOf tells whether a text is made of the characters of a set, and of one at least.
func isOf(set, text string) bool { return text != "" && strings.Trim(text, set) == "" }

type target func(*Config) *string

func id(field target) func(*Config, string) error {
	return func(c *Config, value string) error {
		if len(value) > 64 || !isOf(letters+digits+"-_", value) {
			return fmt.Errorf("%s is not an id: 1 to 64 letters, digits, \"-\" or \"_\"", quote(value))
		}
		*field(c) = value
		return nil
	}
}

func name(field target) func(*Config, string) error {
	return func(c *Config, value string) error {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("%s holds a control character: give the name alone, in one line", quote(value))
		}
		*field(c) = value
		return nil
	}
}

// plain takes a value that goes into a header, and never shows it.
func plain(field target) func(*Config, string) error {
	return func(c *Config, value string) error {
		for _, r := range value {
			if r <= ' ' || r > '~' {
				return errors.New("holds a blank, a line break or another character that no key, token or URN has: give the value alone, without quotes or line breaks")
			}
		}
		*field(c) = value
		return nil
	}
}

// private takes a value that may hold blanks, and never shows it.
func private(field target) func(*Config, string) error {
	return func(c *Config, value string) error {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return errors.New("holds a line break or another control character")
		}
		*field(c) = value
		return nil
	}
}

func choice(field target, values ...string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if !slices.Contains(values, value) {
			return fmt.Errorf("%s is none of %s", quote(value), strings.Join(values, ", "))
		}
		*field(c) = value
		return nil
	}
}

func region(c *Config, value string) error {
	// The name becomes part of host names.
	if len(value) > 63 || !isOf(small+digits+"-", value) || value[0] == '-' || value[len(value)-1] == '-' {
		return fmt.Errorf("%s is not a region: give its name as in cn-north-4", quote(value))
	}
	c.Region = value
	return nil
}

// endpoint takes a base URL: https alone, since the request carries credentials; a loopback host may speak http.
func endpoint(field target) func(*Config, string) error {
	return func(c *Config, value string) error {
		base, err := baseURL(value)
		if err != nil {
			shown := quote(value)
			if strings.ContainsAny(value, "@?#") { // behind these, people have passwords and tokens
				shown = "the value"
			}
			return fmt.Errorf("%s %w: give a base URL as in https://dms.cn-north-4.myhuaweicloud.com", shown, err)
		}
		*field(c) = base
		return nil
	}
}

func baseURL(value string) (string, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "", errors.New("is not a URL")
	case u.User != nil:
		return "", errors.New("holds a user")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("has more than a host")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return "", errors.New("is not https")
	}
	if !isPort(u.Port()) {
		return "", errors.New("has no valid port")
	}
	// A label of a name is not empty, but behind its end.
	if net.ParseIP(strings.Trim(u.Hostname(), "[]")) == nil && (strings.ContainsFunc(u.Hostname(), notInHostName) || strings.Contains("."+u.Hostname(), "..")) {
		return "", errors.New("has no valid host name")
	}
	return u.Scheme + "://" + strings.ToLower(strings.TrimSuffix(u.Host, ":")), nil
}

// isPort tells whether a URL's port can be one; an empty one is the scheme's.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func notInHostName(r rune) bool {
	return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._", r))
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() && ip.Zone() == "" // with a zone, net/http would ask a proxy for it
}

func succeedOn(c *Config, value string) error {
	results := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, result := range results {
		if !slices.Contains(tolerable, result) {
			return fmt.Errorf("%s is none of %s", quote(result), strings.Join(tolerable, ", "))
		}
	}
	c.SucceedOn = results
	return nil
}

// longestAgo is far longer than tasks are kept. Seconds since 1970 are longer.
const longestAgo = 10 * 365 * 24 * time.Hour

// since takes an instant or a duration back.
func since(c *Config, value string) error {
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(value)); err == nil {
		if at.IsZero() { // what templates make of a time that is not set
			return fmt.Errorf("%s is no time at which a task can have been started", quote(value))
		}
		c.Since = Since{At: at}
		return nil
	}
	ago, err := parseDuration(value)
	if err != nil {
		return fmt.Errorf("%s is neither a time (2026-01-02T03:04:05Z) nor a duration (5m)", quote(value))
	}
	if ago > longestAgo {
		return fmt.Errorf("%s is more than ten years back: write a time as RFC 3339 has it (2026-01-02T03:04:05Z)", quote(value))
	}
	c.Since = Since{Ago: ago}
	return nil
}

// optional is a duration that may not have been given.
type optional struct {
	time.Duration
	given bool
}

func (o optional) or(fallback time.Duration) time.Duration {
	if o.given {
		return o.Duration
	}
	return fallback
}

type rule int

const (
	mayBeZero rule = iota
	aPause         // at least shortestPause
)

func duration(field func(*Config) *optional, rule rule) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		if rule == aPause && d < shortestPause {
			return fmt.Errorf("%s is too short: the least is %v", quote(value), shortestPause)
		}
		*field(c) = optional{d, true}
		return nil
	}
}

// parseDuration reads a Go duration, or whole seconds.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	seconds, notNumber := strconv.ParseInt(value, 10, 64)
	if notNumber == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	isNumber := notNumber == nil || errors.Is(notNumber, strconv.ErrRange)
	switch {
	case err != nil && !isNumber:
		return 0, fmt.Errorf("%s is not a duration: give whole seconds (90), or a number with a unit as in 90s, 5m, 1h30m", quote(value))
	case strings.HasPrefix(value, "-"):
		return 0, fmt.Errorf("%s is negative", quote(value))
	case err != nil || seconds > math.MaxInt64/int64(time.Second):
		return 0, fmt.Errorf("%s is too long", quote(value))
	}
	return d, nil
}

// quote shows a value that a user gave, in one short line.
func quote(value string) string {
	const longest = 80
	if len(value) > longest {
		value = strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return strconv.Quote(value)
}

// boolean reads a truth value as YAML writes it.
func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		switch strings.ToLower(value) {
		case "true", "yes", "on":
			*field(c) = true
		case "false", "no", "off":
			*field(c) = false
		default:
			return fmt.Errorf("%s is neither true nor false", quote(value))
		}
		return nil
	}
}

// prefix takes the beginning of variables' names. They must not become inputs of a later job, to which GitLab hands dotenv variables.
func prefix(c *Config, value string) error {
	if !isOf(letters+digits+"_", value) || isOf(digits, value[:1]) {
		return fmt.Errorf("%s is not the beginning of a variable's name: letters, digits and \"_\"", quote(value))
	}
	for _, reserved := range []string{"DMSWAIT_", "INPUT_", "PLUGIN_"} {
		if strings.HasPrefix(strings.ToUpper(value), reserved) {
			return fmt.Errorf("%s is for inputs: take another one", quote(value))
		}
	}
	c.OutputPrefix = value
	return nil
}
