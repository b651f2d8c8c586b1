// Package config knows all inputs, in one table, and makes plain checked values of what flags and environment say.
// It sends nothing and prints nothing: what is wrong comes back as faults, all of them together.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Config is what a run was told, with defaults in place. It is valid only when Parse found no faults.
type Config struct {
	Help, Version bool // asked for; nothing else counts then

	InstanceID, TaskID, TaskName string
	Since                        Since
	Region, ProjectID, Endpoint  string

	Timeout, Interval, MaxInterval           time.Duration
	NotFoundGrace, MaxOutage, RequestTimeout time.Duration

	AccessKey, SecretKey, SecurityToken, AuthToken string

	SucceedOn []string // names of results
	Format    string

	Actions      bool   // this is a step of a GitHub Actions job
	GitHubOutput string // the file that takes the step's outputs

	timeout, interval, maxInterval, grace, maxOutage, requestTimeout optional
	given                                                            map[string]string // where each input that has a value, right or wrong, is from
	secrets                                                          []string
}

// Since is the earliest time of creation of a task that is looked for by name: an instant, or a duration back from the server's clock.
type Since struct {
	At  time.Time
	Ago time.Duration
}

// Secrets are the values that must not be shown to anybody, those that Parse found fault with among them.
func (c *Config) Secrets() []string { return c.secrets }

// Source tells where an input is from: its flag, or a variable of the environment. It is empty for one that was not given.
func (c *Config) Source(name string) string { return c.given[name] }

func (c *Config) has(name string) bool { return c.given[name] != "" }

// Fault is what is wrong with one input, and what would be right.
type Fault struct {
	Input   string // its name, or the flag or variable that is no input
	Problem string
}

func (f Fault) Error() string { return f.Input + ": " + f.Problem }

// Parse reads flags (args, without the program's name) and environment. It returns a Config as far as it could be read, and all that is wrong with it.
func Parse(args []string, getenv func(string) string) (*Config, []Fault) {
	c := &Config{
		Format:       "text",
		Actions:      getenv("GITHUB_ACTIONS") == "true",
		GitHubOutput: getenv("GITHUB_OUTPUT"),
		given:        map[string]string{},
	}
	flags, faults := c.parseFlags(args)
	if c.Help || c.Version {
		return c, nil
	}
	for _, in := range Inputs() {
		value, from, err := lookup(in, flags, getenv)
		if err == nil && value == "" {
			continue
		}
		c.given[in.Name] = from
		if in.Secret && value != "" {
			c.secrets = append(c.secrets, value)
		}
		if err == nil {
			err = in.set(c, value)
		}
		if err != nil {
			faults = append(faults, Fault{in.Name, fmt.Sprintf("%v (from %s)", err, from)})
		}
	}
	c.applyDefaults()
	faults = append(faults, c.checkTogether()...)
	return c, append(faults, checkSurroundings(c, getenv)...)
}

// parseFlags reads args, and finds what is no flag in them. The values of unknown flags are not shown: they may be secrets.
func (c *Config) parseFlags(args []string) (*pflag.FlagSet, []Fault) {
	flags := pflag.NewFlagSet("dmswait", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlagsHandling = pflag.PassUnknownFlagToArgs
	flags.BoolVarP(&c.Help, "help", "h", false, "")
	flags.BoolVar(&c.Version, "version", false, "")
	secrets := map[string]Input{}
	for _, in := range Inputs() {
		if in.Secret {
			secrets[in.Flag()] = in
			continue
		}
		flags.String(in.Flag(), "", "")
		if in.Switch {
			flags.Lookup(in.Flag()).NoOptDefVal = "true"
		}
	}
	var faults []Fault
	if err := flags.Parse(args); err != nil {
		faults = append(faults, flagFault(err))
	}
	unknown := false
	for _, arg := range flags.Args() {
		name, _, hasValue := strings.Cut(arg, "=")
		secret, isSecret := secrets[strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-")]
		switch {
		case isSecret && strings.HasPrefix(arg, "-"):
			faults = append(faults, Fault{secret.Name, fmt.Sprintf("has no flag, since command lines are public: set %s or %s_FILE", secret.Env(), secret.Env())})
		case strings.HasPrefix(arg, "-"):
			faults = append(faults, Fault{printable(name), "is not a flag; dmswait --help lists all"})
		case !unknown:
			faults = append(faults, Fault{"arguments", quote(arg) + " is not a flag; every input has one, see dmswait --help"})
		}
		// What follows an unknown flag was meant for it.
		unknown = strings.HasPrefix(arg, "-") && !hasValue
	}
	return flags, faults
}

func flagFault(err error) Fault {
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return Fault{strings.ReplaceAll(missing.GetSpecifiedName(), "-", "_"), "the flag needs a value"}
	}
	return Fault{"arguments", "a flag is --name=value or --name value"}
}

// printable shows the name of a flag that does not exist, unless it may be more than a name.
func printable(flag string) string {
	if len(flag) > 40 || strings.Trim(flag, "-abcdefghijklmnopqrstuvwxyz_") != "" {
		return "arguments: a flag of an odd name"
	}
	return flag
}

// lookup finds the value of an input and where it is from: its flag, the CI system's variable, its own variable or, for a secret, a file.
// An empty value counts as none on every level.
func lookup(in Input, flags *pflag.FlagSet, getenv func(string) string) (value, from string, err error) {
	if flag := flags.Lookup(in.Flag()); flag != nil && strings.TrimSpace(flag.Value.String()) != "" {
		return strings.TrimSpace(flag.Value.String()), "--" + in.Flag(), nil
	}
	for _, name := range variables(in, getenv) {
		if value := getenv(name); value != "" {
			value = trim(in, value)
			if in.Secret && name == in.Env() && getenv(name+"_FILE") != "" {
				return value, name, fmt.Errorf("is given twice: set %s or %s_FILE, not both", name, name)
			}
			if value != "" {
				return value, name, nil
			}
		}
	}
	if !in.Secret {
		return "", "", nil
	}
	name := in.Env() + "_FILE"
	path := getenv(name)
	if path == "" {
		return "", "", nil
	}
	value, err = readSecret(path)
	return value, name, err
}

// variables are the environment variables an input may come from, the first to count first.
func variables(in Input, getenv func(string) string) []string {
	var names []string
	if getenv("GITHUB_ACTIONS") == "true" {
		names = append(names, "INPUT_"+in.upper())
	}
	if getenv("CI") == "woodpecker" || getenv("DRONE") == "true" {
		names = append(names, "PLUGIN_"+in.upper())
	}
	return append(names, in.Env())
}

// trim takes off what a YAML block or a copied secret leaves at its end; nothing else of a secret, since a password may hold blanks.
func trim(in Input, value string) string {
	if in.Secret {
		return cutNewline(value)
	}
	return strings.TrimSpace(value)
}

func cutNewline(value string) string {
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
}

func readSecret(path string) (string, error) {
	const longest = 1 << 20
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("can't be read: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a file", quote(path))
	case info.Size() > longest:
		return "", fmt.Errorf("%s is longer than any secret", quote(path))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("can't be read: %w", err)
	}
	secret := cutNewline(string(content))
	if secret == "" {
		return "", fmt.Errorf("%s is empty", quote(path))
	}
	return secret, nil
}

func (c *Config) applyDefaults() {
	c.Timeout = c.timeout.or(time.Hour)
	c.Interval = c.interval.or(time.Second)
	c.MaxInterval = c.maxInterval.or(max(20*time.Second, c.Interval))
	c.NotFoundGrace = c.grace.or(30 * time.Second)
	c.MaxOutage = c.maxOutage.or(15 * time.Minute)
	c.RequestTimeout = c.requestTimeout.or(10 * time.Second)
	if c.Endpoint == "" && c.Region != "" {
		c.Endpoint = "https://dms." + c.Region + "." + domain(c.Region)
	}
}

// domain is where the endpoints of a region are. The European site's regions are eu-west-1xx; eu-west-0 is older, and not among them.
func domain(region string) string {
	if strings.HasPrefix(region, "eu-west-1") {
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}

// IsHuawei tells whether a base URL is on one of Huawei Cloud's own domains.
func IsHuawei(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	for _, domain := range []string{"myhuaweicloud.com", "myhuaweicloud.eu", "huaweicloud.com"} {
		if strings.HasSuffix(u.Hostname(), "."+domain) {
			return true
		}
	}
	return false
}
